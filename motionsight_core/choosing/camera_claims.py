"""What a text claims of the camera: moves in their order, what it does not do, how steadily it is held."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

from motionsight_core.choosing.camera_phrases import plainer
from motionsight_core.choosing.phrases import phrases
from motionsight_core.choosing.things import things_in
from motionsight_core.dialogue.agreement import moves_in

#: A move as it is claimed: its axis (pan for truck, tilt for pedestal, zoom for dolly) and its direction,
#: which is empty where any will do. The axis `any` is a move along any axis.
Claimed: TypeAlias = tuple[str, str]

#: What stands between two moves of which one comes after the other.
_NEXT = re.compile(
    r"[,;.]?\s*\b(?:and )?(?:followed by|then|after (?:that|which)|afterwards?|next|subsequently|finally|"
    r"later|before)\b,?"
)
_AFTER = re.compile(r"(.+?),?\s+after\s+(.+)")
_AFTER_FIRST = re.compile(r"after\s+(.+?),\s*(.+)")
_AT_ONCE = phrases("while", "simultaneous(?:ly)?", "at the same time", "at once", "during")
_VERB = re.compile(r"\b(pan|tilt|zoom|roll|truck|doll)")
_THIRD = {
    "pan": "pans", "tilt": "tilts", "zoom": "zooms", "roll": "rolls", "truck": "trucks", "doll": "dollies",
}  # fmt: skip

_SHAKY = phrases(
    r"shak\w+", r"hand-?\s?held", "held by hand", r"trembl\w+", r"jitter\w*", r"jerk\w*", r"wobbl\w+",
    "unsteady", "unstable", r"bump\w+",
)  # fmt: skip
_STEADY = phrases("stead(?:y|ily)", "stable", r"stabili[sz]ed", "smooth(?:ly)?", "gimbal", "tripod", "locked")
_NOT = phrases(
    "does not", "doesn't", "do not", "don't", "did not", "didn't", "is not", "isn't", "without", "never",
    "not", "no",
)  # fmt: skip
_CLOCKWISE = re.compile(r"\b(counter-?\s?|anti-?\s?)?clockwise\b")
_NOT_STATIC = phrases(r"(?:isn't|not|never) (?:\w+ )?(?:static|fixed|stationary|still)")
_NOT_SHAKY = phrases(r"(?:isn't|doesn't|not|no|never|without) (?:\w+ )?(?:shak\w+|hand-?\s?held|trembl\w+)")
_MOVES = phrases("mov(?:e|es|ing|ement)", "motion")
_ASKS = phrases("what", "which", "how")
_ONLY = phrases("only", "just", "solely", "exclusively", "purely")
_CAMERA = phrases("camera", "shot", "view", "lens", "frame")
#: What moves the other way when the camera does.
_CONTENT = phrases(
    "(?:the |a )?(?:whole )?(?:scene|background|picture|image|content|landscape|surroundings|world)"
)
#: Words of a camera that goes somewhere, and of one that turns or zooms where it stands.
_GOES = phrases(
    r"truck\w*", "doll(?:y|ies|ied|ying)", r"pedestal\w*", r"push\w*", r"pull\w*", "cran(?:es?|ing)",
    "sideways", r"orbit\w*", "arcs?",
)  # fmt: skip
_TURNS = phrases("pan(?:s|ned|ning)?", r"tilt\w*", r"zoom\w*", r"swivel\w*")


@dataclass(frozen=True, slots=True)
class Step:
    """What the camera does at one time."""

    moves: frozenset[Claimed] = frozenset()
    denied: frozenset[Claimed] = frozenset()
    """What it is said not to do."""
    is_static: bool = False
    is_at_once: bool = False
    """Whether the text says that the moves happen at the same time."""

    @property
    def size(self) -> int:
        """How many things it claims."""
        return len(self.moves) + len(self.denied) + self.is_static


@dataclass(frozen=True, slots=True)
class CameraClaim:
    """What a text says that the camera does."""

    steps: tuple[Step, ...]
    """One after the other."""
    is_shaky: bool | None = None
    """None where the text says nothing of it."""
    is_exact: bool = False
    """Whether the camera is said to do nothing else."""
    changes_place: bool | None = None
    """Whether the words are those of a camera that goes somewhere; None where they leave it open."""

    @property
    def moves(self) -> frozenset[Claimed]:
        """Of all steps."""
        return frozenset().union(*(step.moves for step in self.steps))

    @property
    def axes(self) -> frozenset[str]:
        """Of all moves."""
        return frozenset(axis for axis, _ in self.moves)

    @property
    def says_anything(self) -> bool:
        """Whether there is something to compare."""
        return bool(self.steps) or self.is_shaky is not None


def camera_claim(text: str) -> CameraClaim:
    """Of an option or a question in plain lower case, which may leave the camera out."""
    steps = [_step(part) for part in _in_order(text)]
    shaky, steady = bool(_SHAKY.search(text)), bool(_STEADY.search(text))
    if _NOT_SHAKY.search(text):
        shaky, steady = False, True
    goes, turns = bool(_GOES.search(text)), bool(_TURNS.search(text))
    return CameraClaim(
        tuple(step for step in steps if step.size),
        shaky if shaky != steady else None,
        bool(_ONLY.search(text)),
        goes if goes != turns else None,
    )


def _in_order(text: str) -> Sequence[str]:
    """The parts of a text that happen one after the other."""
    if first := _AFTER_FIRST.fullmatch(text):
        return [first[1], first[2]]
    if not _NEXT.search(text) and (after := _AFTER.fullmatch(text)):
        return [after[2], after[1]]  # "zooms in after panning left"
    parts = [part for part in (part.strip(" ,;.") for part in _NEXT.split(text)) if part]
    return [_with_verb(part, parts[:index]) for index, part in enumerate(parts)]


def _with_verb(part: str, before: Sequence[str]) -> str:
    """ "pans left, then right": what has no verb goes on with the one before."""
    if moves_in(plainer(part)) or not before:
        return part
    verbs = _VERB.findall(before[-1])
    return f"{_THIRD[verbs[-1]]} {part}" if verbs else part


def _step(text: str) -> Step:
    words = plainer(text)
    found = _moves(words)
    if found.get("arc") == set() and (turn := _CLOCKWISE.search(words)):
        found["arc"] = {"ccw" if turn[1] else "cw"}
    if found == {"static": set()}:
        return Step(is_static=True)
    if found:
        return Step(moves=_pairs(found), is_at_once=bool(_AT_ONCE.search(text)))
    if _NOT_STATIC.search(words):
        return Step(moves=frozenset({("any", "")}))
    if _NOT.search(words):
        return Step(denied=_pairs(_moves(_NOT.sub(" ", words))))
    if _MOVES.search(words) and not _ASKS.search(words) and not _is_about_things(words):
        return Step(moves=frozenset({("any", "")}))
    return Step()


def _is_about_things(words: str) -> bool:
    return bool(things_in(words) or _CONTENT.match(words)) and not _CAMERA.search(words)


def _moves(words: str) -> dict[str, set[str]]:
    """With the camera for a subject, where the text has none."""
    wholes = [words]
    if not _CAMERA.search(words) and not _is_about_things(words):
        wholes += [f"the camera {words}", f"the camera moves {words}"]
    for whole in wholes:
        if found := moves_in(whole):
            return {str(kind): ways for kind, ways in found.items()}
    return {}


def _pairs(found: dict[str, set[str]]) -> frozenset[Claimed]:
    return frozenset((kind, way) for kind, ways in found.items() for way in ways or {""})
