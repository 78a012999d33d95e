"""The scenes of a file of questions, and the file in MotionBench's form."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from motionsight_core.benchmark_questions.file import AskedVideo, as_json_lines, question_line
from motionsight_core.benchmark_questions.letters import balanced_letters, listed_options
from motionsight_core.synthetic.questions import _camera, _objects
from motionsight_core.synthetic.questions._types import AskedScene, Frame
from motionsight_core.synthetic.rendering import render
from motionsight_core.synthetic.scene import Scene
from motionsight_core.synthetic.truth import SceneTruth, write_truth

_QUESTIONS = 2
"""Tells the random numbers of these scenes from those of other rendered ones."""

SORTS: tuple[Callable[[np.random.Generator, Frame], AskedScene], ...] = (
    _camera.one_move,
    _objects.which_moves,
    _camera.moves_in_order,
    _objects.direction,
    _camera.move_or_none,
    _objects.how_often,
    _camera.moves_at_once,
    _objects.change_of_speed,
    _camera.moves_in_order,
    _objects.ways_in_order,
)
"""What the scenes of a file are about, in turn."""


def asked_scenes(
    *, count: int, seed: int, width: int = 480, height: int = 270, fps: float = 30.0
) -> list[AskedScene]:
    """Scenes with their questions; each depends on the seed and its number alone.

    What is offered is drawn first, then which of it is right, all alike, and then the scene: nothing in the
    words of a question tells its answer.
    """
    frame = Frame(width, height, fps)
    scenes = []
    for number in range(count):
        asked = SORTS[number % len(SORTS)](np.random.default_rng([seed, _QUESTIONS, number]), frame)
        name = f"asked_{number:04d}_{asked.sort}"
        scenes.append(replace(asked, scene=replace(asked.scene, name=name)))
    return scenes


def question_lines(scenes: Sequence[AskedScene], *, seed: int) -> list[dict[str, Any]]:
    """A line of MotionBench's `video_info.meta.jsonl` for each question.

    Every letter is right equally often, over the file and over each category.
    """
    asked = {
        f"{one.scene.name}-{number}": (one.scene, question)
        for one in scenes
        for number, question in enumerate(one.questions, start=1)
    }
    letters = balanced_letters({uid: question for uid, (_, question) in asked.items()}, seed=seed)
    return [
        question_line(
            _video(scene),
            uid=uid,
            category=question.category,
            text=question.text,
            options=listed_options(question, letters[uid], name=uid, seed=seed),
            position=letters[uid],
        )
        for uid, (scene, question) in asked.items()
    ]


def render_questions(
    directory: Path,
    file: Path,
    *,
    count: int,
    seed: int,
    progress: Callable[[int, int], None] | None = None,
    width: int = 480,
    height: int = 270,
    fps: float = 30.0,
) -> int:
    """Renders scenes into a directory with DIR/truth.json, and writes the questions about them to a file.

    Args:
        directory: of the videos; the questions name them relative to it.
        file: of the questions, in MotionBench's form; whole or not at all.
        count: scenes.
        seed: of everything that is drawn.
        progress: called after each video with how many are done and how many there are.
        width: pixels, like `height`.
        height: pixels.
        fps: frames per second.

    Returns:
        How many questions there are.

    Raises:
        ValueError: a count below 1, or a size that cannot be rendered.
        OSError: the directory or the file cannot be written.
    """
    if count < 1:
        raise ValueError(f"count must be at least 1, not {count}")
    scenes = asked_scenes(count=count, seed=seed, width=width, height=height, fps=fps)
    lines = question_lines(scenes, seed=seed)
    directory.mkdir(parents=True, exist_ok=True)
    truths: list[SceneTruth] = []
    for done, asked in enumerate(scenes, start=1):
        truths.append(render(asked.scene, directory / f"{asked.scene.name}.mp4"))
        if progress is not None:
            progress(done, count)
    write_truth(directory, truths)
    file.parent.mkdir(parents=True, exist_ok=True)
    partial = file.with_name(f".{file.name}.partial")
    partial.write_text(as_json_lines(lines), encoding="utf-8")
    partial.replace(file)
    return len(lines)


def _video(scene: Scene) -> AskedVideo:
    return AskedVideo(
        key=scene.name,
        path=f"{scene.name}.mp4",
        kind="rendered",
        duration_s=scene.frame_count / scene.fps,
        fps=scene.fps,
        width=scene.width,
        height=scene.height,
    )
