"""What is laid over a film afterwards: logo, clock, captions, bars."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np

from motionsight_core.synthetic.layers import Pixels
from motionsight_core.synthetic.stressed.shot import clipped
from motionsight_core.synthetic.truth import SceneTruth

_FONT = cv2.FONT_HERSHEY_DUPLEX
_WORDS = [
    "the",
    "a",
    "we",
    "river",
    "old",
    "house",
    "what",
    "then",
    "morning",
    "saw",
    "never",
    "light",
    "said",
    "near",
    "again",
    "two",
    "long",
    "road",
    "of",
    "and",
]


@dataclass(frozen=True, slots=True)
class Logo:
    """A mark that stays in one corner."""

    seed: int
    name: str = "overlay"

    def over(self, pictures: Iterator[Pixels], fps: float) -> Iterator[Pixels]:
        """See `Stressor.over`."""
        rng = np.random.default_rng(self.seed)
        x, y, size = rng.choice((0.1, 0.9)), rng.choice((0.13, 0.87)), rng.uniform(0.04, 0.08)
        color = tuple(int(level) for level in rng.integers(120, 256, 3))
        for picture in pictures:
            height, width = picture.shape[:2]
            middle, radius = (int(x * width), int(y * height)), int(size * width)
            cv2.circle(picture, middle, radius, (245, 245, 245), -1, cv2.LINE_AA)
            cv2.circle(picture, middle, int(0.75 * radius), color, -1, cv2.LINE_AA)
            corner = (middle[0] - radius // 3, middle[1] + radius // 3)
            cv2.putText(picture, "M", corner, _FONT, radius / 28, (20, 20, 20), 1, cv2.LINE_AA)
            yield picture

    def amended(self, truth: SceneTruth) -> SceneTruth:
        """The motion stays."""
        return truth


@dataclass(frozen=True, slots=True)
class Clock:
    """A burnt-in time code in the upper left corner, which counts frames."""

    name: str = "overlay"

    def over(self, pictures: Iterator[Pixels], fps: float) -> Iterator[Pixels]:
        """See `Stressor.over`."""
        for index, picture in enumerate(pictures):
            second, frame = divmod(index, max(1, round(fps)))
            _write(picture, f"00:07:{second:02d}:{frame:02d}", (0.03, 0.1), on_black=True)
            yield picture

    def amended(self, truth: SceneTruth) -> SceneTruth:
        """The motion stays."""
        return truth


@dataclass(frozen=True, slots=True)
class Captions:
    """Burnt-in subtitles of one or two lines, which change every other second."""

    seed: int
    every_s: float = 1.4
    name: str = "overlay"

    def over(self, pictures: Iterator[Pixels], fps: float) -> Iterator[Pixels]:
        """See `Stressor.over`."""
        rng = np.random.default_rng(self.seed)
        lines: list[str] = []
        shown = -1
        for index, picture in enumerate(pictures):
            number = int(index / fps / self.every_s)
            if number != shown:
                shown = number
                lines = [" ".join(rng.choice(_WORDS, rng.integers(4, 8))) for _ in range(rng.integers(1, 3))]
            for row, line in enumerate(lines):
                _write(picture, line, (0.12, 0.94 - 0.08 * (len(lines) - 1 - row)), on_black=False)
            yield picture

    def amended(self, truth: SceneTruth) -> SceneTruth:
        """The motion stays."""
        return truth


@dataclass(frozen=True, slots=True)
class Bars:
    """Black bars: letterbox above and below, or pillarbox at both sides. They cover the picture's edges."""

    share: float = 0.12
    """Of the frame's height (or width) under each bar."""
    upright: bool = False
    """Whether they stand at the sides."""
    name: str = "bars"

    def over(self, pictures: Iterator[Pixels], fps: float) -> Iterator[Pixels]:
        """See `Stressor.over`."""
        for picture in pictures:
            lines = picture.swapaxes(0, 1) if self.upright else picture
            depth = round(self.share * len(lines))
            lines[:depth] = 0
            lines[len(lines) - depth :] = 0
            yield picture

    def amended(self, truth: SceneTruth) -> SceneTruth:
        """Boxes end at the bars."""
        low, high = self.share, 1 - self.share
        return clipped(truth, low, 0, high, 1) if self.upright else clipped(truth, 0, low, 1, high)


def _write(picture: Pixels, text: str, place: tuple[float, float], *, on_black: bool) -> None:
    """White text with its lower left corner at a place, fractions of the frame, in place."""
    height, width = picture.shape[:2]
    corner, size = (int(place[0] * width), int(place[1] * height)), width / 800
    (across, up), below = cv2.getTextSize(text, _FONT, size, 1)
    if on_black:
        low = (corner[0] - 3, corner[1] - up - 3)
        cv2.rectangle(picture, low, (corner[0] + across + 3, corner[1] + below + 1), (0, 0, 0), -1)
    else:
        cv2.putText(picture, text, corner, _FONT, size, (0, 0, 0), 3, cv2.LINE_AA)
    cv2.putText(picture, text, corner, _FONT, size, (255, 255, 255), 1, cv2.LINE_AA)
