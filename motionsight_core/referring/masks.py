"""Masks, kept as run lengths: some hundred bytes where the pixels would take a megabyte."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True, eq=False)
class Mask:
    """The pixels of one object in one frame."""

    height: int
    width: int
    runs: NDArray[np.uint32]
    """Lengths of the runs, row by row, of alternately background and object; background first."""

    @classmethod
    def of(cls, pixels: NDArray[np.bool_]) -> Mask:
        """From [H, W], true where the object is."""
        flat = np.concatenate([[False], pixels.reshape(-1), [False]])
        edges = np.flatnonzero(flat[1:] != flat[:-1])
        ends = np.append(edges, pixels.size) if len(edges) == 0 or edges[-1] != pixels.size else edges
        height, width = pixels.shape
        return cls(height, width, np.diff(ends, prepend=0).astype(np.uint32))

    def pixels(self) -> NDArray[np.bool_]:
        """[H, W], true where the object is."""
        values = np.arange(len(self.runs)) % 2 == 1
        return np.repeat(values, self.runs).reshape(self.height, self.width)

    @property
    def area(self) -> int:
        """Pixels of the object."""
        return int(self.runs[1::2].sum())

    def box(self) -> tuple[float, float, float, float] | None:
        """x0, y0, x1, y1 around the object in fractions of the frame; None where it has no pixel."""
        if not self.area:
            return None
        pixels = self.pixels()
        columns, rows = np.flatnonzero(pixels.any(axis=0)), np.flatnonzero(pixels.any(axis=1))
        return (
            float(columns[0] / self.width),
            float(rows[0] / self.height),
            float((columns[-1] + 1) / self.width),
            float((rows[-1] + 1) / self.height),
        )

    def __repr__(self) -> str:
        return f"Mask({self.width}x{self.height}, {self.area} pixels)"


def mask_iou(one: Mask, other: Mask) -> float:
    """Intersection over union of two masks of one size, 0 to 1; 0 where both are empty.

    Raises:
        ValueError: the sizes differ.
    """
    if (one.height, one.width) != (other.height, other.width):
        raise ValueError(f"{one} and {other} are of different sizes")
    together = _common_pixels(one, other)
    union = one.area + other.area - together
    return together / union if union else 0.0


def _common_pixels(one: Mask, other: Mask) -> int:
    # From run ends alone, some thousand numbers: comparing masks of a megapixel each, for every
    # pair of objects in every frame, would take longer than the tracking on a GPU.
    ends_one, ends_other = np.cumsum(one.runs, dtype=np.int64), np.cumsum(other.runs, dtype=np.int64)
    ends = np.union1d(ends_one, ends_other)
    starts = np.concatenate([[0], ends[:-1]])
    # The run that holds a pixel is the first that ends behind it; runs of odd number are the object.
    in_one = np.searchsorted(ends_one, starts, side="right") % 2 == 1
    in_other = np.searchsorted(ends_other, starts, side="right") % 2 == 1
    return int((ends - starts)[in_one & in_other].sum())
