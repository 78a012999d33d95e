"""What a text claims of the camera: moves in their order, what it does not do, how steadily it is held.

The moves' own words are those of `dialogue.agreement.moves_in`; here stand what questions and options have
besides: "from left to right", "rotates clockwise", "upwards" alone, "first ..., then ...".
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from motionsight_core.choosing.things import things_in
from motionsight_core.dialogue.agreement import moves_in

#: A move as it is claimed: its axis (pan for truck, tilt for pedestal, zoom for dolly) and its direction,
#: which is empty where any will do. The axis `any` is a move along any axis.
Claimed = tuple[str, str]

_SIDE = r"(?:the )?(?:far )?(?:left|right|top|bottom|up|down|above|below)(?:[- ]hand)?(?: side)?"
#: Phrases that `moves_in` would read wrongly or not at all, and what it reads rightly. In this order.
_PLAINER: tuple[tuple[str, str], ...] = (
    (r"\b(?:does not|doesn't|do not|did not|didn't|never) move\b|\b(?:is not|isn't|not) moving\b|"
     r"\b(?:does|did) (?:the )?(?:camera|it) not move\b|\bwithout (?:any )?(?:camera )?(?:movement|motion)\b",
     "is static"),
    (rf"\b(?:from )?{_SIDE}[- ](?:to|towards?)[- ](?={_SIDE})", "to "),
    (r"\b(?:to|towards?) the top\b|\b(?:to|towards?) top\b|\bto above\b", "upward"),
    (r"\b(?:to|towards?) the bottom\b|\b(?:to|towards?) bottom\b|\bto below\b", "downward"),
    (r"\btowards? (?=(?:the )?(?:left|right|up|down)\b)", "to "),
    (r"\bin(?:to)? (?=(?:the|a|an|its|this|one|any|which|what|some|all|no|order|place|general|fact|total)\b)",
     "to "),
    (r"\b(left|right|up|down|forward|backward)(?:ward)?s? direction\b", r"\1"),
    (r"\b(?:remain|stay|hold|keep)\b", "stays"),
    (r"^(?:completely |perfectly |entirely )?(?:still|none|no|unchanged|at rest|not moving|not at all)$", "static"),
    (r"\b(?:stays|remains|is) (?:in place|in one place|on one view|unchanged|at rest)\b", "is static"),
    (r"\b(?:moves? |moving |movements? )?(?:horizontal(?:ly)?|sideways|lateral(?:ly)?)\b", "pans"),
    (r"\b(?:moves? |moving |movements? )?vertical(?:ly)?\b", "tilts"),
    (r"\b(?:rotat|spin|spun|twist)\w*(?=.*clockwise)", "rolls"),
    (r"\bclockwise (?:rotation|turn|spin|twist)\b", "clockwise roll"),
    (r"\b(?:rotates?|rotating|rotation|rotated|swings?|swinging|sweeps?|sweeping|goes|going|travels?|"
     r"travelling|traveling|heads?|proceeds?|looks?|looking|points?|aims?|flies|flying|moved?|move?ments?|"
     r"motions?)\b", "moves"),
    (r"\btracks?(?:ing)? (?=(?:to the )?(?:left|right))|\bcrab(?:s|bing)? ", "trucks "),
    (r"\bdoll(?:y|ies|ying) (?=(?:to the )?(?:left|right))", "trucks "),
    (r"\b(?:advances?|advancing|approach(?:es|ing)?|(?:gets?|getting|comes?|coming|moves|moving) (?:closer|nearer))\b",
     "moves forward"),
    (r"\b(?:retreats?|retreating|recedes?|receding|withdraws?|(?:gets|moves|moving) (?:farther|further))\b(?: away)?",
     "moves backward"),
    (r"\b(?:ascends?|ascending|climbs?|climbing|elevates?|elevating|lifts?|lifting|cranes? up)\b", "rises"),
    (r"\b(?:falls?|falling|drops?|dropping)\b", "sinks"),
    (r"\b(?:magnif\w+|enlarg\w+)\b", "zooms in"),
)  # fmt: skip
_REWRITE = tuple((re.compile(pattern), by) for pattern, by in _PLAINER)
_NEXT = re.compile(
    r"[,;.]?\s*\b(?:and )?(?:followed by|then|after (?:that|which)|afterwards?|next|subsequently|finally|later|before)\b,?"
)
_AFTER = re.compile(r"(.+?),?\s+after\s+(.+)")
_AFTER_FIRST = re.compile(r"after\s+(.+?),\s*(.+)")
_SHAKY = re.compile(
    r"\b(?:shak\w+|hand-?\s?held|trembl\w+|jitter\w*|jerk\w*|wobbl\w+|unsteady|unstable|bump\w+)\b"
)
_STEADY = re.compile(r"\b(?:steady|steadily|stable|stabili[sz]ed|smooth(?:ly)?|gimbal)\b")
_NOT = re.compile(r"\b(?:does not|doesn't|do not|don't|did not|didn't|is not|isn't|without|never|not|no)\b")
_MOVES = re.compile(r"\b(?:mov(?:e|es|ing|ement)|motion)\b")
_ONLY = re.compile(r"\b(?:only|just|solely|exclusively|purely)\b")
#: Words of a camera that goes somewhere, and of one that turns or zooms where it stands.
_GOES = re.compile(
    r"\b(?:truck\w*|doll(?:y|ies|ied|ying)|pedestal\w*|push\w*|pull\w*|cran(?:es?|ing)|sideways|orbit\w*|arcs?)\b"
)
_CAMERA = re.compile(r"\b(?:camera|shot|view|lens|frame)\b")
_TURNS = re.compile(r"\b(?:pan(?:s|ned|ning)?|tilt\w*|zoom\w*|swivel\w*)\b")


@dataclass(frozen=True, slots=True)
class Step:
    """What the camera does at one time."""

    moves: frozenset[Claimed] = frozenset()
    denied: frozenset[Claimed] = frozenset()
    is_static: bool = False


@dataclass(frozen=True, slots=True)
class CameraClaim:
    """What a text says that the camera does."""

    steps: tuple[Step, ...]
    """One after the other."""
    is_shaky: bool | None = None
    """None where the text says nothing of it."""
    is_exact: bool = False
    """Whether it does nothing else."""
    changes_place: bool | None = None
    """Whether the words are those of a camera that goes somewhere; None where they are neither's."""

    @property
    def moves(self) -> frozenset[Claimed]:
        """Of all steps."""
        return frozenset().union(*(step.moves for step in self.steps))

    @property
    def says_anything(self) -> bool:
        """Whether there is something to compare."""
        said = any(step.moves or step.denied or step.is_static for step in self.steps)
        return said or self.is_shaky is not None


