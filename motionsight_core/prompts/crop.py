"""Object crop (compared in section 3.2): each frame cut to a window about its focus region."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from motionsight_core.clip import FrameSequence
from motionsight_core.prompts._base import PromptedClip
from motionsight_core.prompts._regions import pixel_regions
from motionsight_core.video.pixels import reduced


class Crop:
    """The prompt `crop`."""

    needs = frozenset({"sampled"})
    uses_objects = True
    told = (
        "Frames cut to the region of the acting objects; the window follows them, so that their place in "
        "the picture is not shown."
    )

    def frames(self, clip: PromptedClip) -> FrameSequence:
        """See `VisualPrompt.frames`."""
        # Cut first: what is left is reduced less, and the object keeps more of its pixels.
        most = clip.settings.sampling.max_pixels
        return clip.with_pixels(crop(clip.sampled.pixels, clip.regions, max_pixels=most))


def crop(
    pixels: NDArray[np.uint8], regions: NDArray[np.float64], *, max_pixels: int = 151_200
) -> NDArray[np.uint8]:
    """Cut each frame to a window about its region.

    All windows have one size, the largest region's width and the largest region's height: a window
    that grew and shrank with the object would show a zoom that is not there. At the frame's edge
    the window is shifted inwards.

    Args:
        pixels: [T, H, W, 3], as large as they are at hand: what is cut out is reduced afterwards.
        regions: [T, 4] x0, y0, x1, y1 in fractions of the frame.
        max_pixels: of a frame that comes back; none is enlarged.

    Returns:
        [T, h, w, 3], a new array; a frame's whole region is in it.

    Raises:
        ValueError: there is not one region per frame.
    """
    height, width = pixels.shape[1:3]
    x0, y0, x1, y1 = pixel_regions(regions, pixels).T
    window_width, window_height = max(1, int((x1 - x0).max())), max(1, int((y1 - y0).max()))
    # About the region's centre, then shifted into the frame.
    left = np.clip((x0 + x1 - window_width) // 2, 0, width - window_width)
    top = np.clip((y0 + y1 - window_height) // 2, 0, height - window_height)
    cut = np.empty((len(pixels), window_height, window_width, 3), np.uint8)
    for frame, (x, y) in enumerate(zip(left, top, strict=True)):
        cut[frame] = pixels[frame, y : y + window_height, x : x + window_width]
    return reduced(cut, max_pixels=max_pixels)
