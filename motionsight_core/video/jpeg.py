"""Frames as JPEG files: for an MLLM's endpoint, for workers with models, for the report."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

#: 37.8 dB at 48 KB for a frame of 518x290; PNG takes ten times as long to write.
JPEG_QUALITY = 90
#: The longest side that a JPEG may have, pixels.
LONGEST_SIDE = 65_500


def jpeg_of(pixels: NDArray[np.uint8], *, quality: int = JPEG_QUALITY, optimize: bool = False) -> bytes:
    """A JPEG of RGB pixels [H, W, 3].

    Args:
        pixels: no side longer than `LONGEST_SIDE`.
        quality: 0 to 100.
        optimize: smaller by a few percent, and slower to write.

    Raises:
        ValueError: no JPEG holds a frame of that size.
    """
    options = [cv2.IMWRITE_JPEG_QUALITY, quality, cv2.IMWRITE_JPEG_OPTIMIZE, int(optimize)]
    bgr = cv2.cvtColor(pixels, cv2.COLOR_RGB2BGR)
    if max(pixels.shape) > LONGEST_SIDE:
        raise ValueError(f"A frame of {pixels.shape[1]}x{pixels.shape[0]} cannot be written as a JPEG.")
    _, file = cv2.imencode(".jpg", bgr, options)
    return file.tobytes()
