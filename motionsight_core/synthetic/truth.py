"""What is known of a rendered scene, and the truth.json that keeps it."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from motionsight_core.camera_motion import Steadiness
from motionsight_core.record import Box, Dissolve
from motionsight_core.synthetic.scene import Move, Repetitions

TRUTH_FILE = "truth.json"


@dataclass(frozen=True, slots=True)
class TrueTrack:
    """Where one object is while any of it is in the frame."""

    label: str
    """The sprite's shape."""
    boxes: tuple[Box, ...]
    """About ten a second, each at a frame's own time; clipped to the frame, without the shadow."""
    repetitions: Repetitions | None = None
    """What the object does over and over, if it does."""
    incidental: bool = False
    """Nothing that a description must mention: one of a crowd of small things, water, a pane that scrolls.
    Not missed where it is not found, and not wrong where it is."""
    hidden: tuple[float, ...] = ()
    """Times of those boxes, seconds, in which less than half of the object can be seen: something is before
    it, or its shot is the weaker one of a dissolve. Not missed where it is not found, and not wrong where it
    is."""

    @property
    def shown(self) -> tuple[Box, ...]:
        """The boxes in which the object can be seen."""
        hidden = set(self.hidden)
        return tuple(box for box in self.boxes if box.t_s not in hidden)


@dataclass(frozen=True, slots=True)
class SceneTruth:
    """The known motion of one video file."""

    file: str
    """File name, without directory."""
    width: int
    """Pixels."""
    height: int
    fps: float
    duration_s: float
    moves: tuple[Move, ...]
    """Never empty: a scene with no move holds one `static` segment of rate 0."""
    steadiness: Steadiness
    """What to expect: static, smooth, unsteady or shaky."""
    cuts: tuple[float, ...]
    """Seconds of the first frame after each shot change."""
    objects: tuple[TrueTrack, ...]
    """In the order of the scene's sprites, those never in the frame left out."""
    dissolves: tuple[Dissolve, ...] = ()
    """Dissolves and fades, in order of time."""
    stressors: tuple[str, ...] = ()
    """What makes the scene hard to measure; empty for a plain one."""

    def to_json(self) -> dict[str, Any]:
        """Plain lists and dicts. What came later than the first version is left out where it is empty, so
        that the files of plain scenes stay as they were."""
        value = _without_defaults(asdict(self), SceneTruth)
        value["objects"] = [_without_defaults(track, TrueTrack) for track in value["objects"]]
        return value

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> SceneTruth:
        """The inverse of `to_json`, also after a journey through JSON."""
        objects = tuple(
            TrueTrack(
                track["label"],
                tuple(Box(**box) for box in track["boxes"]),
                Repetitions(**track["repetitions"]) if track.get("repetitions") else None,
                track.get("incidental", False),
                tuple(track.get("hidden", ())),
            )
            for track in value["objects"]
        )
        known: dict[str, Any] = {
            "moves": tuple(Move(**move) for move in value["moves"]),
            "cuts": tuple(value["cuts"]),
            "objects": objects,
            "dissolves": tuple(Dissolve(**dissolve) for dissolve in value.get("dissolves", ())),
            "stressors": tuple(value.get("stressors", ())),
        }
        return cls(**{**value, **known})


def _without_defaults(value: dict[str, Any], kind: type[SceneTruth | TrueTrack]) -> dict[str, Any]:
    defaults = {field.name: field.default for field in fields(kind)}
    return {name: item for name, item in value.items() if item != defaults[name]}


def write_truth(directory: Path, truths: Iterable[SceneTruth]) -> None:
    """Writes DIR/truth.json: a list of scenes ordered by file name, whole or not at all."""
    scenes = [truth.to_json() for truth in sorted(truths, key=lambda truth: truth.file)]
    partial = directory / f".{TRUTH_FILE}.partial"
    partial.write_text(json.dumps(scenes, indent=1) + "\n", encoding="utf-8")
    partial.replace(directory / TRUTH_FILE)


def load_truth(directory: Path) -> dict[str, SceneTruth]:
    """The scenes of DIR/truth.json by file name. FileNotFoundError where there is none."""
    scenes = json.loads((Path(directory) / TRUTH_FILE).read_text(encoding="utf-8"))
    return {scene["file"]: SceneTruth.from_json(scene) for scene in scenes}
