"""How times and boxes are written in questions and answers about single objects: `dataset.box_format`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from motionsight_core.dataset.rows import Row
from motionsight_core.mllm.positions import (
    BOXES_EXPLAINED,
    TIMES_EXPLAINED,
    box_tokens,
    step_of,
    time_token,
)
from motionsight_core.settings import DatasetSettings

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
    """Steps of the clip and of the picture (iMOVE), as `mllm.relative_times` tells the frames' times."""

    duration_s: float
    explained: str = f"Times are {TIMES_EXPLAINED}. A box is {BOXES_EXPLAINED}."

    def time(self, t_s: float) -> str:
        return time_token(t_s, self.duration_s)

    def box(self, edges: Edges) -> str:
        return box_tokens(edges)


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
        return str([step_of(edge, size) for edge, size in zip(edges, sizes, strict=True)])


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
