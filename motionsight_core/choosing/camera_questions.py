"""Questions about the camera: how it moves, whether it does, in which order, how fast."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np

from motionsight_core.camera_motion import CAMERA_MOTIONS
from motionsight_core.choosing.camera import Camera, part_asked, told
from motionsight_core.choosing.camera_claims import camera_claim, has_unread_words
from motionsight_core.choosing.decision import Fit, Verdict
from motionsight_core.choosing.measured import Measured
from motionsight_core.choosing.question import Question
from motionsight_core.choosing.speed_words import change_fits, speaks_of_change, speaks_of_speed, speed_fits
from motionsight_core.choosing.things import subject_in
from motionsight_core.errors import Undecided
from motionsight_core.measure.wording import RATE_WORDS
from motionsight_core.record import CameraMove

_CAMERA = re.compile(
    r"\b(?:camera\w*|lens|viewpoint|footage|shot|zoom\w*|pan(?:s|ned|ning)?|tilt\w*|doll(?:y|ies|ying)|pedestal|hand-?held)\b"
)
#: The camera as a place.
_TO_CAMERA = re.compile(
    r"\b(?:towards?|to|from|of|at|near|past|behind|facing|relative to|in front of|away from|closer to) the (?:camera|viewer|lens)\b"
)
_AND_CAMERA = re.compile(r"\bcamera and\b|\band (?:the )?camera\b")


def camera_verdict(question: Question, measured: Measured) -> Verdict | None:
    """What the measurement says of a question about the camera; None of any other.

    Raises:
        Undecided: the question asks for what is not measured of a camera.
    """
    if not _is_about_camera(question):
        return None
    if _AND_CAMERA.search(question.text):
        raise Undecided("The question is about the camera and something else; ask about one of them.")
    camera = Camera.of(measured.motion, measured.start_s, measured.end_s)
    if _is_about_speed(question):
        return _speed(question, camera, measured)
    if question.is_yes_no:
        return _yes_no(question, camera)
    claims = [camera_claim(claim) for claim in question.claims]
    rests = any(step.is_static for claim in claims for step in claim.steps[:1] + claim.steps[-1:])
    part = _of_axes(question, part_asked(question.text, camera, rests=rests))
    return Verdict((tuple(part.fits(question.claims, exact=not question.is_negated)),), part.told())


def _is_about_camera(question: Question) -> bool:
    text = _TO_CAMERA.sub(" ", question.text)
    subject, camera = subject_in(text), _CAMERA.search(text)
    if subject is not None and subject.word not in ("it", "they"):
        return camera is not None and camera.start() < subject.at
    return camera is not None or all(_CAMERA.search(claim) for claim in question.claims)


def _is_about_speed(question: Question) -> bool:
    if not speaks_of_speed(question.text) and not question.is_yes_no:
        return all(speaks_of_speed(claim) and not camera_claim(claim).moves for claim in question.claims)
    return speaks_of_speed(question.text) and not any(
        camera_claim(claim).steps for claim in (() if question.is_yes_no else question.claims)
    )


def _yes_no(question: Question, camera: Camera) -> Verdict:
    claim = camera_claim(question.text)
    if not claim.says_anything:
        raise Undecided(
            "The question asks for something that is not measured of a camera; ask for its moves, their order, "
            f"speed or number. Measured: {camera.told()}."
        )
    part = part_asked(question.text, camera, rests=any(step.is_static for step in claim.steps))
    (fit,) = part.fits([question.text], exact=False)
    # A claim is false if a part of it is; that it is true, the part that was read does not say.
    if fit is not None and fit >= 0.5 and has_unread_words(question.text):
        fit = None
        raise Undecided(
            f"The question asks for more than what is measured of a camera. Measured: {part.told()}."
        )
    return Verdict(((fit,),), part.told())


def _of_axes(question: Question, camera: Camera) -> Camera:
    """The moves along the axes that a question names, where all options are about these: "which way does it pan"."""
    if re.search(r"\b(?:after|before|while|when)\b", question.text):
        return camera
    named = {axis for axis, _ in camera_claim(question.text).moves} - {"any"}
    claimed = {axis for claim in question.claims for axis, _ in camera_claim(claim).moves}
    if not named or not claimed <= named:
        return camera
    return replace(camera, moves=tuple(move for move in camera.moves if _axis(move) in named))


def _speed(question: Question, camera: Camera, measured: Measured) -> Verdict:
    named = {axis for axis, _ in camera_claim(question.text).moves} - {"any"}
    moves = [move for move in camera.moves if not named or _axis(move) in named]
    if not moves:
        raise Undecided(f"The question is about the speed of a camera move. Measured: {camera.told()}.")
    if any(move.confidence < 0.5 for move in moves):
        raise Undecided(f"The camera's moves are not certain enough. Measured: {camera.told()}.")
    readings: list[tuple[Fit, ...]] = []
    for move in moves:
        if speaks_of_change((*question.claims, question.text)):
            early, late = _ends(move, measured)
            readings.append(tuple(change_fits(question.claims, early, late)))
        else:
            limits = [limit for limit, _ in RATE_WORDS[_axis(move)]]
            readings.append(tuple(speed_fits(question.claims, move.rate, limits)))
    rates = "; ".join(f"{told(move)}, {move.rate:.2f} {_UNITS[_axis(move)]} per second" for move in moves)
    return Verdict(tuple(readings), rates)


_UNITS = {
    "pan": "frame widths", "tilt": "frame heights", "zoom": "(natural logarithm of scale)", "roll": "degrees",
    "arc": "degrees",
}  # fmt: skip


def _ends(move: CameraMove, measured: Measured) -> tuple[float, float]:
    """Mean rates of a move in its first and its last third."""
    path, axis = measured.motion.camera_path, _axis(move)
    inside = (path.t_s >= move.start_s) & (path.t_s <= move.end_s)
    if axis == "arc" or np.count_nonzero(inside) < 9:
        raise Undecided(f"The move is too short to tell how its speed changes. Measured: {told(move)}.")
    early, _, late = (float(np.mean(part)) for part in np.array_split(np.abs(getattr(path, axis)[inside]), 3))
    return early, late


def _axis(move: CameraMove) -> str:
    return CAMERA_MOTIONS[move.label].axis
