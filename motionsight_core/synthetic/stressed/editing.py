"""Shots joined by cuts, dissolves and fades."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Literal

import cv2
import numpy as np

from motionsight_core.camera_motion import STEADINESS
from motionsight_core.synthetic.layers import Pixels
from motionsight_core.synthetic.scene import Move
from motionsight_core.synthetic.stressed.shot import Shot
from motionsight_core.synthetic.truth import Dissolve, SceneTruth, TrueTrack

Join = Literal["cut", "dissolve", "fade"]
#: Below this share of its brightness a picture is the weaker one of a fade, and black the stronger one.
HALF_LIGHT = 0.5


@dataclass(frozen=True, slots=True)
class Edited:
    """Shots of one size and frame rate, one after the other."""

    shots: tuple[Shot, ...]
    join: Join = "cut"
    """Between each two: at once, one picture into the other, or through black."""
    overlap: int = 0
    """Frames of a dissolve, or of the fade out and again of the fade in. In a dissolve both shots run."""
    fade_ends: bool = False
    """Whether the first shot comes out of black and the last goes into black."""

    def __post_init__(self) -> None:
        if (self.overlap > 0) != (self.join != "cut" or self.fade_ends):
            raise ValueError(f"overlap must be 0 for a cut and above 0 otherwise, not {self.overlap}")

    @property
    def width(self) -> int:
        """Pixels."""
        return self.shots[0].width

    @property
    def height(self) -> int:
        """Pixels."""
        return self.shots[0].height

    @property
    def fps(self) -> float:
        """Frames per second."""
        return self.shots[0].fps

    @property
    def frame_count(self) -> int:
        """See `Shot.frame_count`."""
        return self._firsts()[-1] + self.shots[-1].frame_count

    def frames(self, subframes: int = 1) -> Iterator[Pixels]:
        """See `Shot.frames`."""
        pictures = [shot.frames(subframes) for shot in self.shots]
        firsts, counts = self._firsts(), self._counts()
        fades = self._fades()
        for index in range(self.frame_count):
            shown = [n for n, first in enumerate(firsts) if first <= index < first + counts[n]]
            for _ in range(subframes):
                new = next(pictures[shown[-1]])
                if len(shown) > 1:
                    share = (index - firsts[shown[-1]] + 1) / (self.overlap + 1)
                    old = next(pictures[shown[0]])
                    new = np.asarray(cv2.addWeighted(new, share, old, 1 - share, 0), np.uint8)
                yield cv2.convertScaleAbs(new, alpha=_light(index / self.fps, fades)).astype(
                    np.uint8, copy=False
                )

    def truth(self, file: str) -> SceneTruth:
        """See `Shot.truth`. In the middle of a dissolve a move ends, and an object counts as hidden.

        In the darker half of a fade an object does, too.
        """
        truths = [shot.truth(file) for shot in self.shots]
        firsts, counts = self._firsts(), self._counts()
        total_s = self.frame_count / self.fps
        half_s = self.overlap / 2 / self.fps if self.join == "dissolve" else 0.0
        moves: list[Move] = []
        objects: list[TrueTrack] = []
        for number, (truth, first) in enumerate(zip(truths, firsts, strict=True)):
            start_s, end_s = first / self.fps, (first + counts[number]) / self.fps
            low = start_s + (half_s if number else 0.0)
            high = end_s - (half_s if number < len(truths) - 1 else 0.0)
            moves += [
                replace(
                    move,
                    start_s=max(low, move.start_s + start_s),
                    end_s=min(high, move.end_s + start_s),
                )
                for move in truth.moves
                if move.label != "static"
            ]
            objects += [_shown(_shifted(track, start_s), low, high, self._fades()) for track in truth.objects]
        return replace(
            truths[0],
            duration_s=total_s,
            moves=tuple(moves) or (Move(0.0, total_s, "static", 0.0),),
            steadiness=max((truth.steadiness for truth in truths), key=lambda word: STEADINESS.index(word)),
            cuts=tuple(first / self.fps for first in firsts[1:]) if self.join == "cut" else (),
            objects=tuple(objects),
            dissolves=tuple(self._dissolves()),
        )

    def _fades(self) -> list[Dissolve]:
        return [one for one in self._dissolves() if one.kind != "dissolve"]

    def _counts(self) -> list[int]:
        return [shot.frame_count for shot in self.shots]

    def _firsts(self) -> list[int]:
        """First frame of each shot; a dissolve begins before the shot before has ended."""
        common = self.overlap if self.join == "dissolve" else 0
        return [0, *np.cumsum([count - common for count in self._counts()[:-1]]).tolist()]

    def _dissolves(self) -> Iterator[Dissolve]:
        firsts, end = self._firsts(), self.frame_count
        if self.fade_ends:
            yield Dissolve(0.0, self.overlap / self.fps, "fade_in")
        for first in firsts[1:]:
            if self.join == "dissolve":
                yield Dissolve((first - 1) / self.fps, (first + self.overlap) / self.fps)
            elif self.join == "fade":
                yield Dissolve((first - self.overlap) / self.fps, first / self.fps, "fade_out")
                yield Dissolve(first / self.fps, (first + self.overlap) / self.fps, "fade_in")
        if self.fade_ends:
            yield Dissolve((end - self.overlap) / self.fps, end / self.fps, "fade_out")


def _light(t_s: float, fades: list[Dissolve]) -> float:
    """Share of its brightness that a frame keeps."""
    light = 1.0
    for fade in fades:
        if fade.start_s <= t_s + 1e-6 < fade.end_s:
            share = (t_s - fade.start_s) / (fade.end_s - fade.start_s)
            light = min(light, share if fade.kind == "fade_in" else 1 - share)
    return light


def _shifted(track: TrueTrack, seconds: float) -> TrueTrack:
    boxes = tuple(replace(box, t_s=round(box.t_s + seconds, 6)) for box in track.boxes)
    hidden = tuple(round(t_s + seconds, 6) for t_s in track.hidden)
    return replace(track, boxes=boxes, hidden=hidden)


def _shown(track: TrueTrack, low: float, high: float, fades: list[Dissolve]) -> TrueTrack:
    """The track, hidden outside of a span, where its shot is the weaker one of a dissolve, and in the darker
    half of a fade."""
    unseen = {
        box.t_s
        for box in track.boxes
        if not low - 1e-6 <= box.t_s <= high + 1e-6 or _light(box.t_s, fades) < HALF_LIGHT - 1e-6
    }
    return replace(track, hidden=tuple(sorted(unseen.union(track.hidden))))
