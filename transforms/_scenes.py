"""DecodeScenes: objects to their scenes, decoded in the one pass that finds them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from typing import Any, NamedTuple

import apache_beam as beam
from apache_beam.pvalue import TaggedOutput

from motionsight_core.clip import DecodedClip
from motionsight_core.errors import ClipError
from motionsight_core.guarded.pool import shared_decoder
from motionsight_core.motionsight import MotionSight
from motionsight_core.record import Failure, FingerprintRecord, SplitRecord
from motionsight_core.settings import Settings
from transforms._counters import counter
from transforms._decode import with_fingerprint
from transforms._frames import sized
from transforms._plan import FAILURES, FINGERPRINTS, SKIPPED, SPLITS, AskedVideo, skipped_of
from transforms.progress import count_planned


class DecodedScenes(NamedTuple):
    """Outputs of DecodeScenes."""

    clips: beam.PCollection[DecodedClip]
    failures: beam.PCollection[Failure]
    skipped: beam.PCollection[int]
    """Per object, how many of its scenes are in the warehouse already."""
    splits: beam.PCollection[SplitRecord]
    """How many scenes an object has, where the pass came to its end."""
    fingerprints: beam.PCollection[FingerprintRecord]
    """Of the decoded scenes."""


class DecodeScenes(beam.PTransform):
    """PCollection[AskedVideo] -> decoded scenes that are not in the warehouse yet, and failures.

    Where a video cannot be decoded to its end, the scenes before are given, and the rest is one failure
    of the object (clip_id NULL, stage decode), since nobody knows its scenes. A rerun passes over the
    video again, gives only what has no row, and writes down the split once it comes to the end.
    """

    def __init__(self, settings: Settings, *, run_id: str) -> None:
        super().__init__()
        self._settings, self._run_id = settings, run_id

    def expand(self, pcoll: beam.PCollection[AskedVideo]) -> DecodedScenes:
        decode = sized(beam.ParDo(_DecodeInOnePass(self._settings, self._run_id)), DecodedClip)
        outputs: Any = pcoll | "DecodeInOnePass" >> decode.with_outputs(
            FAILURES, SKIPPED, SPLITS, FINGERPRINTS, main="clips"
        )
        return DecodedScenes(
            outputs["clips"], outputs[FAILURES], outputs[SKIPPED], outputs[SPLITS], outputs[FINGERPRINTS]
        )


class _DecodeInOnePass(beam.DoFn):
    def __init__(self, settings: Settings, run_id: str) -> None:
        self._settings, self._run_id = settings, run_id
        self._lost_frames = counter("lost_frames")

    def setup(self) -> None:
        self._sight = MotionSight(self._settings, run_id=self._run_id)

    def process(self, element: AskedVideo) -> Iterator[DecodedClip | TaggedOutput]:
        video, known = element
        if (left_out := skipped_of(known, self._settings)) is not None:
            count_planned(self._run_id, video, 0)
            yield TaggedOutput(SKIPPED, left_out)
            return
        done = frozenset[str]() if known is None else known.done
        scenes = skipped = 0
        end_s = 0.0
        recipe = self._settings.recipe()
        decoder = shared_decoder(self._settings)
        try:
            # Whoever stops in between ends the pass, and frees its decoding process.
            with closing(decoder.decode_scenes(video, products=self._sight.products)) as decoding:
                for decoded in decoding:
                    scenes, end_s = scenes + 1, decoded.clip.end_s
                    if decoded.clip.clip_id in done:
                        skipped += 1
                        continue
                    self._lost_frames.inc(decoded.lost_frames)
                    yield from with_fingerprint(decoded)
        except ClipError as error:
            rest = error.with_message(f"From {end_s:.3f} s on: {error}") if scenes else error
            failure = Failure.of_object(rest, video, stage="decode", recipe=recipe, run_id=self._run_id)
            yield TaggedOutput(FAILURES, failure)
        else:
            count_planned(self._run_id, video, scenes - skipped)
            yield TaggedOutput(SPLITS, SplitRecord(video.uri, video.version, recipe, scenes))
        if skipped:
            yield TaggedOutput(SKIPPED, skipped)
