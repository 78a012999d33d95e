"""Visual spotlight (section 3.2): all but the focus region is darkened."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from motionsight_core.clip import FrameSequence
from motionsight_core.prompts._base import PromptedClip
from motionsight_core.prompts._regions import pixel_regions


class Spotlight:
    """The prompt `spotlight`."""

    needs = frozenset({"sampled"})
    uses_objects = True
    told = (
        "Frames of the clip in which all but the region of the acting objects has been darkened. "
        "The darkness is not part of the scene."
    )

    def frames(self, clip: PromptedClip) -> FrameSequence:
        """See `VisualPrompt.frames`."""
        factor = clip.settings.spotlight.darken_factor
        return clip.with_pixels(spotlight(clip.seen, clip.regions, darken_factor=factor))


def spotlight(
    pixels: NDArray[np.uint8], regions: NDArray[np.float64], *, darken_factor: float = 0.9
) -> NDArray[np.uint8]:
    """Darken each frame outside its region.

    Args:
        pixels: [T, H, W, 3].
        regions: [T, 4] x0, y0, x1, y1 in fractions of the frame.
        darken_factor: share of the light taken away outside, 0 to 1.

    Returns:
        [T, H, W, 3], a new array; inside the regions the pixels are untouched.

    Raises:
        ValueError: there is not one region per frame.
    """
    inside = pixel_regions(regions, pixels)
    # All 256 values once, rounded: the same for every pixel and cheaper than a product per pixel.
    darkened_values = np.rint(np.arange(256) * (1 - darken_factor)).astype(np.uint8)
    lit = np.asarray(cv2.LUT(pixels.reshape(len(pixels), -1), darkened_values), np.uint8)
    lit = lit.reshape(pixels.shape)
    for frame, (x0, y0, x1, y1) in enumerate(inside):
        lit[frame, y0:y1, x0:x1] = pixels[frame, y0:y1, x0:x1]
    return lit
