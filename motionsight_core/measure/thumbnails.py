"""Thumbnails of a clip's frames, from which it can be seen later what the pixels in one place did."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.linalg import eigh
from scipy.ndimage import gaussian_filter1d

Floats = NDArray[np.float64]

#: Width of a thumbnail, pixels: a track a tenth of the frame wide has eight of them.
WIDTH = 80
#: Most thumbnails that are kept: two minutes at ten a second, 4 MB of widescreen video.
MOST = 1200
#: Side of what is cut out of one, samples.
SIDE = 14
#: Margin around a track's box, share of its size.
MARGIN = 0.15
#: Smoothing of the place that is cut out, seconds: it goes along with a walk, and not with a swing.
SMOOTHING_S = 1.0
#: What changes more slowly than this is left out of half of the components, seconds.
SLOW_S = 1.0
#: Components that are looked at, of all changes and of the quick ones.
COMPONENTS = 2


class Thumbnails:
    """The first MOST thumbnails of a clip, with their times."""

    def __init__(self) -> None:
        self._times_s: list[float] = []
        self._pictures: list[NDArray[np.uint8]] = []

    def push(self, luma: NDArray[np.uint8], t_s: float) -> NDArray[np.uint8]:
        """Take the next frame [h, w]; its thumbnail. `t_s` in source seconds."""
        height, width = luma.shape
        size = WIDTH, max(SIDE, round(WIDTH * height / width))
        picture = cv2.resize(luma, size, interpolation=cv2.INTER_AREA).astype(np.uint8, copy=False)
        if len(self._times_s) < MOST:
            self._pictures.append(picture)
            self._times_s.append(t_s)
        return picture

    def components(
        self, times_s: Floats, boxes: Floats, *, start_s: float, end_s: float
    ) -> tuple[Floats, Sequence[Floats]]:
        """How the pixels in and around a track change: their principal components over time.

        Args:
            times_s: of the track's boxes [B].
            boxes: [B, 4] x0, y0, x1, y1 in fractions of the frame.
            start_s: from when on it is looked at, source seconds; before the first box in that one's place.
            end_s: until when; after the last box in that one's place.

        Returns:
            Times [N], seconds, and signals [N], root mean square luma levels: COMPONENTS of all changes,
            and as many of the quick ones.
        """
        chosen = [index for index, t_s in enumerate(self._times_s) if start_s <= t_s < end_s]
        if len(chosen) < 2:
            return np.zeros(0), ()
        t_s = np.array([self._times_s[index] for index in chosen])
        step_s = float(np.median(np.diff(t_s)))
        centres = (boxes[:, :2] + boxes[:, 2:]) / 2
        places = np.stack([np.interp(t_s, times_s, side) for side in centres.T], axis=1)
        places = gaussian_filter1d(places, SMOOTHING_S / step_s, axis=0, mode="nearest")
        low = np.percentile(boxes[:, :2] - centres.mean(axis=0), 10, axis=0)
        high = np.percentile(boxes[:, 2:] - centres.mean(axis=0), 90, axis=0)
        # Half of what the boxes cover, but where it walks through the frame no more than a large one.
        large = np.percentile(boxes[:, 2:] - boxes[:, :2], 90, axis=0)
        half = np.minimum((high - low) / 2, large) * (1 + MARGIN)
        steps = np.linspace(-1, 1, SIDE)
        pictures = np.stack([self._pictures[index] for index in chosen])
        across, down = (places[:, side, None] + half[side] * steps for side in (0, 1))
        cut = _between_pixels(pictures, down, across).reshape(len(chosen), SIDE * SIDE)
        cut -= cut.mean(axis=1, keepdims=True)  # exposure that flickers is no motion
        cut -= cut.mean(axis=0)
        # A background that drifts by would outweigh what is quick.
        quick = cut - gaussian_filter1d(cut, SLOW_S / step_s, axis=0, mode="nearest")
        return t_s, [*_components(cut), *_components(quick)]


def _between_pixels(pictures: NDArray[np.uint8], down: Floats, across: Floats) -> Floats:
    """What pictures [N, h, w] show at rows `down` [N, S] and columns `across` [N, S], in fractions of their
    sides: [N, S, S], linearly between pixels, and as the nearest pixel outside."""
    height, width = pictures.shape[1:]
    rows, columns = np.clip(down * height - 0.5, 0, height - 1), np.clip(across * width - 0.5, 0, width - 1)
    top, left = np.minimum(rows.astype(int), height - 2), np.minimum(columns.astype(int), width - 2)
    below, beyond = (rows - top)[:, :, None], (columns - left)[:, None, :]
    number = np.arange(len(pictures))[:, None, None]
    top, left = top[:, :, None], left[:, None, :]
    upper, lower = (
        pictures[number, row, left] * (1 - beyond) + pictures[number, row, left + 1] * beyond
        for row in (top, top + 1)
    )
    return upper * (1 - below) + lower * below


def _components(cut: Floats) -> list[Floats]:
    """The first principal components over time of samples [N, S]."""
    # By the smaller of the two products: a whole decomposition takes ten times as long.
    over_time = len(cut) <= cut.shape[1]
    product = cut @ cut.T if over_time else cut.T @ cut
    most = min(COMPONENTS, len(product))
    powers, directions = eigh(product, subset_by_index=(len(product) - most, len(product) - 1))
    sizes = np.sqrt(np.maximum(powers, 0.0))
    signals = directions * sizes if over_time else cut @ directions
    return [signals[:, k] / SIDE for k in range(most - 1, -1, -1)]
