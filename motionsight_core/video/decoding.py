"""One pass over a clip: sampled frames, motion-blurred frames, and the motion measurement.

Nothing is kept of a frame but what was asked for, so memory does not grow with the video's length.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import replace
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from motionsight_core.catalog import Clip, VideoObject
from motionsight_core.clip import ALL_PRODUCTS, DecodedClip, DecodeNote, Product
from motionsight_core.errors import Corrupt
from motionsight_core.settings import Settings
from motionsight_core.video.attempts import (
    attempts,
    decoded_index,
    frames_of,
    lost_frames_of,
    opened_video,
    packet_index,
    shown_frames,
)
from motionsight_core.video.clip_frames import ClipFrames
from motionsight_core.video.container import open_video
from motionsight_core.video.frame_index import FrameIndex
from motionsight_core.video.frame_reader import (
    IncompleteDecode,
    Reading,
    frames_that_come,
    from_start,
    wanted_frames,
)
from motionsight_core.video.sampling import HALF_MS, times_shown
from motionsight_core.video.scene_frames import SceneFrames, VideoFacts

__all__ = ["decode", "decode_scenes", "probe"]

_NO_FRAME = "Not one frame of the clip can be decoded."


def probe(video: VideoObject, settings: Settings | None = None, *, file: BinaryIO | None = None) -> float:
    """Duration in seconds, from the first frame's start to the last one's end, without decoding.

    Args:
        file: a seekable handle on the object's bytes, read in place of its store.

    Raises:
        ClipError: the version is gone, or it is no readable video.
    """
    settings = settings or Settings()
    with opened_video(video, settings, file) as opened:
        return packet_index(video, opened, settings).duration_s


def decode(
    clip: Clip,
    settings: Settings | None = None,
    *,
    products: Collection[Product] = ALL_PRODUCTS,
    file: BinaryIO | None = None,
) -> DecodedClip:
    """Decode one clip in this process, once, for everything that is asked for.

    For bytes that are not trusted use `DecoderPool`, which runs this in a process with limits.

    Args:
        file: a seekable handle on the object's bytes, read in place of its store.

    Raises:
        ClipError: the version is gone, or the video cannot be decoded.
    """
    settings = settings or Settings()
    make = _decode_scene if settings.clips.scenes else _decode
    with opened_video(clip.object, settings, file) as opened:

        def attempt(clip: Clip, index: FrameIndex, reading: Reading) -> Iterator[DecodedClip]:
            yield make(opened, clip, index, settings, products, reading=reading)

        (decoded,) = attempts(opened, clip, settings, attempt)
        return decoded


def decode_scenes(
    video: VideoObject,
    settings: Settings,
    *,
    products: Collection[Product] = ALL_PRODUCTS,
    file: BinaryIO | None = None,
) -> Iterator[DecodedClip]:
    """The scenes of a video in this process, in order, each decoded as soon as its end is known.

    One pass looks for the cuts and makes everything that is asked for; `decode` of one of these clips
    alone gives the same bytes, as long as `settings.clips` say that clips are scenes.

    Args:
        file: a seekable handle on the object's bytes, read in place of its store.

    Raises:
        ClipError: as `decode`; after scenes that were given it speaks of what comes after them.
    """
    with opened_video(video, settings, file) as opened:
        index = packet_index(video, opened, settings)
        start_s = 0.0
        try:
            for decoded in _scenes(opened, video, index, settings, products, start_s=start_s):
                start_s = decoded.clip.end_s
                yield decoded
        except IncompleteDecode:
            # The packets' times are not the frames': count the frames that do come out.
            found = decoded_index(video, opened, settings, like=index)
            yield from _scenes(opened, video, found, settings, products, start_s=start_s)


def _with_notes(decoded: DecodedClip, index: FrameIndex) -> DecodedClip:
    """The clip with what was lost, mended or guessed of it."""
    clip = decoded.clip

    def is_inside(times_s: NDArray[np.float64]) -> bool:
        return bool(np.any((times_s >= clip.start_s - HALF_MS) & (times_s < clip.end_s - HALF_MS)))

    lost_frames = decoded.lost_frames + lost_frames_of(index, clip)
    holds: dict[DecodeNote, bool] = {
        "frames_lost": lost_frames > 0,
        "times_mended": is_inside(index.times_s[index.mended]),
        "joined_recordings": is_inside(index.times_s[index.joins]),
    }
    return replace(decoded, lost_frames=lost_frames, notes=tuple(note for note in holds if holds[note]))


def _decode(
    file: BinaryIO,
    clip: Clip,
    index: FrameIndex,
    settings: Settings,
    products: Collection[Product],
    *,
    reading: Reading = from_start,
) -> DecodedClip:
    frames = frames_of(clip, index)
    times_s = times_shown(index.times_s, int(frames[0]), clip.start_s)
    pass_ = ClipFrames(clip, times_s, frames, settings, products)
    with open_video(file, settings.limits) as (container, stream):
        codec = stream.codec_context.name
        for shown in shown_frames(
            wanted_frames(container, stream, index, pass_.wanted, reading=reading), stream, settings
        ):
            pass_.take(shown.number, shown.frame, shown.geometry)
    geometry = pass_.geometry
    if geometry is None:
        raise Corrupt(_NO_FRAME)
    decoded = DecodedClip(
        clip=clip,
        width=geometry.width,
        height=geometry.height,
        fps=index.fps,
        codec=codec,
        lost_frames=0,
        sampled=pass_.sampled(),
        blurred=pass_.blurred(),
        motion=pass_.motion(),
        fingerprint=pass_.fingerprint(),
    )
    return _with_notes(decoded, index)


def _decode_scene(
    file: BinaryIO,
    clip: Clip,
    index: FrameIndex,
    settings: Settings,
    products: Collection[Product],
    *,
    reading: Reading = from_start,
) -> DecodedClip:
    """One scene, as `decode_scenes` gave it."""
    frames = frames_of(clip, index)
    wanted = np.zeros(len(index.times_s), np.bool_)
    wanted[frames] = True
    scene: SceneFrames | None = None
    with open_video(file, settings.limits) as (container, stream):
        facts = VideoFacts.of(index.times_s, settings, fps=index.fps, codec=stream.codec_context.name)
        facts = facts.held(int(frames[0]), clip.start_s)
        found = frames_that_come(container, stream, index, wanted, reading=reading)
        for shown in shown_frames(found, stream, settings):
            scene = scene or SceneFrames(facts, shown.number, settings, products)
            scene.take(shown.number, shown.frame, shown.geometry)
    if scene is None:
        raise Corrupt(_NO_FRAME)
    return _with_notes(scene.finish(clip, frames=len(frames)), index)


def _scenes(
    file: BinaryIO,
    video: VideoObject,
    index: FrameIndex,
    settings: Settings,
    products: Collection[Product],
    *,
    start_s: float,
) -> Iterator[DecodedClip]:
    """The scenes from `start_s` on."""
    # Loads PySceneDetect, which nobody else needs.
    from motionsight_core.video.scene_pass import ScenePass

    end_s = round(index.duration_s, 3)
    wanted = index.times_s >= start_s - HALF_MS
    if not wanted.any():
        return
    with open_video(file, settings.limits) as (container, stream):
        facts = VideoFacts.of(index.times_s, settings, fps=index.fps, codec=stream.codec_context.name)
        scenes = ScenePass(video, facts, settings, products, start_s=start_s, end_s=end_s)
        found = frames_that_come(container, stream, index, wanted)
        for scene in scenes.scenes(shown_frames(found, stream, settings)):
            yield _with_notes(scene, index)
    if not scenes.found:
        raise Corrupt("Not one frame of the video can be decoded.")
