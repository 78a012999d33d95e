"""Hard cuts, found by PySceneDetect in frames that are decoded anyway.

Only this module knows PySceneDetect, and only who looks for scenes imports this module.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import NamedTuple

import cv2
import numpy as np
from av.video.frame import VideoFrame
from numpy.typing import NDArray
from scenedetect.common import FrameTimecode
from scenedetect.detectors import AdaptiveDetector

from motionsight_core.measure.flashes import deviation_of, shows_nothing
from motionsight_core.measure.whips import is_smeared, sharpness, smear_of
from motionsight_core.settings import ClipSettings
from motionsight_core.video.pixels import to_small_bgr

#: A cut is told from a fast camera by the frames around it: so many frames before and after.
LOOKAHEAD = 2
#: Time before a cut in which a whip has begun, seconds.
WHIP_S = 0.6
#: Correlation from which on two frames show the same, where the middle of one lies in the other; so far from
#: the edges, share of the sides, the middle begins.
SAME_PICTURE, MARGIN = 0.6, 0.2
#: Deviation of the luma of a frame of one colour, levels of 255; one with more may be a shot by night, for
#: which nobody can wait here.
ONE_COLOUR = 3.0
#: Width at which frames are compared, pixels: enough for a cut, which changes the whole picture.
_WIDTH = 160


class _PutOff(NamedTuple):
    """A cut to frames of one colour."""

    number: int
    """Of the first one."""
    before: NDArray[np.uint8]
    """What the last frame before it showed, small luma [h, w]."""


@dataclass(frozen=True, slots=True)
class _Seen:
    """A frame that came by."""

    number: int
    time_s: float
    luma: NDArray[np.uint8]
    """Small, [h, w]; of its colours the one that is nearest."""
    is_empty: bool
    """Whether it is of one colour, after a frame that was not."""


class ShotFinder:
    """Frames go in one at a time; the numbers of those that begin a new shot come out.

    AdaptiveDetector compares each change of the picture with the changes around it, so that a fast pan or
    a shaking camera is no cut. Nor is a change in the middle of a whip pan, which smears the frames around
    it. Dissolves and fades are not found: they are no change of one frame. A cut to frames of one
    colour is put off until one shows something: there a shot begins, unless it is the same picture, after a
    flash.
    """

    def __init__(self, settings: ClipSettings) -> None:
        self._min_scene_s = settings.min_scene_s
        self._detector = AdaptiveDetector(
            adaptive_threshold=settings.scene_threshold,
            min_scene_len=0,  # it counts frames, at one rate; see below
            window_width=LOOKAHEAD,
        )
        self._size: tuple[int, int] | None = None
        self._times_s: dict[int, float] = {}
        self._seen: deque[_Seen] = deque()
        """The frames of the last WHIP_S."""
        self._deviation = 0.0
        """Of the last frame that showed something."""
        self._put_off: _PutOff | None = None
        self._known: int | None = None
        """The frame at which a cut that was put off was settled."""
        self._begins_s: float | None = None

    def push(self, number: int, frame: VideoFrame, time_s: float) -> int | None:
        """Takes the next frame; the frame at which a shot begins, at most LOOKAHEAD before it, if any.

        Args:
            number: of the frame in the video, rising.
            time_s: source seconds.
        """
        if self._size is None:
            self._size = _small_size(frame.width, frame.height)
        if self._begins_s is None:
            self._begins_s = time_s
        self._times_s[number] = time_s
        if len(self._times_s) > LOOKAHEAD + 1:
            del self._times_s[next(iter(self._times_s))]
        picture = to_small_bgr(frame, size=self._size)
        self._keep(number, time_s, picture)
        # The rate is of no account where lengths are not asked for.
        found = self._detector.process_frame(FrameTimecode(number, Fraction(25)), picture)
        for cut in self._settled([cut.frame_num for cut in found]):
            begins_s = self._times_s[cut]
            if begins_s - self._begins_s >= self._min_scene_s and not self._is_in_whip(cut):
                self._begins_s = begins_s
                return cut
        return None

    def _settled(self, cuts: Sequence[int]) -> Iterator[int]:
        """The cuts to a frame that shows something, and that which was put off until now."""
        for cut in cuts:
            if next(one.is_empty for one in self._seen if one.number == cut):
                shown = [one.luma for one in self._seen if one.number < cut and not one.is_empty]
                self._put_off = _PutOff(cut, shown[-1]) if shown else None
            elif cut != self._known:
                yield cut
        if self._put_off is None:
            return
        begin, before = self._put_off
        after = next((one for one in self._seen if one.number > begin and not one.is_empty), None)
        if after is not None:
            self._put_off, self._known = None, after.number
            if not _shows_same(before, after.luma):
                yield after.number

    def _keep(self, number: int, time_s: float, picture: NDArray[np.uint8]) -> None:
        luma = np.ascontiguousarray(picture[..., 1])
        deviation = deviation_of(luma)
        is_empty = deviation < ONE_COLOUR and shows_nothing(deviation, self._deviation)
        if not is_empty:
            self._deviation = deviation
        self._seen.append(_Seen(number, time_s, luma, is_empty))
        while time_s - self._seen[0].time_s > WHIP_S and len(self._seen) > LOOKAHEAD + 2:
            self._seen.popleft()

    def _is_in_whip(self, cut: int) -> bool:
        """Whether the frames around a cut are smeared one way, and not long before the last one was not."""
        before = [one.luma for one in self._seen if one.number < cut]
        after = next(one.luma for one in self._seen if one.number == cut)
        if not before:
            return False
        last, first = sharpness(before[-1]), sharpness(after)
        if smear_of(last) is None or smear_of(last) != smear_of(first):
            return False
        return any(is_smeared(last, sharpness(luma)) for luma in before[:-1])


def _shows_same(before: NDArray[np.uint8], after: NDArray[np.uint8]) -> bool:
    """Whether the middle of one frame [h, w] is seen in another, wherever the camera has moved it."""
    margins = [round(MARGIN * side) for side in before.shape]
    middle = before[
        tuple(slice(margin, side - margin) for margin, side in zip(margins, before.shape, strict=True))
    ]
    return float(cv2.matchTemplate(after, middle, cv2.TM_CCOEFF_NORMED).max()) >= SAME_PICTURE


def _small_size(width: int, height: int) -> tuple[int, int]:
    small_width = min(width, _WIDTH)
    return small_width, max(1, round(small_width * height / width))
