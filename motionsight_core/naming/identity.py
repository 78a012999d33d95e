"""Tracks that changed from one thing to another where these met, set right by what the detector says."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from motionsight_core.naming.looks import Look, arrays_of, centre_of, looks_of
from motionsight_core.naming.types import FrameDetections
from motionsight_core.naming.vocabulary import contradicts, kind_of
from motionsight_core.naming.voting import fit_of
from motionsight_core.record import ObjectTrack

#: Fit of a detection to a track that says what the track is of there; see `fit_of`.
SAYING_FIT = 0.5
#: Looks that agree before and after a change.
AGREEING = 2
#: Two pieces of one thing lie no farther apart than this, seconds and frame sides ...
GAP_S, GAP = 1.0, 0.2
#: ... and overlap in time by no more than this, seconds.
OVERLAP_S = 0.5


@dataclass(frozen=True, slots=True)
class _Piece:
    """A part of a track that shows one thing."""

    track: ObjectTrack
    name: str
    """Of the thing; empty where the whole track is one piece."""


def set_right(tracks: Sequence[ObjectTrack], frames: Sequence[FrameDetections]) -> tuple[ObjectTrack, ...]:
    """The tracks, those that change from one name to another cut there, and joined to where each goes on.

    A track of which no piece goes on in another stays whole: it was the detector that changed its mind. Of
    one that is cut, a piece that goes on nowhere is a track of its own, with a new number.
    """
    free = max((track.track_id for track in tracks), default=0) + 1
    pieces: list[_Piece] = []
    parts_of: dict[int, set[int]] = {}
    """Numbers of the pieces of each track, by its own."""
    for track in tracks:
        parts = _pieces(track, looks_of(track, frames))
        for number, part in enumerate(parts):
            if number:
                part = replace(part, track=replace(part.track, track_id=free))
                free += 1
            pieces.append(part)
            parts_of.setdefault(track.track_id, set()).add(part.track.track_id)
    if len(pieces) == len(tracks):
        return tuple(tracks)
    whole: list[_Piece] = []
    joined: set[int] = set()
    """Numbers of the pieces that go on in another, or another in them."""
    for piece in sorted(pieces, key=lambda one: one.track.start_s):
        before = next((number for number, one in enumerate(whole) if _goes_on(one, piece)), None)
        if before is None:
            whole.append(piece)
        else:
            joined |= {whole[before].track.track_id, piece.track.track_id}
            whole[before] = _Piece(_chained(whole[before].track, piece.track), piece.name)
    untouched = [
        track
        for track in tracks
        if len(parts_of[track.track_id]) > 1 and not parts_of[track.track_id] & joined
    ]
    gone = {number for track in untouched for number in parts_of[track.track_id]}
    result = [*(one.track for one in whole if one.track.track_id not in gone), *untouched]
    return tuple(sorted(result, key=lambda track: -track.score))


def _pieces(track: ObjectTrack, looks: Sequence[Look]) -> list[_Piece]:
    said = [(look.t_s, name) for look in looks if (name := _name_in(look))]
    for change in range(AGREEING, len(said) - AGREEING + 1):
        before, after = said[change - 1][1], said[change][1]
        one_then_other = all(name in kind_of(before) for _, name in said[:change]) and all(
            name in kind_of(after) for _, name in said[change:]
        )
        if one_then_other and contradicts(after, before) and contradicts(before, after):
            at_s = _jump(track, said[change - 1][0], said[change][0])
            first = tuple(box for box in track.boxes if box.t_s < at_s)
            last = tuple(box for box in track.boxes if box.t_s >= at_s)
            if first and last:
                return [
                    _Piece(replace(track, end_s=first[-1].t_s, boxes=first), before),
                    _Piece(replace(track, start_s=last[0].t_s, boxes=last), after),
                ]
    return [_Piece(track, said[0][1] if said else "")]


def _name_in(look: Look) -> str:
    """What the detector calls the track in one look; nothing where that is not clear."""
    fits = sorted(((one.score * fit_of(one.box, look.box), one) for one in look.things), key=lambda x: -x[0])
    if not fits or fit_of(fits[0][1].box, look.box) < SAYING_FIT:
        return ""
    return fits[0][1].label


def _jump(track: ObjectTrack, start_s: float, end_s: float) -> float:
    """When, between two times, the box changes most from one moment to the next, seconds."""
    t_s, boxes = arrays_of(track)
    between = np.flatnonzero((t_s[1:] > start_s) & (t_s[1:] <= end_s))
    changes = np.abs(np.diff(boxes, axis=0)).sum(axis=1)
    return float(t_s[1:][between[int(np.argmax(changes[between]))]]) if len(between) else end_s


def _goes_on(one: _Piece, later: _Piece) -> bool:
    if not one.name or not later.name or later.name not in kind_of(one.name):
        return False
    gap_s = later.track.start_s - one.track.end_s
    if not -OVERLAP_S <= gap_s <= GAP_S:
        return False
    last, first = one.track.boxes[-1], later.track.boxes[0]
    far = centre_of((last.x0, last.y0, last.x1, last.y1)) - centre_of(
        (first.x0, first.y0, first.x1, first.y1)
    )
    return float(np.abs(far).max()) <= GAP


def _chained(one: ObjectTrack, later: ObjectTrack) -> ObjectTrack:
    boxes = (*(box for box in one.boxes if box.t_s < later.start_s), *later.boxes)
    return replace(one, score=max(one.score, later.score), end_s=later.end_s, boxes=boxes)
