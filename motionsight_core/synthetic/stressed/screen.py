"""A screen recording: flat windows, text that scrolls, a pointer, nothing filmed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import cv2
import numpy as np
from numpy.typing import NDArray

from motionsight_core.record import Box
from motionsight_core.synthetic.layers import Pixels
from motionsight_core.synthetic.scene import Move
from motionsight_core.synthetic.truth import SceneTruth, TrueTrack

_BOXES_PER_S = 10
_LINE = 0.028
"""Height of a line of text, frame widths."""
_POINTER = np.array(((0, 0), (0, 15), (4, 12), (7, 18), (9, 17), (6, 11), (11, 11)), np.float64)


@dataclass(frozen=True)
class ScreenRecording:
    """A desktop with a document that is scrolled now and then, and a pointer that wanders."""

    seed: int
    width: int = 480
    height: int = 270
    fps: float = 24.0
    duration_s: float = 5.0

    @property
    def frame_count(self) -> int:
        """See `Shot.frame_count`."""
        return round(self.duration_s * self.fps)

    def frames(self, subframes: int = 1) -> Iterator[Pixels]:
        """See `Shot.frames`. A screen has no shutter: the frame's pictures are alike."""
        desk, page = self._desk, self._page
        x0, y0, x1, y1 = self._pane
        for index in range(self.frame_count):
            frame = desk.copy()
            top = int(self._scrolled[index])
            frame[y0:y1, x0:x1] = page[top : top + y1 - y0]
            corners = np.round(_POINTER * self.width / 640 + self._pointer[index]).astype(np.int32)
            cv2.fillPoly(frame, [corners], (20, 20, 20), cv2.LINE_AA)
            cv2.polylines(frame, [corners], True, (250, 250, 250), 1, cv2.LINE_AA)
            for _ in range(subframes):
                yield frame.copy()

    def truth(self, file: str) -> SceneTruth:
        """See `Shot.truth`. The camera is static; pane and pointer are incidental."""
        size = np.array((self.width, self.height))
        indices = np.unique(np.round(np.arange(0, self.duration_s, 1 / _BOXES_PER_S) * self.fps).astype(int))
        indices = indices[indices < self.frame_count]
        low, high = np.array(self._pane[:2]) / size, np.array(self._pane[2:]) / size
        tip = self._pointer[indices] / size
        end = np.minimum(tip + _POINTER.max(axis=0) * self.width / 640 / size, 1)
        pane = [Box(round(index / self.fps, 6), *low.tolist(), *high.tolist()) for index in indices]
        pointer = [
            Box(round(index / self.fps, 6), *start.tolist(), *stop.tolist())
            for index, start, stop in zip(indices, tip, end, strict=True)
        ]
        duration_s = self.frame_count / self.fps
        return SceneTruth(
            file=file,
            width=self.width,
            height=self.height,
            fps=self.fps,
            duration_s=duration_s,
            moves=(Move(0.0, duration_s, "static", 0.0),),
            steadiness="static",
            cuts=(),
            objects=(
                TrueTrack("pane", tuple(pane), incidental=True),
                TrueTrack("pointer", tuple(pointer), incidental=True),
            ),
        )

    @cached_property
    def _pane(self) -> tuple[int, int, int, int]:
        """x0, y0, x1, y1 of the document, pixels."""
        rng = np.random.default_rng([self.seed, 1])
        left, right = rng.uniform(0.15, 0.35), rng.uniform(0.7, 0.97)
        return (
            int(left * self.width),
            int(0.2 * self.height),
            int(right * self.width),
            int(0.94 * self.height),
        )

    @cached_property
    def _desk(self) -> Pixels:
        rng = np.random.default_rng([self.seed, 2])
        shade = int(rng.integers(200, 250))
        desk = np.full((self.height, self.width, 3), (shade, shade, min(255, shade + 4)), np.uint8)
        cv2.rectangle(desk, (0, 0), (self.width, self.height // 14), (52, 58, 66), -1)
        cv2.rectangle(desk, (0, self.height // 7), (self._pane[0] - 6, self.height), (228, 230, 234), -1)
        for row in range(8):
            text = "item " + "".join(rng.choice(list("abcdefgh"), 5))
            _text(desk, text, (8, self.height // 5 + row * int(1.3 * _LINE * self.width)), self.width)
        _text(desk, "File  Edit  View  Help", (8, self.height // 8), self.width)
        return desk

    @cached_property
    def _page(self) -> Pixels:
        rng = np.random.default_rng([self.seed, 3])
        x0, y0, x1, y1 = self._pane
        step = int(1.25 * _LINE * self.width)
        page = np.full((y1 - y0 + 60 * step, x1 - x0, 3), 252, np.uint8)
        for row in range(1, len(page) // step):
            if rng.uniform() < 0.12:
                continue
            words = ["".join(rng.choice(list("abcdefghimnorstu"), rng.integers(2, 9))) for _ in range(12)]
            _text(page, " ".join(words), (10, row * step), self.width)
            if rng.uniform() < 0.06:
                color = tuple(int(level) for level in rng.integers(60, 220, 3))
                cv2.rectangle(page, (10, row * step), (x1 - x0 - 20, (row + 3) * step), color, -1)
        return page

    @cached_property
    def _scrolled(self) -> NDArray[np.int64]:
        """[F] pixels: at rest, then rolled on for half a second, again and again."""
        rng = np.random.default_rng([self.seed, 4])
        speed = np.zeros(self.frame_count)
        for start_s in np.arange(rng.uniform(0.3, 1.2), self.duration_s, rng.uniform(1.2, 2.2)):
            first, last = int(start_s * self.fps), int((start_s + rng.uniform(0.25, 0.7)) * self.fps)
            speed[first:last] = rng.uniform(0.2, 0.6) * self.height / self.fps
        limit = len(self._page) - (self._pane[3] - self._pane[1])
        return np.minimum(np.cumsum(speed), limit).astype(np.int64)

    @cached_property
    def _pointer(self) -> NDArray[np.float64]:
        """[F, 2] pixels."""
        rng = np.random.default_rng([self.seed, 5])
        stops = np.arange(0, self.duration_s + 1.0, 0.5)
        places = rng.uniform((0.1, 0.15), (0.9, 0.9), (len(stops), 2)) * (self.width, self.height)
        # It rests at every other place.
        places[1::2] = places[::2][: len(places[1::2])]
        t_s = np.arange(self.frame_count) / self.fps
        return np.stack([np.interp(t_s, stops, places[:, axis]) for axis in (0, 1)], axis=1)


def _text(image: Pixels, text: str, corner: tuple[int, int], width: int) -> None:
    cv2.putText(image, text, corner, cv2.FONT_HERSHEY_SIMPLEX, width / 1300, (40, 42, 48), 1, cv2.LINE_AA)