def camera_claim(text: str) -> CameraClaim:
    """Of an option or a question in plain lower case, which may leave the camera out."""
    parts = _in_order(text)
    steps: list[Step] = []
    for part in parts:
        step = _step(part)
        if step.moves or step.denied or step.is_static:
            steps.append(step)
    shaky, steady = bool(_SHAKY.search(text)), bool(_STEADY.search(text))
    if shaky and _NOT.search(text.split("shak")[0]) and not steps:
        shaky, steady = False, True  # "does not shake"
    goes, turns = bool(_GOES.search(text)), bool(_TURNS.search(text))
    return CameraClaim(
        tuple(steps),
        shaky if shaky != steady else None,
        bool(_ONLY.search(text)),
        goes if goes != turns else None,
    )


#: Words of a question that add nothing to what it claims.
_FILLERS = re.compile(
    r"\b(?:does|do|did|is|are|was|were|has|have|the|a|an|any|camera\w*|shot|view|lens|video|clip|scene|footage|frame|"
    r"it|there|this|that|and|or|then|while|in|of|to|at|from|by|with|for|be|being|during|throughout|whole|entire|all|"
    r"first|last|second|half|start|beginning|end|initially|finally|moment|point|some|ever|time|times|only|just|both|"
    r"slowly|quickly|smoothly|steadily|slow|smooth|mov\w*|motion|direction|side|kind|way|horizontal\w*|vertical\w*|"
    r"left|right|up|down|in|out|forwards?|backwards?|upwards?|downwards?|leftwards?|rightwards?|inwards?|outwards?|"
    r"clockwise|counter-?clockwise|anti-?clockwise|before|after|followed|followed by|pan\w*|tilt\w*|zoom\w*|roll\w*|"
    r"doll\w+|truck\w*|pedestal\w*|crane\w*|boom\w*|rotat\w*|turn\w*|orbit\w*|arc\w*|circl\w*|push\w*|pull\w*|"
    r"static|stationary|still|fixed|steady|stable|motionless|remain\w*|stay\w*|shak\w*|hand-?held|trembl\w*|jitter\w*|"
    r"unsteady|unstable|not|never|without|no|rises?|sinks?|ris\w+|lower\w*|sideways|closer|away|top|bottom|handheld)\b"
)


