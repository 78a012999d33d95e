"""Words for sizes, places, speeds and times, with the thresholds that they stand for."""

from __future__ import annotations

import math
from collections.abc import Sequence

#: Words for a part of a whole, each with the value it names.
FRACTIONS = (
    (0.05, "a twentieth"),
    (0.1, "a tenth"),
    (0.2, "a fifth"),
    (0.25, "a quarter"),
    (1 / 3, "a third"),
    (0.4, "two fifths"),
    (0.5, "half"),
    (2 / 3, "two thirds"),
    (0.75, "three quarters"),
)
#: Below and above these a part is hardly any, and nearly all.
TINY_FRACTION = 0.035
WHOLE_FRACTION = 0.87

#: Adverbs for a camera's rate: each holds below its limit, in the units of `CameraMove.rate`. Pan and
#: tilt: at .06 a thing takes 17 s to cross the picture, at .2 five, at .6 less than two.
RATE_WORDS: dict[str, tuple[tuple[float, str], ...]] = {
    "pan": ((0.06, "slowly"), (0.20, "at a moderate speed"), (0.60, "fast"), (math.inf, "very fast")),
    "tilt": ((0.06, "slowly"), (0.20, "at a moderate speed"), (0.60, "fast"), (math.inf, "very fast")),
    "zoom": ((0.08, "slowly"), (0.25, "at a moderate speed"), (math.inf, "fast")),
    "roll": ((5.0, "slowly"), (15.0, "at a moderate speed"), (math.inf, "fast")),
    "arc": ((8.0, "slowly"), (20.0, "at a moderate speed"), (math.inf, "fast")),
}
#: An object's speed, larger frame sides per second.
OBJECT_SPEEDS = ((0.08, "slowly"), (0.30, ""), (math.inf, "fast"))
#: Ratio of the speeds in the last and the first third of a way that is a change.
SPEED_CHANGE = 1.8

#: Where the thirds of the picture part; the middle is a little narrower, as people use the word.
LEFT, RIGHT = 0.37, 0.63
UPPER, LOWER = 0.35, 0.65

#: What is there so soon after the beginning, or so late before the end, was there all along, seconds: the
#: first and last frames are measured less well ...
MOMENT_S = 0.35
#: ... and as a share of a short clip, but at least a frame or two.
MOMENT_SHARE = 0.1
LEAST_MOMENT_S = 0.15

NUMBERS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")

#: As far as people in a crowd are counted one by one.
COUNTED = (*NUMBERS, "eleven", "twelve")
#: Larger numbers are rounded to the step of the first limit above them.
ROUNDED = ((22.5, 5), (100, 10), (math.inf, 50))
ROUND_NUMBERS = {
    10: "ten",
    15: "fifteen",
    20: "twenty",
    30: "thirty",
    40: "forty",
    50: "fifty",
    60: "sixty",
    70: "seventy",
    80: "eighty",
    90: "ninety",
    100: "a hundred",
}


def seconds(t_s: float) -> str:
    """A time, such as "2.0 s"."""
    return f"{t_s + 0.0:.1f} s"


def moment_s(start_s: float, end_s: float) -> float:
    """A time that is not worth a word in a clip from `start_s` to `end_s`, seconds."""
    return min(MOMENT_S, max(LEAST_MOMENT_S, MOMENT_SHARE * (end_s - start_s)))


def fraction_of(part: float) -> str:
    """A part, ready to stand before a noun with its article: "a third of", "half", "all of"."""
    if part > WHOLE_FRACTION:
        return "all of"
    if part < TINY_FRACTION:
        return "a sliver of"
    word = min(FRACTIONS, key=lambda pair: abs(math.log(pair[0] / part)))[1]
    return word if word == "half" else f"{word} of"


def sides(length: float, side: str) -> str:
    """A length in frame widths or heights, such as "a third of the frame's width"."""
    if length >= 1.75:
        return f"{length:.0f} times the frame's {side}"
    if length > 1.25:
        return f"one and a half times the frame's {side}"
    if length > WHOLE_FRACTION:
        return f"the frame's whole {side}"
    return f"{fraction_of(length)} the frame's {side}"


def word_for(value: float, table: Sequence[tuple[float, str]]) -> str:
    """The word of the first limit above the value."""
    return next(word for limit, word in table if value < limit)


def column(x: float) -> str:
    """left, middle or right."""
    return "left" if x < LEFT else "right" if x > RIGHT else "middle"


def row(y: float) -> str:
    """top, middle or bottom."""
    return "top" if y < UPPER else "bottom" if y > LOWER else "middle"


def place(x: float, y: float) -> str:
    """Where a point of the frame is, such as "in the upper left"."""
    side, level = column(x), row(y)
    if side == "middle":
        return "in the middle" if level == "middle" else f"at the {level}"
    height = {"top": "upper ", "bottom": "lower ", "middle": ""}[level]
    return f"in the {height}{side}" if height else f"on the {side}"


def listed(parts: Sequence[str]) -> str:
    """ "a", "a and b", "a, b and c"."""
    if len(parts) < 2:
        return "".join(parts)
    return f"{', '.join(parts[:-1])} and {parts[-1]}"


def number(count: int) -> str:
    """A small number as a word."""
    return NUMBERS[count] if count < len(NUMBERS) else str(count)


def about(count: int) -> str:
    """A number of things that nobody counts one by one: "seven", "about fifteen", "about 150"."""
    if count < len(COUNTED):
        return COUNTED[count]
    step = next(step for limit, step in ROUNDED if count < limit)
    rounded = step * round(count / step)
    return f"about {ROUND_NUMBERS.get(rounded, str(rounded))}"


def sentence(text: str) -> str:
    """The text with a capital and a full stop."""
    return f"{text[:1].upper()}{text[1:]}."
