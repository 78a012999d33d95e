"""Phrases about a camera that `dialogue.agreement.moves_in` does not read, in words that it does.

Options are shorter and questions longer than the descriptions that it was made for: "from left to right",
"upwards" alone, "rotates clockwise", "in the left direction".
"""

from __future__ import annotations

import re

from motionsight_core.choosing.phrases import phrases

_SIDE = r"(?:the )?(?:far )?(?:left|right|top|bottom|up|down|above|below)(?:[- ]hand)?(?: side)?"
_CLOSER = r"(?:gets?|getting|comes?|coming|moves?|moving) (?:closer|nearer)"
_FARTHER = r"(?:gets?|getting|moves?|moving) (?:farther|further)"
#: What may stand behind the "in" of "zooms in", unlike that of "in circles".
_BEHIND_IN = (
    r"on|to|towards?|and|or|while|then|as|at|from|for|with|until|before|after|during|throughout|first|close|closer|"
    r"slow\w*|quick\w*|fast|smooth\w*|rapid\w*|steadily|gradual\w*|gentl[ey]|slightly|again|followed"
)
#: In the order in which they are replaced.
_PLAINER: tuple[tuple[re.Pattern[str], str], ...] = (
    (
        phrases(
            r"(?:does not|doesn't|do not|did not|didn't|never) move",
            r"(?:is not|isn't|not) moving",
            r"(?:does|did) (?:the )?(?:camera|it) not move",
            r"without (?:any )?(?:camera )?(?:movement|motion)",
        ),
        "is static",
    ),
    (phrases("(?:stays?|remains?|is) (?:in place|in one place|on one view|unchanged|at rest)"), "is static"),
    # Where it comes from says nothing beside where it goes.
    (re.compile(rf"\b(?:from )?{_SIDE}[- ](?:to|towards?)[- ](?={_SIDE})"), "to "),
    (phrases("(?:to|towards?) (?:the )?top", "to above"), "upward"),
    (phrases("(?:to|towards?) (?:the )?bottom", "to below"), "downward"),
    (phrases(r"(?:mov\w+|go(?:es|ing)?) (?:in an? (?:arc|circle)|around the)"), "orbits"),
    (re.compile(r"(?<!in a )\bcircle\b|\brevolv\w+"), "orbits"),
    # "Towards" and "in" by themselves are a way forward.
    (re.compile(r"\btowards? (?=(?:the )?(?:left|right|up|down)\b)"), "to "),
    (re.compile(rf"\bin (?!(?:{_BEHIND_IN})\b)"), "to "),
    (re.compile(r"\b(left|right|up|down|forward|backward)(?:ward)?s? direction\b"), r"\1"),
    (phrases("remain", "stay", "hold", "keep"), "stays"),
    (
        re.compile(r"^(?:completely |perfectly |entirely )?(?:still|none|no|unchanged|at rest|not at all)$"),
        "static",
    ),
    (phrases(r"(?:mov\w+ )?(?:horizontal(?:ly)?|sideways|lateral(?:ly)?)"), "pans"),
    (phrases(r"(?:mov\w+ )?vertical(?:ly)?"), "tilts"),
    (re.compile(r"\b(?:rotat|spin|spun|twist)\w*(?=.*clockwise)"), "rolls"),
    (phrases("clockwise (?:rotation|turn|spin|twist)"), "clockwise roll"),
    (
        phrases(
            r"rotat\w+", r"swing\w*", r"sweep\w*", "goes", "going", r"travel\w*", "heads?", "proceeds?",
            r"look(?:s|ing)", "points?", "aims?", "flies", "flying", "moved?", r"move?ments?", "motions?",
        ),
        "moves",
    ),
    (re.compile(r"\btrack(?:s|ing)? (?=(?:to the )?(?:left|right))|\bcrab(?:s|bing)? "), "trucks "),
    (re.compile(r"\bdoll(?:y|ies|ying) (?=(?:to the )?(?:left|right))"), "trucks "),
    (phrases("advances?", "advancing", r"approach\w*", _CLOSER), "moves forward"),
    (phrases(r"retreat\w*", r"reced\w+", r"withdraw\w*", rf"{_FARTHER}(?: away)?"), "moves backward"),
    (phrases(r"ascend\w*", r"climb\w*", r"elevat\w+", "lifts?", "lifting", "cranes? up"), "rises"),
    (phrases(r"fall\w*", r"drop\w*"), "sinks"),
    (phrases(r"magnif\w+", r"enlarg\w+"), "zooms in"),
)  # fmt: skip

#: Words of a question that claim no more than moves do.
_READ = phrases(
    r"does|do|did|is|are|was|were|has|have|be|being|the|an?|any|some|all|both|it|there|this|that|and|or|for",
    r"camera\w*|shot|view|lens|video|clip|scene|footage|frame|whole|entire|kind|moment|point|times?|ever|only|just",
    r"in|of|to|at|from|by|with|while|then|during|throughout|before|after|followed",
    r"first|last|second|half|start|beginning|end|initially|finally",
    r"slow(?:ly)?|quickly|smooth(?:ly)?|stead(?:y|ily)|mov\w*|motion|direction|side|way|horizontal\w*|vertical\w*",
    r"(?:left|right|up|down|in|out|for|back)(?:wards?)?|clockwise|counter-?clockwise|anti-?clockwise|top|bottom",
    r"pan\w*|tilt\w*|zoom\w*|roll\w*|doll\w+|truck\w*|pedestal\w*|cran\w+|boom\w*|rotat\w*|turn\w*|orbit\w*|arc\w*",
    r"circl\w*|push\w*|pull\w*|ris\w+|sink\w*|lower\w*|sideways|closer|away",
    r"static|stationary|still|fixed|stable|motionless|remain\w*|stay\w*|not|never|without|no",
    r"shak\w*|hand-?held|trembl\w*|jitter\w*|unsteady|unstable",
)


def plainer(text: str) -> str:
    """A text in plain lower case in the words that `moves_in` reads."""
    for pattern, by in _PLAINER:
        text = pattern.sub(by, text)
    return text


def has_unread_words(text: str) -> bool:
    """Whether a question in plain lower case claims more than moves: "does it pan left to follow the dog"."""
    return bool(re.search(r"\w", _READ.sub(" ", text)))
