"""Relative times and places as words of a prompt or a reply (iMOVE, section 3.2, eq. 3 and 4).

time_token(1.5, 4.0)                              # "<t112>"
box_tokens((0.4, 0.5, 0.6, 1.0))                  # "<p400><p500><p600><p1000>"
times_of("From <t38> to <t188>.", 4.0)            # [0.5067, 2.5067]
boxes_of("<t38>: <p400><p500><p600><p1000>")      # [(0.4, 0.5, 0.6, 1.0)]
in_units("From <t38> to <t188>.", (0.5, 4.5))     # "From 1.0 s to 3.0 s."

They are plain text: no vocabulary is added.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TypeAlias

#: Z of eq. 3: steps of a clip's duration, and of a picture's width and height.
TIME_STEPS, PLACE_STEPS = 300, 1000

#: x0, y0, x1, y1 in fractions of the picture.
Edges: TypeAlias = tuple[float, float, float, float]

TIMES_EXPLAINED = f"<t0>, the beginning of the video, to <t{TIME_STEPS}>, its end"
BOXES_EXPLAINED = (
    f"its left, top, right and bottom, each from <p0> to <p{PLACE_STEPS}> of the picture's width or height"
)

_TIME = re.compile(r"<t(\d{1,4})>")
_BOX = re.compile(r"\s*".join([r"<p(\d{1,5})>"] * 4))


def time_token(t_s: float, duration_s: float) -> str:
    """A time as a part of a clip (eq. 3); what lies outside is brought to its ends.

    Args:
        t_s: seconds after the beginning of the clip.
        duration_s: of the clip; where it is 0, all times are its beginning.
    """
    return f"<t{step_of(t_s / duration_s if duration_s > 0 else 0.0, TIME_STEPS)}>"


def box_tokens(edges: Sequence[float]) -> str:
    """A box: x0, y0, x1, y1 in fractions of the picture (eq. 3)."""
    return "".join(f"<p{step_of(edge, PLACE_STEPS)}>" for edge in edges)


def times_of(text: str, duration_s: float) -> list[float]:
    """The times in a reply, in its order (eq. 4): seconds after the beginning of the clip.

    They are within half a step, `duration_s` / 600, of those that were written. Numbers beyond the last step
    are none.
    """
    steps = (int(found) for found in _TIME.findall(text))
    return [step / TIME_STEPS * duration_s for step in steps if step <= TIME_STEPS]


def boxes_of(text: str) -> list[Edges]:
    """The boxes in a reply, in its order (eq. 4): x0, y0, x1, y1 in fractions of the picture.

    They are within half a step, 1 / 2000, of those that were written. Numbers beyond the last step make none.
    """
    found = (tuple(int(edge) for edge in box) for box in _BOX.findall(text))
    return [
        (x0 / PLACE_STEPS, y0 / PLACE_STEPS, x1 / PLACE_STEPS, y1 / PLACE_STEPS)
        for x0, y0, x1, y1 in found
        if max(x0, y0, x1, y1) <= PLACE_STEPS
    ]


def in_units(text: str, within_s: tuple[float, float]) -> str:
    """A reply with its times in source seconds, "1.5 s", and its boxes in fractions (eq. 4).

    Args:
        text: what was said; numbers beyond the last step stay as they are.
        within_s: begin and end of the clip, source seconds.
    """
    start_s, end_s = within_s

    def time(found: re.Match[str]) -> str:
        known = times_of(found[0], end_s - start_s)
        return f"{start_s + known[0]:.1f} s" if known else found[0]

    def box(found: re.Match[str]) -> str:
        known = boxes_of(found[0])
        return f"[{', '.join(f'{edge:.3f}' for edge in known[0])}]" if known else found[0]

    return _TIME.sub(time, _BOX.sub(box, text))


def step_of(part: float, steps: int) -> int:
    """The step of a part, 0 to 1, that is nearest to it; what lies outside is brought to 0 or 1."""
    return round(min(max(part, 0.0), 1.0) * steps)
