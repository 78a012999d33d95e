"""The part of a clip that a question is about: what the camera does first, after a pan, at the end."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from motionsight_core.choosing.camera import OVERLAP, REST_S, Camera, comes_after, is_as_claimed
from motionsight_core.choosing.camera_claims import camera_claim
from motionsight_core.choosing.phrases import phrases
from motionsight_core.errors import Undecided
from motionsight_core.record import CameraMove

_FIRST = phrases(
    r"first(?! half)", "initially", "at (?:the )?(?:start|beginning|first)", "begins? (?:with|by)"
)
_LAST = phrases(r"last(?! half)", "finally", "at the (?:very )?end", "in the end", "ends? (?:with|by)")
_HALF = re.compile(r"\b(first|second|last) half\b")
_BESIDE = re.compile(r"\b(after|before) (?:the camera |it )?(.+)")


def part_named(question: str, camera: Camera, *, rests: bool) -> Camera:
    """The camera in the half, at the beginning or at the end that a question in plain lower case names.

    Args:
        question: such as "what does the camera do first".
        camera: in the whole clip.
        rests: whether holding still, before or after the moves, may be the answer.
    """
    if half := _HALF.search(question):
        middle_s = (camera.start_s + camera.end_s) / 2
        span = (camera.start_s, middle_s) if half[1] == "first" else (middle_s, camera.end_s)
        return _within(camera, *span)
    if not camera.moves:
        return camera
    if _FIRST.search(question):
        first = camera.moves[0]
        if rests and first.start_s - camera.start_s >= REST_S:
            return replace(camera, moves=(), end_s=first.start_s)
        return _only(camera, [move for move in camera.moves if not comes_after(move, first)])
    if _LAST.search(question):
        last = max(camera.moves, key=lambda move: move.start_s + move.end_s)
        rest_s = max(move.end_s for move in camera.moves)
        if rests and camera.end_s - rest_s >= REST_S:
            return replace(camera, moves=(), start_s=rest_s)
        return _only(camera, [move for move in camera.moves if not comes_after(last, move)])
    return camera


def part_beside(question: str, camera: Camera) -> Camera:
    """The camera before or after a move that a question names: "what does it do after panning left".

    Raises:
        Undecided: what the question names was not measured.
    """
    beside = _BESIDE.search(question)
    if beside is None:
        return camera
    claimed = camera_claim(beside[2]).moves
    named = [move for move in camera.moves if any(is_as_claimed(move, pair) for pair in claimed)]
    if not named:
        raise Undecided(
            f"The question is about the time {beside[1]} something that was not measured. "
            f"Measured: {camera.told()}."
        )
    if beside[1] == "after":
        later = [move for move in camera.moves if comes_after(move, named[0])]
        return replace(_only(camera, later), start_s=named[0].end_s)
    earlier = [move for move in camera.moves if comes_after(named[-1], move)]
    return replace(_only(camera, earlier), end_s=named[-1].start_s)


def _only(camera: Camera, moves: Sequence[CameraMove]) -> Camera:
    return replace(camera, moves=tuple(moves))


def _within(camera: Camera, start_s: float, end_s: float) -> Camera:
    """The moves that last for most of a span, or are mostly in it."""
    moves = []
    for move in camera.moves:
        common_s = min(move.end_s, end_s) - max(move.start_s, start_s)
        if common_s > OVERLAP * min(move.end_s - move.start_s, end_s - start_s):
            moves.append(move)
    return replace(_only(camera, moves), start_s=start_s, end_s=end_s)
