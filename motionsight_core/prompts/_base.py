"""What every visual prompt has, and what it is given."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Protocol

import numpy as np
from numpy.typing import NDArray

from motionsight_core.clip import DecodedClip, FrameSequence, Product
from motionsight_core.prompts.keypoints import PoseOverlay
from motionsight_core.referring import Trajectory
from motionsight_core.settings import Settings
from motionsight_core.video.pixels import reduced


@dataclass(frozen=True, slots=True)
class PromptedClip:
    """A clip, and where its acting objects are."""

    decoded: DecodedClip
    """With what the prompt needs."""
    trajectories: Sequence[Trajectory]
    """The acting objects; none for a prompt that does not use them."""
    regions: NDArray[np.float64]
    """[T, 4] focus regions of the sampled frames: x0, y0, x1, y1 in fractions of the frame."""
    settings: Settings
    """Among them `sampling.max_pixels`, the size of a frame as the MLLM sees it."""
    pose: PoseOverlay | None = None
    """The keypoint model, for `pose`."""

    @property
    def sampled(self) -> FrameSequence:
        """V_s at the size that objects are looked for, mostly larger than the MLLM sees.

        Raises:
            ValueError: the clip was decoded without.
        """
        return _product(self.decoded.sampled, "sampled")

    @property
    def blurred(self) -> FrameSequence:
        """V' (eq. 5) at the size that the MLLM sees.

        Raises:
            ValueError: the clip was decoded without.
        """
        return _product(self.decoded.blurred, "blurred")

    @property
    def seen(self) -> NDArray[np.uint8]:
        """[T, h, w, 3] the sampled frames at the size that the MLLM sees.

        Raises:
            ValueError: the clip was decoded without.
        """
        return reduced(self.sampled.pixels, max_pixels=self.settings.sampling.max_pixels)

    def with_pixels(self, pixels: NDArray[np.uint8]) -> FrameSequence:
        """Changed frames [T, h, w, 3] at the times of the sampled ones."""
        return FrameSequence(pixels, self.sampled.times_s)


class VisualPrompt(Protocol):
    """What is done to a clip's frames before the MLLM sees them; a class without arguments."""

    needs: ClassVar[frozenset[Product]]
    """The decode products that it is made of."""
    uses_objects: ClassVar[bool]
    """Whether it shows where the objects are, so that they must be referred to first."""
    told: ClassVar[str]
    """What the MLLM is told of its frames: what was done to them, and what is not part of the scene."""

    def frames(self, clip: PromptedClip) -> FrameSequence:
        """The frames as the MLLM sees them, [T, h, w, 3] of at most `sampling.max_pixels`, in a new array.

        Raises:
            ValueError: the clip was decoded without what the prompt is made of.
        """
        ...


def _product(frames: FrameSequence | None, product: Product) -> FrameSequence:
    if frames is None:
        raise ValueError(f"the clip was decoded without {product} frames; ask for the product '{product}'")
    return frames
