"""Object blur (compared in section 3.2): motion blur on the objects, everything else sharp."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from motionsight_core.clip import FrameSequence
from motionsight_core.prompts._base import PromptedClip
from motionsight_core.prompts._regions import pixel_regions
from motionsight_core.referring import Mask, Trajectory
from motionsight_core.video.pixels import resized


class ObjectBlur:
    """The prompt `object_blur`."""

    needs = frozenset({"sampled", "blurred"})
    uses_objects = True
    told = "Frames of the clip in which the acting objects leave a trail of their last positions."

    def frames(self, clip: PromptedClip) -> FrameSequence:
        """See `VisualPrompt.frames`."""
        sharp, blurred = clip.sampled.pixels, clip.blurred.pixels
        return clip.with_pixels(blur_objects(sharp, blurred, clip.trajectories))


def blur_objects(
    pixels: NDArray[np.uint8], blurred: NDArray[np.uint8], trajectories: Sequence[Trajectory]
) -> NDArray[np.uint8]:
    """The blurred frames inside the objects' masks, the sharp frames elsewhere.

    Args:
        pixels: [T, H, W, 3] sampled frames, at least as large as the blurred ones.
        blurred: [T, h, w, 3] the same frames under motion blur (eq. 5).
        trajectories: the objects; where one has no mask its box is blurred.

    Returns:
        [T, h, w, 3], a new array.

    Raises:
        ValueError: there are not as many blurred as sampled frames, or a trajectory's length is not theirs.
    """
    if len(pixels) != len(blurred):
        raise ValueError(f"{len(pixels)} sampled frames need as many blurred ones, got {len(blurred)}")
    height, width = blurred.shape[1:3]
    composite = np.empty(blurred.shape, np.uint8)
    for sharp, target in zip(pixels, composite, strict=True):
        target[:] = sharp if sharp.shape == target.shape else resized(sharp, (width, height))
    for trajectory in trajectories:
        boxes = pixel_regions(np.nan_to_num(trajectory.boxes), blurred)
        for frame in np.flatnonzero(trajectory.seen):
            mask = trajectory.masks[frame]
            x0, y0, x1, y1 = boxes[frame]
            if mask is None:
                composite[frame, y0:y1, x0:x1] = blurred[frame, y0:y1, x0:x1]
            else:
                cv2.copyTo(blurred[frame], _covered(mask, (width, height)), composite[frame])
    return composite


def _covered(mask: Mask, size: tuple[int, int]) -> NDArray[np.uint8]:
    """[h, w] 1 for the pixels at `size` (width, height) of which the object covers at least half, 0 else."""
    covered = mask.pixels().astype(np.uint8)
    if size == (mask.width, mask.height):
        return covered
    shares = np.asarray(cv2.resize(covered * 255, size, interpolation=cv2.INTER_AREA))
    return (shares >= 128).astype(np.uint8)
