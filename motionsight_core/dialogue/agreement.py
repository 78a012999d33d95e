"""Whether a text about the camera says what was measured: the column `camera_agreement`.

The text is read for camera moves by their usual words, clause by clause, since "pans left, then tilts
up without zooming" has two moves and not three. The measurement tells pan from truck, tilt from pedestal
and zoom from dolly only where parallax does, and writers mix them up as well: each such pair counts as
one kind of move.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable

from motionsight_core.camera_motion import CAMERA_MOTIONS, Axis
from motionsight_core.record import CameraMove

#: Axis of a move -> (the words for it, the directions that can be compared).
_KINDS: dict[Axis, tuple[str, tuple[str, ...]]] = {
    "pan": (r"pan(?:s|ned|ning)?|truck(?:s|ed|ing)?|swivel\w*|whip[- ]?pan\w*", ("left", "right")),
    "tilt": (
        r"tilt(?:s|ed|ing)?|pedestal\w*|cran(?:es?|ed|ing)|boom(?:s|ed|ing)?|rises?|rising|lowers?|lowering|"
        r"descends?|descending|descent|sinks?|sinking",
        ("up", "down"),
    ),
    "zoom": (r"zoom\w*|doll(?:y|ies|ied|ying)|push(?:es|ed|ing)?|pull(?:s|ed|ing)?", ("in", "out")),
    "roll": (r"roll(?:s|ed|ing)?|dutch", ("cw", "ccw")),
    "arc": (r"arc(?:s|ed|ing)?|orbit\w*|circl(?:es|ed|ing)", ()),
    "static": (
        r"static|stationary|motionless|immobile|unmoving|fixed|locked(?:[- ]off)?|tripod|"
        r"(?:stays|remains|holds|is|keeps|held) (?:\w+ )?still|"
        r"(?:does not|doesn't|did not) move|no (?:camera )?(?:movement|motion|moves?)",
        (),
    ),
}
#: What the camera does when it just "moves".
_MOVES = r"mov(?:es?|ed|ing)|glid(?:es?|ed|ing)|slid(?:es?|ing)|drift(?:s|ed|ing)?|turn(?:s|ed|ing)?|shift\w*"
_DIRECTIONS: dict[str, str] = {
    "left": r"left(?:wards?)?",
    "right": r"right(?:wards?)?",
    "up": r"up(?:wards?)?|rises?|rising",
    "down": r"down(?:wards?)?|lowers?|lowering|descends?|descending|descent|sinks?|sinking",
    "in": r"in(?:wards?)?|forwards?|closer|towards?|into",
    "out": r"out(?:wards?)?|back(?:wards?)?|away",
    "ccw": r"counter-?\s?clockwise|anti-?\s?clockwise",
    "cw": r"clockwise",
}
_CLAUSE = re.compile(r"[.;:,\n]|\b(?:then|and|while|before|after|but|as|followed by|with)\b|(?=\bwithout\b)")
_NOT = re.compile(r"\b(?:no|not|never|without|neither|nor|isn't|doesn't|hardly)\b")
#: Words beside a direction in "then slightly to the right", which goes on with the move before.
_FILLERS = {"a", "again", "back", "bit", "briefly", "finally", "further", "gently", "it", "little", "quickly"}
_FILLERS |= {"slightly", "slowly", "the", "to"}
_CAMERA = re.compile(r"\b(?:camera|it|shot|view)\b")
_VERB_FIRST = re.compile(rf"\s*(?:\w+ly )?(?:{_MOVES})\b")
_LISTED = re.compile(rf"\s*(?:or |nor )?(?:any )?(?:{'|'.join(words for words, _ in _KINDS.values())})\b")
_NO_MOTION = re.compile(rf"\b(?:{_KINDS['static'][0]})\b")


def camera_agreement(text: str, moves: Iterable[CameraMove]) -> float | None:
    """Share of the camera's kinds of move, of those that text or measurement name, on which both agree.

    A kind that only one of them names counts 0; one that both name counts by its directions, 1 where
    they are the same or the text gives none.

    Returns:
        0 to 1; None where the text names no move that can be compared.
    """
    said = moves_in(text)
    if not said:
        return None
    measured = _measured(moves)
    kinds = said.keys() | measured.keys()
    return round(sum(_match(said.get(kind), measured.get(kind)) for kind in kinds) / len(kinds), 3)


def _match(said: set[str] | None, measured: set[str] | None) -> float:
    if said is None or measured is None:
        return 0.0
    if not said or not measured:
        return 1.0
    return len(said & measured) / len(said | measured)


def moves_in(text: str) -> dict[str, set[str]]:
    """The moves that a text about a camera names: kind (pan, tilt, zoom, roll, arc, static) -> directions."""
    found: dict[str, set[str]] = defaultdict(set)
    before: list[Axis] = []
    inferred = denied = of_camera = False
    for clause in _CLAUSE.split(text.casefold().replace("\u2019", "'")):
        if _NO_MOTION.search(clause) and not re.search(
            r"\b(?:isn't|not|never) (?:\w+ )?(?:static|fixed)", clause
        ):
            found["static"] |= set()
            before = []
            continue
        # "no zoom, tilt or roll": what is denied stays so for the kinds listed after it.
        denied = bool(_NOT.search(clause)) or (denied and bool(_LISTED.match(clause)))
        named: list[Axis] = [
            name for name, (words, _) in _KINDS.items() if re.search(rf"\b(?:{words})\b", clause)
        ]
        directions = _directions_in(clause)
        goes_on = bool(before) and all(word in _FILLERS for word in _other_words(clause))
        # "The camera, moving forward, ...": a clause that begins with its verb has the last one's subject.
        of_camera = bool(_CAMERA.search(clause)) or (of_camera and bool(_VERB_FIRST.match(clause)))
        moves = of_camera and re.search(rf"\b(?:{_MOVES})\b", clause)
        inferred = not named and bool(moves or (goes_on and inferred))
        if inferred:
            named = [name for name, (_, own) in _KINDS.items() if directions & set(own)]
        elif not named and goes_on:
            named = [name for name in before if directions & set(_KINDS[name][1])]  # "pans left, then right"
        before = named or before
        for kind in () if denied else named:
            found[kind] |= directions & set(_KINDS[kind][1])
    if len(found) > 1:
        # "Static at first, then pans": what moves is what was measured as well.
        found.pop("static", None)
    return dict(found)


def _other_words(clause: str) -> list[str]:
    """The words of a clause that are no directions."""
    return re.sub(rf"\b(?:{'|'.join(_DIRECTIONS.values())})\b", " ", clause).split()


def _directions_in(clause: str) -> set[str]:
    found = set()
    for direction, words in _DIRECTIONS.items():
        clause, count = re.subn(rf"\b(?:{words})\b", " ", clause)
        if count:
            found.add(direction)
    return found


def _measured(moves: Iterable[CameraMove]) -> dict[str, set[str]]:
    found: dict[str, set[str]] = defaultdict(set)
    for move in moves:
        motion = CAMERA_MOTIONS[move.label]
        found[motion.axis] |= {motion.direction} & set(_KINDS[motion.axis][1])
    if len(found) > 1:
        found.pop("static", None)
    return dict(found)
