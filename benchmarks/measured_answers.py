"""Multiple-choice questions about rendered scenes, answered by what was measured.

    python -m benchmarks.measured_answers --count 60 --seed 101 --stressed 0.4

Asks how the camera moves, in which order, how fast and how steadily, which way an object goes, how often it
repeats its motion, and how many cuts there are. Of five scenes one has two moves in a row, one a counted
repetition, and one an object that moves. With --balanced, scenes and questions are those of
`motionsight scenes --questions`; the ones about the camera are the positive control of an evaluation.

Prints how many questions of each kind were answered, how many of these rightly, and why the others were
refused. Seeds 1 to 999 are for development, 5000 to 5999 for tests alone.
"""

from __future__ import annotations

import argparse
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from benchmarks._scene_questions import SceneQuestion, in_order, questions_about
from benchmarks._scenes_drawn import Draw, measured
from motionsight_core.choosing import Measured, choose
from motionsight_core.errors import Undecided
from motionsight_core.synthetic import SceneTruth, random_scene, render
from motionsight_core.synthetic.questions import AskedScene, asked_scenes
from motionsight_core.synthetic.scene import Scene
from motionsight_core.synthetic.stressed import Film, random_film
from motionsight_core.synthetic.stressed.shot import Planar


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one question."""

    scene: str
    asked: SceneQuestion
    chosen: int | None
    """None where it was refused."""
    why: str
    """The evidence, or the refusal."""

    @property
    def is_right(self) -> bool:
        """Whether the right option was chosen."""
        return self.chosen == self.asked.answer


def outcomes(seed: int, index: int, stressed: float, folder: Path) -> Iterator[Outcome]:
    """Renders the scene of a number into the folder, and asks all questions about it; its file is deleted."""
    film = _film(seed, index, stressed)
    truth = film.render(folder / f"{film.name}.mp4")
    yield from asked(truth, folder, np.random.default_rng([seed, index, 1]))
    (folder / truth.file).unlink()


def asked(truth: SceneTruth, folder: Path, rng: np.random.Generator) -> Iterator[Outcome]:
    """All questions about a rendered scene, with what came of them."""
    motion = measured(folder / truth.file)
    facts = Measured(motion, 0.0, truth.duration_s, truth.width / truth.height)
    yield from _chosen(truth.file, questions_about(truth, rng), facts)


def balanced(asked: AskedScene, folder: Path) -> Iterator[Outcome]:
    """The questions of a scene of `motionsight scenes --questions`, with what came of them."""
    path = folder / f"{asked.scene.name}.mp4"
    truth = render(asked.scene, path)
    facts = Measured(measured(path), 0.0, truth.duration_s, truth.width / truth.height)
    questions = [
        SceneQuestion(f"{one.category}: {asked.sort}", one.text, one.options, one.right)
        for one in asked.questions
    ]
    yield from _chosen(truth.file, questions, facts)
    path.unlink()


def _chosen(scene: str, questions: Iterable[SceneQuestion], facts: Measured) -> Iterator[Outcome]:
    for question in questions:
        try:
            choice = choose(question.text, question.options, facts)
        except Undecided as refusal:
            yield Outcome(scene, question, None, str(refusal))
        else:
            yield Outcome(scene, question, choice.position, choice.evidence)


def _film(seed: int, index: int, stressed: float) -> Film:
    rng = np.random.default_rng([seed, index])
    if index % 5 == 2:
        return random_film(rng, stressor="repetition", name=f"{index:04d}_repetition")
    if index % 5 == 3:
        scene = Scene("", duration_s=4.0, moves=in_order(rng, 4.0), seed=int(rng.integers(2**31)), noise=1.0)
        return Film(f"{index:04d}_order", Planar(scene))
    if index % 5 == 4:
        scene = random_scene(rng, kind=str(rng.choice(_WITH_OBJECT)))
        while not scene.sprites:
            scene = random_scene(rng, kind=str(rng.choice(_WITH_OBJECT)))
        return Film(f"{index:04d}_object", Planar(scene))
    film = Draw(seed, stressed).film(index // 5 * 2 + index % 5)
    return replace(film, name=f"{index:04d}{film.name[4:]}")


_WITH_OBJECT = ("static", "static", "pan", "tilt", "zoom", "shake")
"""Kinds of scenes in which one object moves."""


def table(results: list[Outcome]) -> str:
    """One line for each kind of question."""
    width = max(18, *(len(one.asked.kind) for one in results))
    lines = [f"{'':{width}s} asked  answered  right of these"]
    kinds = list(dict.fromkeys(one.asked.kind for one in results))
    for kind in [*kinds, "all"]:
        mine = [one for one in results if kind in ("all", one.asked.kind)]
        answered = [one for one in mine if one.chosen is not None]
        right = sum(one.is_right for one in answered)
        shares = f"{len(answered) / len(mine):9.2f} {right / max(len(answered), 1):15.2f}"
        lines.append(f"{kind:{width}s} {len(mine):5d} {shares}")
    return "\n".join(lines)


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--count", type=int, default=40, help="scenes")
    parser.add_argument("--seed", type=int, default=101)
    parser.add_argument("--stressed", type=float, default=0.4, metavar="SHARE", help="0 to 1")
    parser.add_argument(
        "--balanced", action="store_true", help="the scenes of `motionsight scenes --questions`"
    )
    parser.add_argument(
        "--errors", action="store_true", help="print what was answered wrongly, and the refusals"
    )
    options = parser.parse_args()
    results: list[Outcome] = []
    with tempfile.TemporaryDirectory() as folder:
        if options.balanced:
            for scene in asked_scenes(count=options.count, seed=options.seed):
                results += balanced(scene, Path(folder))
        else:
            for index in range(options.count):
                results += outcomes(options.seed, index, options.stressed, Path(folder))
    print(table(results))
    refusals = Counter(one.why.partition(":")[0].partition(". ")[0] for one in results if one.chosen is None)
    print("\nRefused:", *(f"{count:4d}  {why}" for why, count in refusals.most_common()), sep="\n")
    for one in results if options.errors else ():
        if not one.is_right:
            letter = "-" if one.chosen is None else one.asked.options[one.chosen]
            print(
                f"{one.scene} {one.asked.text} {one.asked.options[one.asked.answer]!r}: {letter!r} {one.why}"
            )


if __name__ == "__main__":
    main()
