"""What detectors and trackers take and give (section 3.2, eq. 2)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from motionsight_core.clip import DecodedClip, FrameSequence
from motionsight_core.naming.types import Detection
from motionsight_core.referring.masks import Mask


@dataclass(frozen=True, slots=True)
class View:
    """One sampled frame, and what to look for in it."""

    clip: DecodedClip
    """With sampled frames."""
    frame: int
    """Position in `clip.sampled`."""
    names: tuple[str, ...]
    """Objects to find, in plain words."""


@dataclass(frozen=True, slots=True)
class Trajectory:
    """One object through all sampled frames of a clip."""

    boxes: NDArray[np.float64]
    """[T, 4] x0, y0, x1, y1 in fractions of the frame; NaN where the object is not seen."""
    masks: tuple[Mask | None, ...]
    """[T] the object's pixels; None where it is not seen, or where the tracker knows boxes only."""

    @property
    def seen(self) -> NDArray[np.bool_]:
        """[T] whether the object is in the frame."""
        return ~np.isnan(self.boxes[:, 0])


class Detector(Protocol):
    """Finds named objects in frames. Safe to call from many threads."""

    def detect(self, views: Sequence[View]) -> list[list[Detection]]:
        """The objects of each view, best first, of at least `referring.box_threshold`.

        Views of several clips may come together; they are batched as the model sees fit.
        """
        ...


class Tracker(Protocol):
    """Follows objects through the sampled frames of a clip. Safe to call from many threads."""

    def segment(self, clip: DecodedClip, frame: int, boxes: NDArray[np.float64]) -> list[Mask | None]:
        """The mask of the object in each box of one sampled frame, without tracking.

        Args:
            clip: with sampled frames.
            frame: position in `clip.sampled`.
            boxes: [O, 4] in fractions of the frame.
        """
        ...

    def track(self, clip: DecodedClip, frame: int, boxes: NDArray[np.float64]) -> list[Trajectory]:
        """One trajectory per box: the object in it, followed from that frame both ways.

        Args:
            clip: with sampled frames.
            frame: position in `clip.sampled` at which the boxes hold.
            boxes: [O, 4] in fractions of the frame.
        """
        ...


def sampled_of(clip: DecodedClip) -> FrameSequence:
    """The sampled frames of a clip.

    Raises:
        ValueError: it was decoded without them.
    """
    if clip.sampled is None:
        raise ValueError("object referring needs a clip decoded with the product 'sampled'")
    return clip.sampled
