"""Background blur (compared in section 3.2): all but the focus region is out of focus.

The edge of the region is hard, as the spotlight's is: inside nothing changes, and the two prompts
differ in what they do outside and in nothing else.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from motionsight_core.clip import FrameSequence
from motionsight_core.prompts._base import PromptedClip
from motionsight_core.prompts._regions import pixel_regions
from motionsight_core.video.pixels import resized

#: Standard deviation, pixels, that is left after reducing: enough for the small picture to hold the
#: blurred one, and several times faster than a wide kernel on the large one.
_REDUCED_SIGMA = 5.0


class BackgroundBlur:
    """The prompt `background_blur`."""

    needs = frozenset({"sampled"})
    uses_objects = True
    told = (
        "Frames of the clip in which all but the region of the acting objects has been made unsharp. "
        "The unsharpness is not part of the scene."
    )

    def frames(self, clip: PromptedClip) -> FrameSequence:
        """See `VisualPrompt.frames`."""
        sigma = clip.settings.prompts.background_sigma
        return clip.with_pixels(blur_background(clip.seen, clip.regions, sigma=sigma))


def blur_background(
    pixels: NDArray[np.uint8], regions: NDArray[np.float64], *, sigma: float = 0.02
) -> NDArray[np.uint8]:
    """Blur each frame outside its region.

    Args:
        pixels: [T, H, W, 3].
        regions: [T, 4] x0, y0, x1, y1 in fractions of the frame.
        sigma: standard deviation of the Gaussian, of the frame's larger side.

    Returns:
        [T, H, W, 3], a new array; inside the regions the pixels are untouched.

    Raises:
        ValueError: there is not one region per frame.
    """
    blurred = np.empty_like(pixels)
    sigma_pixels = sigma * max(pixels.shape[1:3])
    for frame, (x0, y0, x1, y1) in enumerate(pixel_regions(regions, pixels)):
        blurred[frame] = gaussian(pixels[frame], sigma_pixels)
        blurred[frame, y0:y1, x0:x1] = pixels[frame, y0:y1, x0:x1]
    return blurred


def gaussian(image: NDArray[np.uint8], sigma: float) -> NDArray[np.uint8]:
    """An image [H, W, 3] under a Gaussian of `sigma` pixels.

    Wide ones are made on a reduced image; the result is within a few levels of 255 of the full one.
    """
    height, width = image.shape[:2]
    step = min(int(sigma / _REDUCED_SIGMA), height, width)
    if step < 2:
        return np.asarray(cv2.GaussianBlur(image, (0, 0), sigma), np.uint8)
    small = resized(image, (round(width / step), round(height / step)))
    # Reducing by area blurs with a variance of step^2 / 12, enlarging linearly with step^2 / 6.
    left = (sigma**2 - step**2 / 4) ** 0.5 / step
    # Mirrored at the edge itself, not about the middle of the last, now large, pixel.
    blurred = cv2.GaussianBlur(small, (0, 0), left, borderType=cv2.BORDER_REFLECT)
    return np.asarray(cv2.resize(blurred, (width, height), interpolation=cv2.INTER_LINEAR), np.uint8)
