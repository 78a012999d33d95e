"""Questions about the camera: how it moves, whether it does, in which order, how fast."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np

from motionsight_core.camera_motion import CAMERA_MOTIONS
from motionsight_core.choosing.camera import Camera, told
from motionsight_core.choosing.camera_claims import camera_claim
from motionsight_core.choosing.camera_part import part_beside, part_named
from motionsight_core.choosing.camera_phrases import has_unread_words
from motionsight_core.choosing.decision import LEAST_FIT, Fit, Verdict
from motionsight_core.choosing.measured import Measured
from motionsight_core.choosing.phrases import phrases
from motionsight_core.choosing.question import Question
from motionsight_core.choosing.speed_words import change_fits, speaks_of_change, speaks_of_speed, speed_fits
from motionsight_core.choosing.things import subject_in
from motionsight_core.errors import Undecided
from motionsight_core.measure.wording import RATE_WORDS
from motionsight_core.record import CameraMove

_CAMERA = phrases(
    r"camera\w*", "lens", "viewpoint", "footage", "shot", r"zoom\w*", "pan(?:s|ned|ning)?", r"tilt\w*",
    "doll(?:y|ies|ying)", "pedestal", "hand-?held",
)  # fmt: skip
#: The camera as a place that something else is seen from.
_TO_CAMERA = re.compile(
    r"\b(?:towards?|to|from|of|at|near|past|behind|facing|relative to|in front of|away from|closer to) "
    r"the (?:camera|viewer|lens)\b"
)
_AND_CAMERA = re.compile(r"\bcamera and the\b|\w and (?:the )?camera\b")
_IN_TIME = phrases("after", "before", "while", "when")
#: Measured pairs of frames that it takes to tell how a move's speed changes.
_LEAST_PAIRS = 9
_UNITS = {
    "pan": "frame widths per second",
    "tilt": "frame heights per second",
    "zoom": "natural-log scale per second",
    "roll": "degrees per second",
    "arc": "degrees per second",
}


def camera_verdict(question: Question, measured: Measured) -> Verdict | None:
    """What the measurement says of a question about the camera; None of any other.

    Raises:
        Undecided: the question asks for what is not measured of a camera.
    """
    if _AND_CAMERA.search(question.text):
        raise Undecided("The question is about the camera and something else; ask about one of them.")
    if not _is_about_camera(question):
        return None
    camera = Camera.of(measured.motion, measured.start_s, measured.end_s)
    if _is_about_speed(question):
        return _speed(question, camera, measured)
    return _yes_no(question, camera) if question.is_yes_no else _which(question, camera)


def _is_about_camera(question: Question) -> bool:
    text = _TO_CAMERA.sub(" ", question.text)
    subject, camera = subject_in(text), _CAMERA.search(text)
    if subject is not None and subject.is_named:
        return camera is not None and camera.start() < subject.at
    return camera is not None or all(_CAMERA.search(claim) for claim in question.claims)


def _is_about_speed(question: Question) -> bool:
    if question.is_yes_no:
        return speaks_of_speed(question.text)
    claims_move = any(camera_claim(claim).steps for claim in question.claims)
    return not claims_move and (
        speaks_of_speed(question.text) or all(speaks_of_speed(claim) for claim in question.claims)
    )


def _which(question: Question, camera: Camera) -> Verdict:
    claims = [camera_claim(claim) for claim in question.claims]
    rests = any(step.is_static for claim in claims for step in claim.steps)
    part = part_beside(question.text, part_named(question.text, camera, rests=rests))
    named = camera_claim(question.text).axes - {"any"}
    claimed = frozenset().union(*(claim.axes for claim in claims))
    if named and claimed <= named and not _IN_TIME.search(question.text):
        # "Which way does it pan": what it does besides is not asked for.
        part = _along(part, named)
    return Verdict((tuple(part.fits(question.claims, exact=not question.is_negated)),), part.told())


def _yes_no(question: Question, camera: Camera) -> Verdict:
    claim = camera_claim(question.text)
    if not claim.says_anything:
        raise Undecided(
            "The question asks for something that is not measured of a camera; ask for its moves, their "
            f"order, speed or number. Measured: {camera.told()}."
        )
    if len(claim.steps) == 1:
        camera = part_named(question.text, camera, rests=claim.steps[0].is_static)
    (fit,) = camera.fits([question.text], exact=False)
    if fit is not None and fit >= LEAST_FIT and has_unread_words(question.text):
        fit = None  # that a part of a claim is true does not make it true
    return Verdict(((fit,),), camera.told())


def _along(camera: Camera, axes: frozenset[str]) -> Camera:
    return replace(camera, moves=tuple(move for move in camera.moves if _axis(move) in axes))


def _speed(question: Question, camera: Camera, measured: Measured) -> Verdict:
    named = camera_claim(question.text).axes - {"any"}
    moves = (_along(camera, named) if named else camera).moves
    if not moves:
        raise Undecided(f"The question is about the speed of a move that was not measured: {camera.told()}.")
    if any(move.confidence < LEAST_FIT for move in moves):
        raise Undecided(f"The camera's moves are not certain enough. Measured: {camera.told()}.")
    readings: list[tuple[Fit, ...]] = []
    for move in moves:
        if speaks_of_change((*question.claims, question.text)):
            readings.append(tuple(change_fits(question.claims, *_ends(move, measured))))
        else:
            limits = [limit for limit, _ in RATE_WORDS[CAMERA_MOTIONS[move.label].axis]]
            readings.append(tuple(speed_fits(question.claims, move.rate, limits)))
    rates = "; ".join(f"{told(move)}, {move.rate:.2f} {_UNITS[_axis(move)]}" for move in moves)
    return Verdict(tuple(readings), rates)


def _ends(move: CameraMove, measured: Measured) -> tuple[float, float]:
    """Mean rates of a move in its first and its last third."""
    path, axis = measured.motion.camera_path, _axis(move)
    inside = (path.t_s >= move.start_s) & (path.t_s <= move.end_s)
    if axis == "arc" or np.count_nonzero(inside) < _LEAST_PAIRS:
        raise Undecided(f"The move is too short to tell how its speed changes. Measured: {told(move)}.")
    early, _, late = (float(np.mean(part)) for part in np.array_split(np.abs(getattr(path, axis)[inside]), 3))
    return early, late


def _axis(move: CameraMove) -> str:
    return CAMERA_MOTIONS[move.label].axis
