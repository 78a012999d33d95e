"""A stressed scene: a shot, what was done to it, and how the file is encoded."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

from motionsight_core.synthetic.layers import Pixels
from motionsight_core.synthetic.scene import Encoding
from motionsight_core.synthetic.stressed.optics import SUBFRAMES, blurred
from motionsight_core.synthetic.stressed.shot import Shot, Stressor
from motionsight_core.synthetic.truth import SceneTruth
from motionsight_core.synthetic.video_file import write_video

COMPRESSED_FROM = 30
"""Constant rate factor from which on the encoder counts as a stressor."""


@dataclass(frozen=True, slots=True)
class Film:
    """A small video to be, all of whose motion is known."""

    name: str
    """The file's name without its suffix."""
    shot: Shot
    hard: tuple[str, ...] = ()
    """What makes the shot itself hard to measure, as in `SceneTruth.stressors`."""
    stressors: tuple[Stressor, ...] = ()
    """Applied in this order."""
    shutter: float = 0.0
    """Share of a frame's time for which the shutter is open, 0 (sharp frames) to 1."""
    encoding: Encoding = field(default_factory=Encoding)

    def frames(self) -> Iterator[Pixels]:
        """The pictures before encoding, each [H, W, 3] RGB."""
        pictures = self.shot.frames(SUBFRAMES if self.shutter else 1)
        if self.shutter:
            pictures = blurred(pictures, self.shutter)
        for stressor in self.stressors:
            pictures = stressor.over(pictures, self.shot.fps)
        return pictures

    def truth(self, file: str = "") -> SceneTruth:
        """What is true of it, without rendering it; `file` is `name`.mp4 where it is not given."""
        truth = self.shot.truth(file or f"{self.name}.mp4")
        for stressor in self.stressors:
            truth = stressor.amended(truth)
        names = [*self.hard, *(["blur"] if self.shutter else [])]
        names += [stressor.name for stressor in self.stressors]
        names += ["compression"] if self.encoding.crf >= COMPRESSED_FROM else []
        return replace(truth, stressors=tuple(dict.fromkeys(names)))

    def render(self, path: Path) -> SceneTruth:
        """Writes it as an mp4 file (H.264), whole or not at all. OSError where that is not possible."""
        size = (self.shot.width, self.shot.height)
        write_video(self.frames(), path, size=size, fps=self.shot.fps, encoding=self.encoding)
        return self.truth(path.name)
