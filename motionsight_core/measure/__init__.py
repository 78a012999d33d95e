"""Camera motion, moving regions and clarity, measured from the luma of a clip with no weights."""

from motionsight_core.measure.meter import MotionMeter
from motionsight_core.measure.types import CameraPath, MotionMeasurement

__all__ = ["CameraPath", "MotionMeasurement", "MotionMeter"]
