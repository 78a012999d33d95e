"""Focus regions in whole pixels, the same for every prompt that uses them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def pixel_regions(regions: NDArray[np.float64], pixels: NDArray[np.uint8]) -> NDArray[np.intp]:
    """[T, 4] x0, y0, x1, y1 in whole pixels of the frames, x1 and y1 one past the last.

    Args:
        regions: [T, 4] x0, y0, x1, y1 in fractions of the frame.
        pixels: [T, H, W, 3].

    Raises:
        ValueError: there is not one region per frame.
    """
    if len(pixels) != len(regions):
        raise ValueError(f"{len(pixels)} frames need {len(pixels)} regions, got {len(regions)}")
    height, width = pixels.shape[1:3]
    return np.rint(regions * (width, height, width, height)).astype(np.intp)
