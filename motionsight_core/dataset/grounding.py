"""Questions about single objects: the three tasks of iMOVE-IT (arXiv 2502.11594), in our own wording.

Spatial grounding asks where a described object is at given times, temporal grounding when it does what is
described, dynamic captioning for the description of the object in a box.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal, TypeAlias, get_args

import numpy as np
from numpy.typing import NDArray

from motionsight_core.dataset.clips import SelectedClip
from motionsight_core.dataset.hashing import digest, share
from motionsight_core.dataset.notation import Notation, notation_of
from motionsight_core.dataset.rows import Instance, Row
from motionsight_core.settings import DatasetSettings

Task: TypeAlias = Literal["spatial_grounding", "temporal_grounding", "dynamic_captioning"]
TASKS: tuple[Task, ...] = get_args(Task)

#: {caption} is the object's look and motion, {times} the moments that are asked for, {start} and {end} its
#: span, {time} one moment and {box} where it is then.
POOLS: dict[Task, tuple[str, ...]] = {
    "spatial_grounding": (
        "Where is this object? {caption} Give its box at each of these times: {times}.",
        "Find the object that is described and box it at {times}. {caption}",
        "{caption} In which box is it at each of these moments: {times}?",
        "Follow this object through the video: {caption} Write its box at {times}.",
        "Someone describes one object of the video: {caption} Which boxes does it have at {times}?",
        "Locate what is meant, at the times {times}, by a box each. {caption}",
    ),
    "temporal_grounding": (
        "When does this happen in the video? {caption}",
        "From when to when can this be seen? {caption}",
        "{caption} Name the beginning and the end of that.",
        "Find the part of the video that shows the following, and say when it begins and ends: {caption}",
        "During which time is this object in the video? {caption}",
        "One object is described: {caption} When does it come, and when has it gone?",
    ),
    "dynamic_captioning": (
        "Describe the object that is in the box {box} at {time}: its look, and what it does from {start} to "
        "{end}.",
        "What is in the box {box} at {time}, and how does it move between {start} and {end}?",
        "Look at the box {box} at {time}. Say what the object there looks like and what it does from {start} "
        "to {end}.",
        "From {start} to {end}, one object can be followed; at {time} its box is {box}. Describe it and its "
        "motion.",
        "Write a caption of one object alone, the one in {box} at {time}, for what it does from {start} to "
        "{end}.",
        "At {time} an object is in the box {box}. What is it, and what happens to it from {start} to {end}?",
    ),
}


@dataclass(frozen=True)
class CaptionedObject:
    """What the questions about one object of a clip have in common."""

    clip: SelectedClip
    row: Row
    """The clip's row under the recipe by which the object was captioned."""
    instance: Instance
    settings: DatasetSettings

    @property
    def span_s(self) -> tuple[float, float]:
        """From when to when it is there, seconds after the beginning of the clip."""
        begin_s, duration_s = self.row.start_s, self.row.end_s - self.row.start_s
        start_s, end_s = (
            min(max(t_s - begin_s, 0.0), duration_s) for t_s in (self.instance.start_s, self.instance.end_s)
        )
        return start_s, end_s

    @cached_property
    def moments(self) -> NDArray[np.float64]:
        """[moments, 5], see `InstanceQuestion.moments`; an array, as there are millions of objects."""
        known = np.frombuffer(self.instance.boxes).reshape(-1, 5)
        start_s, end_s = self.span_s
        times_s = np.linspace(start_s, end_s, self.settings.boxes) if end_s > start_s else np.array([start_s])
        edges = [np.interp(times_s, known[:, 0] - self.row.start_s, side) for side in known[:, 1:].T]
        return np.column_stack([times_s, *edges]).round(4)


@dataclass(frozen=True, slots=True)
class InstanceQuestion:
    """A question about one object of a clip, and its answer."""

    about: CaptionedObject
    task: Task

    @property
    def clip(self) -> SelectedClip:
        return self.about.clip

    @property
    def row(self) -> Row:
        """The clip's row under the recipe by which the object was captioned."""
        return self.about.row

    @property
    def instance(self) -> Instance:
        return self.about.instance

    @property
    def question_id(self) -> str:
        """First 16 hex digits of sha256 over clip, recipe, track and task."""
        return digest(*self._key)[:16]

    @property
    def question(self) -> str:
        """Drawn from the task's pool by a hash and the seed, with what the notation means."""
        pool = POOLS[self.task]
        drawn = pool[int(share("instance", self.about.settings.seed, *self._key) * len(pool))]
        write, moments = self._notation, self.moments
        start_s, end_s, middle = *self.span_s, moments[len(moments) // 2]
        asked = drawn.format(
            caption=self.caption,
            times=", ".join(write.time(moment[0]) for moment in moments),
            start=write.time(start_s),
            end=write.time(end_s),
            time=write.time(middle[0]),
            box=write.box(middle[1:]),
        )
        return f"{asked}\n{write.explained}"

    @property
    def answer(self) -> str:
        """Boxes with their times, a line each; a span; or the caption."""
        write = self._notation
        if self.task == "spatial_grounding":
            return "\n".join(f"{write.time(moment[0])}: {write.box(moment[1:])}" for moment in self.moments)
        if self.task == "temporal_grounding":
            return f"From {write.time(self.span_s[0])} to {write.time(self.span_s[1])}."
        return self.caption

    @property
    def caption(self) -> str:
        """The object's look as a sentence, and what it does.

        Without angle brackets: trainers read `<video>` as the place of the video, and we write times so.
        """
        look = self.instance.appearance.rstrip(". ")
        told = f"{look[:1].upper()}{look[1:]}. {self.instance.motion}"
        return told.translate(str.maketrans("<>", "()"))

    @property
    def span_s(self) -> tuple[float, float]:
        """From when to when it is there, seconds after the beginning of the clip."""
        return self.about.span_s

    @property
    def moments(self) -> list[list[float]]:
        """[t, x0, y0, x1, y1] at `dataset.boxes` times, evenly over its span: seconds after the beginning of
        the clip, fractions of the picture."""
        return self.about.moments.tolist()

    @property
    def _notation(self) -> Notation:
        return notation_of(self.row, self.about.settings)

    @property
    def _key(self) -> tuple[object, ...]:
        return (self.clip.clip_id, self.instance.recipe, self.instance.track_id, self.task)


def instance_questions(
    clips: Sequence[SelectedClip], instances: Sequence[Instance], settings: DatasetSettings
) -> list[InstanceQuestion]:
    """The questions about the objects of these clips, each task of each, in their order."""
    rows = {(clip.clip_id, row.recipe): (clip, row) for clip in clips for row in clip.rows}
    found = [(*rows[key], one) for one in instances if (key := (one.clip_id, one.recipe)) in rows]
    return [
        InstanceQuestion(about, task)
        for about in (CaptionedObject(clip, row, one, settings) for clip, row, one in found if one.boxes)
        for task in TASKS
    ]
