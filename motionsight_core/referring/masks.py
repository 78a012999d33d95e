"""Masks, kept as COCO's compressed run lengths: some hundred bytes where the pixels would take a megabyte."""

from __future__ import annotations

from dataclasses import dataclass
from types import ModuleType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from motionsight_core.errors import ModelMissing
from motionsight_core.models.source import HOW_TO_INSTALL


@dataclass(frozen=True, slots=True, eq=False)
class Mask:
    """The pixels of one object in one frame.

    Raises:
        ModelMissing: pycocotools is not installed; also of all methods.
    """

    height: int
    width: int
    counts: bytes
    """Run lengths, as COCO's annotations hold them (pycocotools.mask)."""

    @classmethod
    def of(cls, pixels: NDArray[np.bool_]) -> Mask:
        """From [H, W], true where the object is."""
        height, width = pixels.shape
        return cls(height, width, _coco().encode(np.asfortranarray(pixels, np.uint8))["counts"])

    def pixels(self) -> NDArray[np.bool_]:
        """[H, W], true where the object is."""
        return _coco().decode(self._rle).astype(bool)

    @property
    def area(self) -> int:
        """Pixels of the object."""
        return int(_coco().area(self._rle))

    def box(self) -> tuple[float, float, float, float] | None:
        """x0, y0, x1, y1 around the object in fractions of the frame; None where it has no pixel."""
        x0, y0, width, height = _coco().toBbox(self._rle).tolist()
        if not width:
            return None
        return x0 / self.width, y0 / self.height, (x0 + width) / self.width, (y0 + height) / self.height

    @property
    def _rle(self) -> dict[str, Any]:
        return {"size": [self.height, self.width], "counts": self.counts}

    def __repr__(self) -> str:
        return f"Mask({self.width}x{self.height}, {self.area} pixels)"


def mask_iou(one: Mask, other: Mask) -> float:
    """Intersection over union of two masks of one size, 0 to 1; 0 where both are empty.

    Raises:
        ValueError: the sizes differ.
    """
    if (one.height, one.width) != (other.height, other.width):
        raise ValueError(f"{one} and {other} are of different sizes")
    return float(_coco().iou([one._rle], [other._rle], [False])[0, 0])


def _coco() -> ModuleType:
    # Only trackers of the extra `models` give masks: what measures alone goes without the package.
    try:
        from pycocotools import mask
    except ImportError:
        raise ModelMissing(f"Masks need the package pycocotools: {HOW_TO_INSTALL}") from None
    return mask
