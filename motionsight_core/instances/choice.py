"""Which tracks of a clip get a caption: not those that hold nothing apart or jump from thing to thing."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from motionsight_core.measure.track_path import EDGE, TrackPath
from motionsight_core.record import ObjectTrack
from motionsight_core.settings import InstanceSettings

#: Ends of tracks that differ by less are measured at the same time, seconds.
_SAME_S = 0.1


def chosen_tracks(tracks: Sequence[ObjectTrack], settings: InstanceSettings) -> list[ObjectTrack]:
    """The tracks that get a caption, `most` at most: the longest in time, of equally long ones the farthest.

    Args:
        tracks: of a clip, each with boxes.
        settings: the filters.
    """
    kept = [track for track in tracks if track.boxes and _holds_one_thing(track, settings)]
    return sorted(kept, key=_length_and_way, reverse=True)[: settings.most]


def _holds_one_thing(track: ObjectTrack, settings: InstanceSettings) -> bool:
    path = TrackPath.of(track)
    areas = (path.x1 - path.x0) * (path.y1 - path.y0)
    if np.median(areas) > settings.largest_area:
        return False
    # What the edge of the frame cuts off grows while it comes in.
    clear = (path.x0 > EDGE) & (path.x1 < 1 - EDGE) & (path.y0 > EDGE) & (path.y1 < 1 - EDGE)
    whole = areas[clear] if clear.any() else areas
    return bool(whole.max() <= settings.area_ratio * whole.min())


def _length_and_way(track: ObjectTrack) -> tuple[float, float]:
    path = TrackPath.of(track)
    way = np.hypot(np.diff(path.x), np.diff(path.y)).sum()
    return round((track.end_s - track.start_s) / _SAME_S), float(way)
