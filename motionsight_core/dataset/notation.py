"""How times and boxes are written in questions and answers about single objects: `dataset.box_format`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from motionsight_core.dataset.rows import Row
from motionsight_core.settings import DatasetSettings

#: Steps of relative times and places (iMOVE, arXiv 2502.11594).
TIME_STEPS, PLACE_STEPS = 300, 1000

#: x0, y0, x1, y1 in fractions of the picture.
Edges = Sequence[float]


class Notation(Protocol):
    """One way to write times and boxes."""

    @property
    def explained(self) -> str:
        """What a question says of it."""
        ...

    def time(self, t_s: float) -> str:
        """A time of the clip, seconds after its beginning."""
        ...

    def box(self, edges: Edges) -> str:
        """A box."""
        ...


@dataclass(frozen=True, slots=True)
class _Relative:
    """Words of a grid: <t0> to <t300>, <p0> to <p1000>; plain text, which a tokenizer may be taught whole."""

    duration_s: float
    explained: str = (
        f"Times are <t0>, the beginning of the video, to <t{TIME_STEPS}>, its end. A box is its left, top, "
        f"right and bottom, each from <p0> to <p{PLACE_STEPS}> of the picture's width or height."
    )

    def time(self, t_s: float) -> str:
        return f"<t{_step(t_s / self.duration_s, TIME_STEPS)}>"

    def box(self, edges: Edges) -> str:
        return "".join(f"<p{_step(edge, PLACE_STEPS)}>" for edge in edges)


class _Seconds:
    """Times as "1.5 s" after the beginning of the clip, which is that of its file where it is cut."""

    def time(self, t_s: float) -> str:
        return f"{t_s + 0.0:.1f} s"


@dataclass(frozen=True)
class _Pixels(_Seconds):
    width: int
    height: int
    explained: str = (
        "Times are in seconds from the beginning of the video. A box is [left, top, right, bottom] in pixels."
    )

    def box(self, edges: Edges) -> str:
        sizes = (self.width, self.height, self.width, self.height)
        return str([_step(edge, size) for edge, size in zip(edges, sizes, strict=True)])


class _Fractions(_Seconds):
    explained = (
        "Times are in seconds from the beginning of the video. A box is [left, top, right, bottom] in "
        "fractions of the picture's width and height."
    )

    def box(self, edges: Edges) -> str:
        return f"[{', '.join(f'{min(max(edge, 0.0), 1.0):.3f}' for edge in edges)}]"


def notation_of(row: Row, settings: DatasetSettings) -> Notation:
    """The notation of a clip's questions."""
    if settings.box_format == "pixels":
        return _Pixels(row.width, row.height)
    if settings.box_format == "fractions":
        return _Fractions()
    return _Relative(max(row.end_s - row.start_s, 1e-3))  # times have three decimals


def _step(part: float, steps: int) -> int:
    return round(min(max(part, 0.0), 1.0) * steps)
