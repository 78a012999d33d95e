"""Object referring (section 3.2, eq. 2): names to boxes to trajectories, behind two protocols.

`measured` needs no weights; the others load torch when they are opened, not when this is imported.
"""

from __future__ import annotations

from motionsight_core.referring._base import Detection, Detector, Tracker, Trajectory, View
from motionsight_core.referring._boxes import boxes_at
from motionsight_core.referring._measured import MeasuredDetector, MeasuredTracker
from motionsight_core.referring._opening import check_detector, check_tracker, open_detector, open_tracker
from motionsight_core.referring.masks import Mask
from motionsight_core.referring.refer import Referred, refer, to_object_tracks

__all__ = [
    "Detection",
    "Detector",
    "Mask",
    "MeasuredDetector",
    "MeasuredTracker",
    "Referred",
    "Tracker",
    "Trajectory",
    "View",
    "boxes_at",
    "check_detector",
    "check_tracker",
    "open_detector",
    "open_tracker",
    "refer",
    "to_object_tracks",
]
