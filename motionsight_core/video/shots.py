"""Hard cuts, found by PySceneDetect in frames that are decoded anyway.

Only this module knows PySceneDetect, and only who looks for scenes imports this module.
"""

from __future__ import annotations

from collections import deque
from fractions import Fraction

import numpy as np
from av.video.frame import VideoFrame
from numpy.typing import NDArray
from scenedetect.common import FrameTimecode
from scenedetect.detectors import AdaptiveDetector

from motionsight_core.measure.whips import is_smeared, sharpness, smear_of
from motionsight_core.settings import ClipSettings
from motionsight_core.video.pixels import to_small_bgr

#: A cut is told from a fast camera by the frames around it: so many frames before and after.
LOOKAHEAD = 2
#: Time before a cut in which a whip has begun, seconds.
WHIP_S = 0.6
#: Width at which frames are compared, pixels: enough for a cut, which changes the whole picture.
_WIDTH = 160


class ShotFinder:
    """Frames go in one at a time; the numbers of those that begin a new shot come out.

    AdaptiveDetector compares each change of the picture with the changes around it, so that a fast pan or
    a shaking camera is no cut. Nor is a change in the middle of a whip pan, which smears the frames around
    it. Dissolves and fades are not found: they are no change of one frame.
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
        self._lumas: deque[tuple[int, float, NDArray[np.uint8]]] = deque()
        """(number, time, small luma) of the last WHIP_S."""
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
        for cut in self._detector.process_frame(FrameTimecode(number, Fraction(25)), picture):
            begins_s = self._times_s[cut.frame_num]
            if begins_s - self._begins_s >= self._min_scene_s and not self._is_in_whip(cut.frame_num):
                self._begins_s = begins_s
                return cut.frame_num
        return None

    def _keep(self, number: int, time_s: float, picture: NDArray[np.uint8]) -> None:
        self._lumas.append((number, time_s, picture[..., 1]))
        while time_s - self._lumas[0][1] > WHIP_S and len(self._lumas) > LOOKAHEAD + 2:
            self._lumas.popleft()

    def _is_in_whip(self, cut: int) -> bool:
        """Whether the frames around a cut are smeared one way, and not long before the last one was not."""
        before = [luma for number, _, luma in self._lumas if number < cut]
        after = next(luma for number, _, luma in self._lumas if number == cut)
        if not before:
            return False
        last, first = sharpness(before[-1]), sharpness(after)
        if smear_of(last) is None or smear_of(last) != smear_of(first):
            return False
        return any(is_smeared(last, sharpness(luma)) for luma in before[:-1])


def _small_size(width: int, height: int) -> tuple[int, int]:
    small_width = min(width, _WIDTH)
    return small_width, max(1, round(small_width * height / width))
