"""Questions about rendered scenes, answered by what was measured of them: the short form of the benchmark."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from benchmarks._scene_questions import questions_about
from benchmarks.measured_answers import balanced, outcomes, table
from motionsight_core.synthetic import Move, SceneTruth
from motionsight_core.synthetic.questions import asked_scenes

SEED = 91
#: An object that moves, two camera moves in a row, and a repetition.
SCENES = (0, 2, 3)


@pytest.mark.timeout(120)
def test_what_is_answered_is_right_and_most_is_answered(tmp_path: Path) -> None:
    results = [one for index in SCENES for one in outcomes(SEED, index, 0.4, tmp_path)]
    answered = [one for one in results if one.chosen is not None]
    wrong = [(one.scene, one.asked, one.why) for one in answered if not one.is_right]
    assert not wrong
    assert len(answered) >= 0.8 * len(results)
    assert {one.asked.kind for one in answered} >= {
        "camera",
        "camera order",
        "object direction",
        "repetitions",
        "cuts",
    }
    assert table(results).splitlines()[-1].startswith("all")


@pytest.mark.long
@pytest.mark.timeout(120)
def test_camera_questions_that_are_made_for_their_scenes_are_answered_rightly(tmp_path: Path) -> None:
    """The positive control of an evaluation, in its short form."""
    scenes = [one for one in asked_scenes(count=7, seed=SEED) if one.sort.startswith("camera")]
    results = [one for scene in scenes for one in balanced(scene, tmp_path)]
    assert len(results) == 6
    assert not [(one.scene, one.asked, one.why) for one in results if not one.is_right]


def test_a_question_has_its_right_answer_among_options_that_differ() -> None:
    moves = (Move(0.0, 2.0, "pan_left", 0.1), Move(2.0, 4.0, "zoom_in", 0.1))
    truth = SceneTruth("a.mp4", 480, 270, 30.0, 4.0, moves, "smooth", (), ())
    asked = {
        one.kind: one for seed in range(5) for one in questions_about(truth, np.random.default_rng(seed))
    }
    order = asked["camera order"]
    assert asked.keys() == {"camera", "camera yes/no", "camera order", "steadiness", "cuts"}
    assert order.options[order.answer] == "pan left"
    assert all(len(set(one.options)) == len(one.options) for one in asked.values())
