"""Shot changes: pairs of frames of which neither the camera's nor the objects' motion explains much.

A low share of background alone is not enough: a large sprite, a whip pan or a flash has it too. So the
pair is a cut only when the dense flow, free to bend as it likes, cannot rebuild the new frame either.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

Luma = NDArray[np.uint8]
Flow = NDArray[np.float32]

#: Share of background below which a pair is looked at closely.
SUSPECT_INLIERS = 0.45
#: Mean difference of the pictures reduced to icons, of 255, above which a pair is looked at closely.
SUSPECT_DIFFERENCE = 10.0
#: ... and below which it is not, even if all blocks look new: noise leaves an icon as it is. Nor is it where
#: the pairs before differ nearly as much, since something large moves.
LEAST_DIFFERENCE = 2.0
OVER_USUAL = 1.6
#: Size of these icons, pixels: position hardly counts any more.
ICON = (16, 9)
#: Side of the blocks that are compared, pixels.
BLOCK = 16
#: Standard deviation of luma at which a block has as much structure as noise, of 255.
FLAT_DEVIATION = 4.0
#: Structural agreement (0 to 1) below which a block of the new frame is not the old one moved.
LEAST_AGREEMENT = 0.45
#: Difference of brightness that a flat block may show, of 255, after the change of the whole picture.
FLAT_DIFFERENCE = 16.0
#: Flat blocks whose brightness differs by less, of 255, say nothing, such as black bars ...
SAME_BRIGHTNESS = 2.0
#: ... of what is left, at least this share of the frame counts.
LEAST_TELLING = 0.4
#: Share of blocks that must be new, and how much more where some look new in the pairs before.
CUT_SHARE = 0.54
CUT_OVER_USUAL = 0.5
#: Share of new blocks below which two frames certainly show the same.
SAME_SHARE = 0.3
#: How much the last pair counts in that.
USUAL_SHARE = 0.5


def icon_difference(previous: Luma, current: Luma) -> float:
    """Mean difference of two pictures reduced to icons, levels of 255."""
    icons = [cv2.resize(luma, ICON, interpolation=cv2.INTER_AREA) for luma in (previous, current)]
    return float(np.mean(cv2.absdiff(*icons)))


def is_suspect(difference: float, usual: float, inliers: float) -> bool:
    """Whether a pair is worth the close look: cheap, and wrong only towards yes.

    Args:
        difference: of the two pictures as icons, levels of 255.
        usual: that of the pairs before.
        inliers: share of background, 0 to 1.
    """
    if difference > SUSPECT_DIFFERENCE:
        return True
    return inliers < SUSPECT_INLIERS and difference > max(LEAST_DIFFERENCE, OVER_USUAL * usual)


def new_share(previous: Luma, current: Luma, flow: Flow) -> float:
    """Share of `current`'s blocks, 0 to 1, that `previous` moved by `flow` [h, w, 2] does not show."""
    height, width = current.shape
    # The flow leads from the previous frame to the present one; read backwards it is right to first
    # order, which is all that a block of 16 pixels needs.
    x, y = np.meshgrid(np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32))
    moved = cv2.remap(
        previous, x - flow[..., 0], y - flow[..., 1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
    )
    old, new = moved.astype(np.float32), current.astype(np.float32)
    old_mean, new_mean = _blocks(old), _blocks(new)
    old_variance = np.maximum(_blocks(old * old) - old_mean**2, 0)
    new_variance = np.maximum(_blocks(new * new) - new_mean**2, 0)
    covariance = _blocks(old * new) - old_mean * new_mean
    noise = FLAT_DEVIATION**2
    agreement = (covariance + noise) / (np.sqrt(old_variance * new_variance) + noise)
    # One flat block beside a structured one is new as well, though the formula forgives it.
    structure = (2 * np.sqrt(old_variance * new_variance) + noise) / (old_variance + new_variance + noise)
    flat = np.maximum(old_variance, new_variance) < noise
    brightness = new_mean - old_mean
    jump = np.abs(brightness - np.median(brightness)) > FLAT_DIFFERENCE
    is_new = np.where(flat, jump, agreement * np.sqrt(structure) < LEAST_AGREEMENT)
    # Black bars stay through every cut.
    telling = ~(flat & (np.abs(brightness) < SAME_BRIGHTNESS))
    return float(np.sum(is_new & telling) / max(np.sum(telling), LEAST_TELLING * is_new.size))


def shows_same(previous: Luma, current: Luma, flow: Flow) -> bool:
    """Whether two frames [h, w] show the same, apart from what moves; `flow` [h, w, 2] between them."""
    return new_share(previous, current, flow) < SAME_SHARE


class CutFinder:
    """Finds the pairs of frames at which a new shot begins, one pair after the other."""

    def __init__(self) -> None:
        self._usual = 0.0
        self._usual_difference = 0.0

    def is_cut(self, previous: Luma, current: Luma, flow: Flow, inliers: float) -> bool:
        """Whether a new shot begins with `current`; both [h, w], `flow` from previous to current."""
        difference = icon_difference(previous, current)
        suspect = is_suspect(difference, self._usual_difference, inliers)
        self._usual_difference += USUAL_SHARE * (difference - self._usual_difference)
        share = new_share(previous, current, flow) if suspect else 0.0
        if share > CUT_SHARE + CUT_OVER_USUAL * self._usual:
            return True
        # Noise over low texture, and what is nearly lost, look new from pair to pair: a cut stands out.
        self._usual += USUAL_SHARE * (share - self._usual)
        return False


def _blocks(values: NDArray[np.float32]) -> NDArray[np.float32]:
    """Means of the blocks."""
    height, width = values.shape
    return cv2.resize(
        values, (max(width // BLOCK, 1), max(height // BLOCK, 1)), interpolation=cv2.INTER_AREA
    ).astype(np.float32, copy=False)
