"""How sharp a frame is: the re-blur measure of Crete et al. (SPIE 6492, 2007) on a denoised frame.

A sharp picture loses much of its neighbouring differences when it is blurred again, a blurred one loses
little. The median filter before keeps noise and compression grain from passing for detail.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

#: Length of the re-blur, pixels, as in the paper.
REBLUR = 9
#: Re-blur scores that map to clarity 1 and 0. Sharp clips lie at .38 to .46, blurred ones at .61 to .67.
SHARPEST = 0.30
BLURRIEST = 0.75


def clarity(luma: NDArray[np.uint8]) -> float:
    """Sharpness of one frame [h, w]: 0 blurred .. 1 sharp; a picture without any edge is 0."""
    picture = cv2.medianBlur(luma, 3).astype(np.float32)
    score = max(_reblur(picture, (REBLUR, 1)), _reblur(picture, (1, REBLUR)))
    return float(np.clip((BLURRIEST - score) / (BLURRIEST - SHARPEST), 0.0, 1.0))


def _reblur(picture: NDArray[np.float32], kernel: tuple[int, int]) -> float:
    """Share of the neighbouring differences that survives a blur along one axis, 0 sharp .. 1 blurred."""
    axis = 1 if kernel[0] > 1 else 0
    before = np.abs(np.diff(picture, axis=axis))
    after = np.abs(np.diff(cv2.blur(picture, kernel), axis=axis))
    total = float(before.sum())
    if total == 0:
        return 1.0
    return (total - float(np.maximum(before - after, 0).sum())) / total
