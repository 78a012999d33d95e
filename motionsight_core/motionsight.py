"""MotionSight: what moves in a clip and how its camera moves.

The method of arXiv 2506.01674, section 3. This version describes from the measurement, with no
weights; the measured columns stand beside the text whoever writes it.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

from motionsight_core.catalog import Clip
from motionsight_core.decoding import DecodedClip, Product
from motionsight_core.errors import AnnotatorFailed, ClipError, UsageError
from motionsight_core.guard import shared_decoder
from motionsight_core.measure.narrate import describe_camera, describe_objects
from motionsight_core.record import Failure, MotionRecord
from motionsight_core.settings import Settings


class MotionSight:
    """Annotates clips as the settings say.

    Raises:
        UsageError: `settings.annotator` is not one that there is.
    """

    def __init__(self, settings: Settings | None = None, *, run_id: str | None = None) -> None:
        self.settings = settings or Settings()
        self.run_id = run_id or uuid.uuid4().hex
        self._recipe = self.settings.recipe()
        if self.settings.annotator != "measured":
            raise UsageError(
                f"There is no annotator {self.settings.annotator!r}; this version has `measured`."
            )

    @property
    def products(self) -> tuple[Product, ...]:
        """What the annotator needs of a decode: measuring takes no sampled pixels."""
        return ("motion",)

    def describe(self, clips: Sequence[Clip | DecodedClip]) -> list[MotionRecord | Failure]:
        """One record or failure per clip, in order; never raises for one clip.

        Clips are decoded first, in guarded processes side by side; a DecodedClip is taken as it is.
        """
        with ThreadPoolExecutor(self.settings.runtime.decode_processes) as threads:
            return [self._describe_one(decoded) for decoded in threads.map(self._decoded, clips)]

    def _decoded(self, clip: Clip | DecodedClip) -> DecodedClip | Failure:
        if isinstance(clip, DecodedClip):
            return clip
        try:
            return shared_decoder(self.settings).decode(clip, products=self.products)
        except ClipError as error:
            return self.failure(clip, "decode", error)

    def _describe_one(self, clip: DecodedClip | Failure) -> MotionRecord | Failure:
        if isinstance(clip, Failure):
            return clip
        try:
            return self._measured(clip)
        except Exception as error:
            # One clip's defect is one row's defect; the type and message are what is left of it.
            reason = AnnotatorFailed(f"{type(error).__name__}: {error}")
            return self.failure(clip.clip, "caption", reason)

    def _measured(self, decoded: DecodedClip) -> MotionRecord:
        """The record whose text is written from the measurement."""
        clip, motion = decoded.clip, decoded.motion
        if motion is None:
            raise ValueError("the clip was decoded without its measurement; ask for the product 'motion'")
        return MotionRecord(
            clip_id=clip.clip_id,
            recipe=self._recipe,
            uri=clip.uri,
            version=clip.version,
            start_s=clip.start_s,
            end_s=clip.end_s,
            width=decoded.width,
            height=decoded.height,
            fps=round(decoded.fps, 3),
            codec=decoded.codec,
            object_motion=describe_objects(motion, start_s=clip.start_s, end_s=clip.end_s),
            camera_motion=describe_camera(motion, start_s=clip.start_s, end_s=clip.end_s),
            object_names=(),
            camera_moves=motion.camera_moves,
            steadiness=motion.steadiness,
            cuts=motion.cuts,
            object_tracks=motion.tracks,
            motion_score=motion.motion_score,
            clarity=motion.clarity,
            annotator=self.settings.annotator,
            run_id=self.run_id,
            annotated_at=datetime.now(UTC),
        )

    def failure(self, clip: Clip, stage: str, error: ClipError) -> Failure:
        """The Failure row of a clip."""
        return Failure.of(
            error,
            stage=stage,
            uri=clip.uri,
            version=clip.version,
            clip_id=clip.clip_id,
            recipe=self._recipe,
            run_id=self.run_id,
        )
