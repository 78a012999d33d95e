"""What both forms of SAM 2 share: boxes in, masks at the size of the sampled frames out."""

from __future__ import annotations

import threading
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn.functional import interpolate

from motionsight_core.clip import DecodedClip
from motionsight_core.referring._base import Trajectory, sampled_of
from motionsight_core.referring.masks import Mask


class MaskTracker(ABC):
    """A model that follows the masks of prompted objects through frames. Safe to call from many threads."""

    def __init__(self, device: torch.device) -> None:
        self._device = device
        self._lock = threading.Lock()

    def segment(self, clip: DecodedClip, frame: int, boxes: NDArray[np.float64]) -> list[Mask | None]:
        """The mask of the object in each box of one sampled frame, at its size; None where it is empty."""
        if not len(boxes):
            return []
        pixels = sampled_of(clip).pixels[frame : frame + 1]
        prepared = self._prepare(pixels)
        with self._running():
            session = self._session(prepared, pixels.shape[1:3])
            logits = self._prompt(session, 0, _in_pixels(boxes, pixels.shape[1:3]))
            return _masks_of(logits, pixels.shape[1:3])

    def track(self, clip: DecodedClip, frame: int, boxes: NDArray[np.float64]) -> list[Trajectory]:
        """The object in each box, followed from one sampled frame to the end and to the start.

        All objects are followed in one session. Where an object's mask is empty it is not seen.
        """
        if not len(boxes):
            return []
        pixels = sampled_of(clip).pixels
        size = pixels.shape[1:3]
        prepared = self._prepare(pixels)
        by_frame: dict[int, list[Mask | None]] = {}
        with self._running():
            session = self._session(prepared, size)
            by_frame[frame] = _masks_of(self._prompt(session, frame, _in_pixels(boxes, size)), size)
            for number, logits in self._propagate(session, frame):
                if number != frame:
                    by_frame[number] = _masks_of(logits, size)
        return [
            trajectory_of([by_frame[number][index] for number in range(len(pixels))])
            for index in range(len(boxes))
        ]

    @abstractmethod
    def _prepare(self, pixels: NDArray[np.uint8]) -> Any:
        """What can be done to frames [T, H, W, 3] RGB before the model is free; any thread."""

    @abstractmethod
    def _session(self, prepared: Any, size: tuple[int, int]) -> Any:
        """A fresh state of the model over frames of that height and width."""

    @abstractmethod
    def _prompt(self, session: Any, frame: int, boxes: NDArray[np.float32]) -> torch.Tensor:
        """Makes an object of each box [O, 4], in pixels; logits [O, 1, h, w] of its mask there."""

    @abstractmethod
    def _propagate(self, session: Any, frame: int) -> Iterator[tuple[int, torch.Tensor]]:
        """Frames and their logits [O, 1, h, w], of all frames before and behind the prompted one."""

    @contextmanager
    def _running(self) -> Iterator[None]:
        """The model to ourselves, without gradients, in half precision on a GPU as its authors run it."""
        on_gpu = self._device.type == "cuda"
        with (
            self._lock,
            torch.inference_mode(),
            torch.autocast(self._device.type, torch.bfloat16, enabled=on_gpu),
        ):
            yield


def trajectory_of(masks: Sequence[Mask | None]) -> Trajectory:
    """The trajectory of one object's masks, with the boxes around them."""
    boxes = np.full((len(masks), 4), np.nan)
    for frame, mask in enumerate(masks):
        box = mask.box() if mask is not None else None
        if box is not None:
            boxes[frame] = box
    return Trajectory(boxes, tuple(masks))


def _in_pixels(boxes: NDArray[np.float64], size: tuple[int, int]) -> NDArray[np.float32]:
    height, width = size
    return (boxes * [width, height, width, height]).astype(np.float32)


def _masks_of(logits: torch.Tensor, size: tuple[int, int]) -> list[Mask | None]:
    """The masks [H, W] where logits [O, 1, h, w] are positive; None for an empty one."""
    full = interpolate(logits.float(), size, mode="bilinear", align_corners=False)
    masks = [Mask.of(pixels) for pixels in (full[:, 0] > 0).cpu().numpy()]
    return [mask if mask.area else None for mask in masks]
