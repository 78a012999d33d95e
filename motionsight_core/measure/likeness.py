"""A thing found again by what it looked like, where it has no region of its own."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from motionsight_core.measure.corners import Corners

Floats = NDArray[np.float64]
Luma = NDArray[np.uint8]

#: Normalised correlation from which on it is the same.
LEAST_LIKENESS = 0.7
#: How far from where it is expected it is looked for: share of its size, and pixels.
SEARCH_SHARE = 0.35
SEARCH_PIXELS = 6
#: Longer pictures are looked for at a coarser scale, pixels.
LONGEST = 40
#: Sides of a picture below which it is like anything, pixels.
SHORTEST = 5
#: Deviation of its luma below which it is.
LEAST_DEVIATION = 3.0


def picture_of(luma: Luma, box: Corners) -> Luma | None:
    """What lies in a box, in fractions of a frame [h, w]; None where that is too little to find it again."""
    left, top, right, bottom = _pixels(box, luma.shape)
    picture = luma[top:bottom, left:right]
    if min(picture.shape) < SHORTEST:
        return None
    if cv2.meanStdDev(np.ascontiguousarray(picture[::2, ::2]))[1][0, 0] < LEAST_DEVIATION:
        return None
    return picture.copy()


def found_again(picture: Luma, luma: Luma, expected: Floats, size_of: Corners) -> Corners | None:
    """The box, of the size of another one, of the place nearby that looks like a picture; None without one.

    Args:
        picture: of the thing.
        luma: the frame [h, w].
        expected: where it should be, box [4] in fractions of the frame.
        size_of: the box whose size it has.
    """
    height, width = luma.shape
    rows, columns = picture.shape
    reach_x, reach_y = (round(SEARCH_SHARE * side) + SEARCH_PIXELS for side in (columns, rows))
    middle_x, middle_y = (expected[0] + expected[2]) / 2 * width, (expected[1] + expected[3]) / 2 * height
    left, top = round(middle_x - columns / 2) - reach_x, round(middle_y - rows / 2) - reach_y
    right, bottom = left + columns + 2 * reach_x, top + rows + 2 * reach_y
    left, top, right, bottom = max(left, 0), max(top, 0), min(right, width), min(bottom, height)
    if right - left < columns or bottom - top < rows:
        return None
    place = luma[top:bottom, left:right]
    step = max(1, round(max(rows, columns) / LONGEST))
    if step > 1:
        place, picture = (_smaller(one, step) for one in (place, picture))
    likeness = cv2.matchTemplate(place, picture, cv2.TM_CCOEFF_NORMED)
    _, best, _, (x, y) = cv2.minMaxLoc(likeness)
    if best < LEAST_LIKENESS:
        return None
    centre_x, centre_y = left + x * step + columns / 2, top + y * step + rows / 2
    half_x, half_y = (size_of[2] - size_of[0]) / 2, (size_of[3] - size_of[1]) / 2
    x, y = centre_x / width, centre_y / height
    return (x - half_x, y - half_y, x + half_x, y + half_y)


def _smaller(picture: Luma, step: int) -> Luma:
    smaller = cv2.resize(picture, None, fx=1 / step, fy=1 / step, interpolation=cv2.INTER_AREA)
    return smaller.astype(np.uint8, copy=False)


def _pixels(box: Corners, shape: tuple[int, ...]) -> tuple[int, int, int, int]:
    height, width = shape
    return round(box[0] * width), round(box[1] * height), round(box[2] * width), round(box[3] * height)
