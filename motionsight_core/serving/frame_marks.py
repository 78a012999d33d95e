"""What stands before a frame that is sent as a picture: its number, or its time.

`Frame 3.5: ` is the template of the paper, `<3.5 seconds>` that of Qwen3-VL, `Frame1: ` that of InternVL,
which says no time. With `mllm.relative_times` the paper's is `Frame 3.5 <t75>: `.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_MARK = re.compile(
    r"(?:(?:^|\n)[ \t]*|(?=[<\[(]))[<\[(]?[ \t]*"
    r"(?P<noun>(?:frame|image|picture|time)[ \t#-]*)?"
    r"(?P<number>\d{1,6}(?:\.\d{1,9})?)[ \t]*(?P<unit>s|secs?|seconds?)?"
    r"(?:[ \t]*<t\d{1,3}>)?"
    r"[ \t]*[>\])]?[ \t]*:?\s*$",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Mark:
    """What was said of a frame."""

    time_s: float | None
    """Seconds; None where it was its number, or nothing."""


def read_mark(text: str) -> Mark | None:
    """What a text says of the frame after it; None where it says anything else."""
    if not text.strip():
        return Mark(None)
    rest, time_s = cut_mark(text)
    return Mark(time_s) if not rest.strip() else None


def cut_mark(text: str) -> tuple[str, float | None]:
    """A text without the mark at its end, and the time that it gave, seconds."""
    # A mark is short; the whole of a long text need not be searched for its beginning.
    start = max(0, len(text) - 64)
    found = _MARK.search(text, start)
    if found is None:
        return text, None
    number = found["number"]
    # A frame's number is whole; its time has a unit or, in the paper's template, a decimal.
    is_time = bool(found["unit"]) or (bool(found["noun"]) and "." in number)
    return text[: found.start()], float(number) if is_time else None
