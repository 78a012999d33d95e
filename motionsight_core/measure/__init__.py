"""Camera motion, moving regions and clarity, measured from the luma of a clip with no weights.

    from motionsight_core import clips_of, decode

    motion = decode(clips_of("clips/dog.mp4")[0], products=["motion"]).motion
    print(motion.camera_moves, motion.steadiness, motion.cuts)

`MotionMeter` measures while a clip is decoded.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from motionsight_core.measure.types import CameraPath, MotionMeasurement

if TYPE_CHECKING:
    from motionsight_core.measure.meter import MotionMeter

__all__ = ["CameraPath", "MotionMeasurement", "MotionMeter"]


def __getattr__(name: str) -> Any:
    # The meter brings OpenCV and SciPy; who only reads a measurement does not wait for them.
    if name == "MotionMeter":
        from motionsight_core.measure.meter import MotionMeter

        return MotionMeter
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
