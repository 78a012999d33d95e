"""Hard cuts, found by PySceneDetect in frames that are decoded anyway.

Only this module knows PySceneDetect, and only who looks for scenes imports this module.
"""

from __future__ import annotations

from fractions import Fraction

from av.video.frame import VideoFrame
from scenedetect.common import FrameTimecode
from scenedetect.detectors import AdaptiveDetector

from motionsight_core.pixels import to_small_bgr
from motionsight_core.settings import ClipSettings

#: A cut is told from a fast camera by the frames around it: so many frames before and after.
LOOKAHEAD = 2
#: Width at which frames are compared, pixels: enough for a cut, which changes the whole picture.
_WIDTH = 160


class ShotFinder:
    """Frames go in one at a time; the numbers of those that begin a new shot come out.

    AdaptiveDetector compares each change of the picture with the changes around it, so that a whip pan
    or a shaking camera is no cut. Dissolves and fades are not found: they are no change of one frame.
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
        # The rate is of no account where lengths are not asked for.
        for cut in self._detector.process_frame(FrameTimecode(number, Fraction(25)), picture):
            begins_s = self._times_s[cut.frame_num]
            if begins_s - self._begins_s >= self._min_scene_s:
                self._begins_s = begins_s
                return cut.frame_num
        return None


def _small_size(width: int, height: int) -> tuple[int, int]:
    small_width = min(width, _WIDTH)
    return small_width, max(1, round(small_width * height / width))
