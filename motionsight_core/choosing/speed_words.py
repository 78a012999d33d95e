"""Words for a speed, and for its change, against what was measured."""

from __future__ import annotations

import math
from collections.abc import Sequence

from motionsight_core.choosing.decision import Fit
from motionsight_core.choosing.phrases import phrases
from motionsight_core.measure.wording import SPEED_CHANGE

#: From slow to very fast, in the order of the tables of `measure.wording`.
_WORDS = (
    phrases("slow(?:ly)?", "gentl[ey]", "gradual(?:ly)?", "leisurely", "low speed"),
    phrases("moderate(?:ly)?", "medium", "normal", "average", "walking pace"),
    phrases("fast", "quick(?:ly)?", "rapid(?:ly)?", "swift(?:ly)?", "high speed", "sudden(?:ly)?"),
    phrases("(?:very|extremely|really) (?:fast|quick(?:ly)?|rapid(?:ly)?)", r"whip\w*"),
)
_FAST, _VERY_FAST = 2, 3
#: A value at a word's limit may be either word's; by this factor beyond it is one's alone.
_SURE_FACTOR = 2.0
#: Below this a speed is none.
_LEAST_SPEED = 1e-6

_ASKED = phrases("how (?:fast|slow(?:ly)?|quick(?:ly)?)", "speed", "pace", "velocity", "tempo")
_GETS = r"(?:gets?|getting|becomes?|becoming)"
_UP = phrases(r"speed(?:s|ing)? up", r"accelerat\w+", rf"{_GETS} (?:faster|quicker)", "faster and faster")
_DOWN = phrases(
    r"slow(?:s|ing)? down", r"decelerat\w+", rf"{_GETS} slower", "slower and slower", "brak(?:es|ing)"
)
_EVEN = phrases(
    "constant", "steady", "uniform", "even(?:ly)?", "same (?:speed|pace)", "unchanged", "does not change",
    "no change",
)  # fmt: skip


def speaks_of_speed(text: str) -> bool:
    """Whether a question or an option in plain lower case is about how fast something is."""
    return any(words.search(text) for words in (_ASKED, *_WORDS, _UP, _DOWN))


def speaks_of_change(texts: Sequence[str]) -> bool:
    """Whether any of some texts is about a change of speed."""
    return any(words.search(text) for text in texts for words in (_UP, _DOWN))


def speed_fits(claims: Sequence[str], speed: float, limits: Sequence[float]) -> list[Fit]:
    """How well words fit a speed.

    Args:
        claims: in plain lower case.
        speed: what was measured.
        limits: of slow, of moderate and, where there is one, of fast, in the same unit.
    """
    levels = [_level(claim) for claim in claims]
    # Of one claim alone, which is a question, the words beside it are those that it is not.
    said = sorted({level for level in levels if level is not None}) if len(claims) > 1 else range(_VERY_FAST)
    return [None if level is None else _fit(level, said, speed, limits) for level in levels]


def change_fits(claims: Sequence[str], early: float, late: float) -> list[Fit]:
    """How well words for a change fit the speeds at first and at last."""
    change = math.log(max(late, _LEAST_SPEED) / max(early, _LEAST_SPEED)) / math.log(SPEED_CHANGE)
    up, down = (min(max(way, 0.0), 1.0) for way in (change, -change))
    table = ((_UP, up), (_DOWN, down), (_EVEN, 1 - max(up, down)))
    fits: list[Fit] = []
    for claim in claims:
        found = [fit for words, fit in table if words.search(claim)]
        fits.append(found[0] if len(found) == 1 else None)
    return fits


def _level(text: str) -> int | None:
    """The place of a text's word in the tables; None where it has none, or several."""
    if _UP.search(text) or _DOWN.search(text):
        return None
    found = [level for level, words in enumerate(_WORDS) if words.search(text)]
    if found == [_FAST, _VERY_FAST]:
        return _VERY_FAST
    return found[0] if len(found) == 1 else None


def _fit(level: int, said: Sequence[int], speed: float, limits: Sequence[float]) -> float:
    below, above = [one for one in said if one < level], [one for one in said if one > level]
    fit = 1.0
    if below:
        fit = min(fit, _beyond(speed / _limit(below[-1], level, limits)))
    if above and speed > 0:
        fit = min(fit, _beyond(_limit(level, above[0], limits) / speed))
    return fit


def _limit(lower: int, upper: int, limits: Sequence[float]) -> float:
    """Where one word ends and the next that is offered begins: half-way where words between are not."""
    finite = [limit for limit in limits if math.isfinite(limit)]
    between = finite[lower:upper] or finite[-1:]
    return math.exp(sum(map(math.log, between)) / len(between))


def _beyond(ratio: float) -> float:
    """0.5 at a limit, 1 from so far beyond on that the word is sure."""
    if ratio <= 0:
        return 0.0
    return min(max(0.5 + 0.5 * math.log(ratio) / math.log(_SURE_FACTOR), 0.0), 1.0)