def has_unread_words(text: str) -> bool:
    """Whether a question in plain lower case claims more than moves: "does it pan left to follow the dog"."""
    return bool(re.search(r"\w", _FILLERS.sub(" ", text)))


def _in_order(text: str) -> Sequence[str]:
    """The parts of a text that happen one after the other."""
    if first := _AFTER_FIRST.fullmatch(text):
        return [first[1], first[2]]
    if not _NEXT.search(text) and (after := _AFTER.fullmatch(text)):
        return [after[2], after[1]]  # "zooms in after panning left"
    parts = [part.strip(" ,;.") for part in _NEXT.split(text)]
    parts = [part for part in parts if part]
    # "pans left, then right": what has no verb goes on with the one before.
    return [_with_verb(part, parts[:index]) for index, part in enumerate(parts)]


def _with_verb(part: str, before: Sequence[str]) -> str:
    if moves_in(_plainer(part)) or not before:
        return part
    verbs = re.findall(r"\b(pan|tilt|zoom|roll|truck|doll)", before[-1])
    return f"{_THIRD[verbs[-1]]} {part}" if verbs else part


_THIRD = {
    "pan": "pans", "tilt": "tilts", "zoom": "zooms", "roll": "rolls", "truck": "trucks", "doll": "dollies",
}  # fmt: skip


def _step(text: str) -> Step:
    words = _plainer(text)
    found = _moves(words)
    if found == {"static": set()}:
        return Step(is_static=True)
    if found:
        return Step(moves=_pairs(found))
    if re.search(r"\b(?:isn't|not|never) (?:\w+ )?(?:static|fixed|stationary|still)\b", words):
        return Step(moves=frozenset({("any", "")}))
    if _NOT.search(words):
        return Step(denied=_pairs(_moves(_NOT.sub(" ", words))))
    if _MOVES.search(words) and not re.search(r"\b(?:what|which|how)\b", words):
        return Step(moves=frozenset({("any", "")}))
    return Step()


def _moves(words: str) -> dict[str, set[str]]:
    """With the camera for a subject, where the text has none."""
    alone = (
        ()
        if _CAMERA.search(words) or things_in(words)
        else (f"the camera {words}", f"the camera moves {words}")
    )
    for whole in (words, *alone):
        if found := moves_in(whole):
            return {str(kind): ways for kind, ways in found.items()}
    return {}


def _pairs(found: dict[str, set[str]]) -> frozenset[Claimed]:
    return frozenset((kind, way) for kind, ways in found.items() for way in ways or {""})


def _plainer(text: str) -> str:
    for pattern, by in _REWRITE:
        text = pattern.sub(by, text)
    return text
