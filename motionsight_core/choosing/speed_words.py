"""Words for a speed, and for its change, against what was measured."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence

from motionsight_core.choosing.decision import Fit

#: From slow to very fast, in the order of `measure.wording`'s tables.
_WORDS = (
    re.compile(r"\b(?:slow(?:ly)?|gentl[ey]|gradual(?:ly)?|leisurely|low speed)\b"),
    re.compile(r"\b(?:moderate(?:ly)?|medium|normal|average|walking pace)\b"),
    re.compile(r"\b(?:fast|quick(?:ly)?|rapid(?:ly)?|swift(?:ly)?|high speed|sudden(?:ly)?)\b"),
    re.compile(r"\b(?:(?:very|extremely|really) (?:fast|quick(?:ly)?|rapid(?:ly)?)|whip\w*)\b"),
)
_VERY_SLOW = re.compile(r"\bvery slow")
#: A value at a word's limit may be either word's; by this factor beyond it is one's alone.
_SURE_FACTOR = 2.0

_UP = re.compile(
    r"\b(?:speed(?:s|ing)? up|accelerat\w+|(?:gets?|getting|becomes?|becoming) (?:faster|quicker)|faster and faster)\b"
)
_DOWN = re.compile(
    r"\b(?:slow(?:s|ing)? down|decelerat\w+|(?:gets?|getting|becomes?|becoming) slower|slower and slower|brak(?:es|ing))\b"
)
_EVEN = re.compile(
    r"\b(?:constant|steady|uniform|even(?:ly)?|same (?:speed|pace)|unchanged|does not change|no change)\b"
)
#: Ratio of the speeds in the last and the first third of the time: beyond it the speed surely changed, and
#: below its root it did not.
_CHANGE = 1.8


def speaks_of_speed(text: str) -> bool:
    """Whether a question in plain lower case is about how fast something is."""
    return bool(
        re.search(r"\b(?:how (?:fast|slow(?:ly)?|quick(?:ly)?)|speed|pace|velocity|tempo)\b", text)
    ) or any(words.search(text) for words in (*_WORDS, _UP, _DOWN))


def speaks_of_change(texts: Sequence[str]) -> bool:
    """Whether texts are about a change of speed."""
    return any(words.search(text) for text in texts for words in (_UP, _DOWN))


def speed_fits(claims: Sequence[str], speed: float, limits: Sequence[float]) -> list[Fit]:
    """How well words fit a speed.

    Args:
        claims: in plain lower case.
        speed: what was measured.
        limits: of slow, of moderate and, where there is one, of fast, in the same unit.
    """
    levels = [_level(claim) for claim in claims]
    said = sorted({level for level in levels if level is not None})
    if len(claims) == 1:
        said = [0, 1, 2]
    return [None if level is None else _fit(level, said, speed, limits) for level in levels]


def change_fits(claims: Sequence[str], early: float, late: float) -> list[Fit]:
    """How well words for a change fit the speeds at first and at last."""
    change = math.log(max(late, 1e-6) / max(early, 1e-6)) / math.log(_CHANGE)
    up, down = (min(max(way, 0.0), 1.0) for way in (change, -change))
    fits: list[Fit] = []
    for claim in claims:
        found = [
            fit
            for words, fit in ((_UP, up), (_DOWN, down), (_EVEN, 1 - max(up, down)))
            if words.search(claim)
        ]
        fits.append(found[0] if len(found) == 1 else None)
    return fits


def _level(text: str) -> int | None:
    if _UP.search(text) or _DOWN.search(text):
        return None
    found = [level for level, words in enumerate(_WORDS) if words.search(text)]
    if found == [2, 3]:
        found = [3]
    return found[0] if len(found) == 1 else None


def _fit(level: int, said: Sequence[int], speed: float, limits: Sequence[float]) -> float:
    below, above = [one for one in said if one < level], [one for one in said if one > level]
    fit = 1.0
    if below:
        fit = min(fit, _beyond(speed / _limit(below[-1], level, limits)))
    if above:
        fit = min(fit, _beyond(_limit(level, above[0], limits) / speed) if speed > 0 else 1.0)
    return fit


def _limit(lower: int, upper: int, limits: Sequence[float]) -> float:
    """Where one word ends and the next of those that are offered begins: half-way where words are left out."""
    between = [limit for limit in limits[lower:upper] if math.isfinite(limit)] or [limits[-1]]
    return math.exp(sum(map(math.log, between)) / len(between))


def _beyond(ratio: float) -> float:
    """0.5 at a limit, 1 from twice the limit on."""
    if ratio <= 0:
        return 0.0
    return min(max(0.5 + 0.5 * math.log(ratio) / math.log(_SURE_FACTOR), 0.0), 1.0)
