"""One pass over a video that finds its scenes and gives each, decoded, as soon as its end is known.

A scene lasts from one hard cut to the next; one longer than `clips.window_s` is cut into windows. Between
the decoder and the scene's frames stands a line of a few frames, in which cuts are found before the
frames are used: so no frame is ever given to the wrong scene.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Collection, Iterable, Iterator

from motionsight_core.catalog import Clip, VideoObject
from motionsight_core.clip import DecodedClip, Product
from motionsight_core.settings import Settings
from motionsight_core.video.sampling import HALF_MS, displayed_frames, is_held
from motionsight_core.video.scene_frames import SceneFrames, ShownFrame, VideoFacts
from motionsight_core.video.shots import LOOKAHEAD, ShotFinder

#: Fewer frames than this at the end of a long scene join the window before them.
_SHORTEST_REST = 12


class ScenePass:
    """The scenes of one video, or of the rest of it.

    Args:
        video: of the clips.
        facts: of the video.
        end_s: where the last scene ends, source seconds.
        start_s: where the first one begins.
        settings: `clips` says what a scene is.
        products: what is made of each.
    """

    def __init__(
        self,
        video: VideoObject,
        facts: VideoFacts,
        settings: Settings,
        products: Collection[Product],
        *,
        start_s: float,
        end_s: float,
    ) -> None:
        self._video, self._facts, self._settings, self._products = video, facts, settings, products
        self._finder = ShotFinder(settings.clips)
        self._start_s, self._end_s = start_s, end_s
        self._cuts: deque[int] = deque()
        """Frames in the line at which a scene begins."""
        self._scene: SceneFrames | None = None
        self._last: ShownFrame | None = None
        """The last frame that was used."""
        self.found = 0
        """Scenes that were given."""

    def scenes(self, frames: Iterable[ShownFrame]) -> Iterator[DecodedClip]:
        """The scenes, in order, each when its last frame has come."""
        line: deque[ShownFrame] = deque()
        for shown in frames:
            cut = self._finder.push(shown.number, shown.frame, self._time_s(shown))
            if cut is not None:
                self._cuts.append(cut)
            line.append(shown)
            if len(line) > _SHORTEST_REST + LOOKAHEAD:
                yield from self._use(line.popleft())
        while line:
            yield from self._use(line.popleft(), rest=len(line))
        yield from self._close(self._last_end_s())

    def _last_end_s(self) -> float:
        """Where the last scene ends: where the video does, or where what can be decoded does."""
        if self._last is None or self._last.number + 1 >= len(self._facts.times_s):
            return self._end_s
        return _bound(float(self._facts.times_s[self._last.number + 1]))

    def _time_s(self, shown: ShownFrame) -> float:
        return float(self._facts.times_s[shown.number])

    def _use(self, shown: ShownFrame, rest: int | None = None) -> Iterator[DecodedClip]:
        """Give a frame to its scene, after closing the one before where it begins another.

        Args:
            rest: how many frames the video still has, where its end is in sight.
        """
        number, time_s = shown.number, self._time_s(shown)
        if self._cuts and self._cuts[0] <= number:
            self._cuts.popleft()
            if self._last is not None and is_held(self._facts.times_s, self._time_s(self._last), time_s):
                yield from self._windows_until(time_s)
            yield from self._close(_bound(time_s))
        elif self._is_too_long(number, time_s, rest):
            yield from self._windows_until(time_s)
        if self._scene is None and is_held(self._facts.times_s, self._start_s, time_s):
            self._begin_held()
        if self._scene is None:
            self._scene = SceneFrames(self._facts, number, self._settings, self._products)
        self._scene.take(number, shown.frame, shown.geometry)
        self._last = shown

    def _windows_until(self, time_s: float) -> Iterator[DecodedClip]:
        """The windows that end before a frame's time; those in which the last picture is held are still."""
        window_s = self._settings.clips.window_s or math.inf
        while time_s >= round(self._start_s + window_s, 3) - HALF_MS:
            yield from self._close(round(self._start_s + window_s, 3))
            if is_held(self._facts.times_s, self._start_s, time_s) or time_s >= self._start_s + window_s:
                self._begin_held()

    def _begin_held(self) -> None:
        """Begin a scene with the frame that is still on display when it begins."""
        if self._last is None:
            return
        held = self._last
        facts = self._facts.held(held.number, self._start_s)
        self._scene = SceneFrames(facts, held.number, self._settings, self._products)
        self._scene.take(held.number, held.frame, held.geometry)

    def _is_too_long(self, number: int, time_s: float, rest: int | None) -> bool:
        window_s = self._settings.clips.window_s
        if window_s is None or time_s < round(self._start_s + window_s, 3) - HALF_MS:
            return False
        if self._cuts:
            return self._cuts[0] - number >= _SHORTEST_REST
        return rest is None or rest + 1 >= _SHORTEST_REST

    def _close(self, end_s: float) -> Iterator[DecodedClip]:
        """The scene up to `end_s`, if it has any frame; the next begins there."""
        clip = Clip(self._video.uri, self._video.version, self._start_s, end_s)
        if self._scene is not None:
            expected = len(displayed_frames(self._facts.times_s, clip.start_s, clip.end_s))
            self.found += 1
            yield self._scene.finish(clip, frames=expected)
        self._scene = None
        self._start_s = end_s


def _bound(time_s: float) -> float:
    """A frame's time in milliseconds, never so late that the frame would fall before it."""
    return math.floor(time_s * 1000 + 0.499) / 1000
