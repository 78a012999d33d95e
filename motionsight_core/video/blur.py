"""Motion blur (section 3.3, eq. 5): a sampled frame as the weighted sum of the raw frames before it.

V'_t = sum over k = 0..N-1 of w_k V_{t-k}, with w_k proportional to decay^k and normalised. The blend
is made on the video's own YUV planes: conversion to RGB is linear, so doing it once, afterwards,
gives the same picture for a fraction of the cost.
"""

from __future__ import annotations

from typing import Literal

import cv2
import numpy as np
from av.video.frame import VideoFrame
from numpy.typing import NDArray

from motionsight_core.video.pixels import PLANAR_8_BIT, frame_of_planes, plane, reformatted, resized


def blur_weights(
    window: int, *, decay: float = 0.65, weights: Literal["geometric", "trail"] = "geometric"
) -> NDArray[np.float64]:
    """Weights [window] of the frames, the sampled one first, then backwards in time; they sum to 1.

    `geometric` is eq. 5: w_k = decay^k / sum. `trail` is what the authors' code computes: it starts
    from the sampled frame and blends each earlier one over it with opacity decay^(k+1), so that
    older frames keep more weight.
    """
    k = np.arange(window)
    if weights == "geometric":
        powers = decay**k
        return powers / powers.sum()
    opacity = np.where(k == 0, 1.0, decay ** (k + 1.0))
    # What blends over frame k later: the opacities of all frames further back.
    survives = np.append(np.cumprod(1 - opacity[:0:-1])[::-1], 1.0)
    return opacity * survives


class MotionBlur:
    """Accumulates one window, oldest frame first, and gives the blurred frame.

    Args:
        weights: of the frames in the order they are added, so `blur_weights(n)[::-1]`.
    """

    def __init__(self, weights: NDArray[np.float64]) -> None:
        # Running normalised blend: after frame j the sum is a weighted mean of frames 0..j, and the
        # next frame enters with its share of the weight so far.
        self._shares = weights / np.cumsum(weights)
        self._added = 0
        self._planes: list[NDArray[np.float32]] = []

    def add(self, frame: VideoFrame) -> None:
        """Blend in the next raw frame."""
        if frame.format.name not in PLANAR_8_BIT:
            frame = reformatted(frame, "yuv444p")
        sources = [plane(frame, index) for index in range(len(frame.planes))]
        shapes = [total.shape for total in self._planes]
        if shapes != [source.shape for source in sources]:
            # First frame, or the stream changed its size or format: what came before cannot be blended.
            self._planes = [source.astype(np.float32) for source in sources]
        else:
            share = float(self._shares[self._added])
            for source, total in zip(sources, self._planes, strict=True):
                cv2.accumulateWeighted(source, total, share)
        self._added += 1
        self._last = frame

    def frame(self, size: tuple[int, int]) -> VideoFrame:
        """The blurred frame, in the colours of the last frame added; yuv444p where it is resized.

        Args:
            size: (width, height); resizing the blend is the same as resizing every frame first.

        Raises:
            ValueError: not every frame of the window was added.
        """
        if self._added != len(self._shares):
            raise ValueError(f"the window has {len(self._shares)} frames, {self._added} were added")
        same_size = size == (self._last.width, self._last.height)
        # Rounds to 8 bits; a weighted mean of 8-bit planes cannot overflow.
        blend = [np.asarray(cv2.convertScaleAbs(total), np.uint8) for total in self._planes]
        planes = blend if same_size else [resized(pixels, size) for pixels in blend]
        return frame_of_planes(
            planes, format=self._last.format.name if same_size else "yuv444p", like=self._last
        )
