"""The two descriptions of a measured clip, in plain English, from numbers alone."""

from __future__ import annotations

from motionsight_core.measure.camera_description import describe_camera
from motionsight_core.measure.object_description import describe_objects

__all__ = ["describe_camera", "describe_objects"]
