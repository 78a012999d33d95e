"""The arms of an evaluation: what differs between them, and what they share."""

from __future__ import annotations

import pytest

from motionsight_core.errors import UsageError
from motionsight_core.evaluation.arms import Arm, arms_of, baseline_of
from motionsight_core.evaluation.question import Question
from motionsight_core.settings import Settings

ENDPOINT = Settings(annotator="openai:http://localhost:1/v1#model")
QUESTION = Question(
    "1", "a.mp4", "Which way does the camera pan?", ("left", "right"), 0, "Other", "object", "action_order"
)


def test_the_method_stands_beside_the_frames_without_prompts() -> None:
    baseline, method = arms_of(ENDPOINT)
    assert (method.name, method.route, method.baseline) == ("method", "label", "baseline")
    assert method.settings == ENDPOINT
    assert (baseline.name, baseline.route, baseline.baseline) == ("baseline", "none", None)
    assert set(baseline.settings.prompts.named()) == {"none"}
    assert baseline.settings.prompts.evidence == "none"
    assert baseline.recipe != method.recipe
    assert [arm.name for arm in arms_of(ENDPOINT, baseline=False)] == ["method"]


def test_a_baseline_has_the_recipe_of_its_settings_whatever_the_route() -> None:
    keys = {arms_of(ENDPOINT, route=route)[0].key for route in ("label", "model", "words")}
    assert keys == {(baseline_of(ENDPOINT).recipe(), "none")}


def test_the_measurement_has_neither_baseline_nor_route() -> None:
    (method,) = arms_of(Settings())
    assert (method.name, method.route, method.baseline) == ("method", "none", None)


def test_every_combination_of_what_varies_is_an_arm_and_equal_baselines_are_one() -> None:
    arms = arms_of(
        ENDPOINT, vary=["prompts.object=spotlight,crop", 'prompts.camera=["none","motion_blur"],none']
    )
    methods = [arm for arm in arms if arm.baseline]
    assert [arm.name for arm in methods] == [
        'prompts.object=spotlight, prompts.camera=["none","motion_blur"]',
        "prompts.object=spotlight, prompts.camera=none",
        'prompts.object=crop, prompts.camera=["none","motion_blur"]',
        "prompts.object=crop, prompts.camera=none",
    ]
    assert methods[0].settings.prompts.shown("camera") == ("none", "motion_blur")
    assert {arm.baseline for arm in methods} == {"baseline"}
    assert [arm.name for arm in arms if not arm.baseline] == ["baseline"]


def test_what_varies_outside_the_prompts_varies_the_baseline_as_well() -> None:
    arms = {arm.name: arm for arm in arms_of(ENDPOINT, vary=["sampling.frames=4,8"])}
    assert arms["sampling.frames=8"].baseline == "baseline, sampling.frames=8"
    assert arms["baseline, sampling.frames=8"].settings.sampling.frames == 8


def test_arms_that_differ_in_prompts_alone_share_a_decode() -> None:
    prompts = arms_of(ENDPOINT, vary=["prompts.object=spotlight,crop", "mllm.temperature=0,0.5"])
    assert len({arm.decode_key for arm in prompts}) == 1
    for key in ("sampling.frames=4,8", "blur.window=3,7", "measure.fps=5,10"):
        assert len({arm.decode_key for arm in arms_of(ENDPOINT, vary=[key])}) == 2


def test_how_videos_are_split_is_the_questions_affair() -> None:
    windows = Settings.load(environment={}, overrides=["clips.window_s=5"])
    assert arms_of(windows)[0].recipe == arms_of(Settings())[0].recipe


@pytest.mark.parametrize(
    ("route", "aspect", "kind"),
    [
        ("label", "object", "action_order"),
        ("model", None, None),
        ("words", "camera", None),
        ("none", "both", None),
    ],
)
def test_the_route_says_what_is_known_of_a_question(route, aspect, kind) -> None:
    query = Arm("arm", ENDPOINT, route).query(QUESTION)
    assert (query.text, query.options) == (QUESTION.text, QUESTION.options)
    assert (query.aspect, query.kind) == (aspect, kind)


@pytest.mark.parametrize(
    ("settings", "vary", "sentence"),
    [
        (ENDPOINT, ["sampling.frames"], "--vary takes KEY=VALUE,VALUE"),
        (ENDPOINT, ["sampling.frames="], "--vary takes KEY=VALUE,VALUE"),
        (ENDPOINT, ["sampling.frame=1,2"], "there is no setting sampling.frame"),
        (ENDPOINT, ["sampling.frames=1,many"], "sampling.frames: "),
        (ENDPOINT, [f"sampling.frames={','.join(map(str, range(1, 66)))}"], "--vary makes 65 combinations"),
        (Settings(annotator="transformers:a"), ["annotator=transformers:a,transformers:b"], "several models"),
    ],
)
def test_what_cannot_vary_is_refused(settings: Settings, vary: list[str], sentence: str) -> None:
    with pytest.raises(UsageError, match=sentence):
        arms_of(settings, vary=vary)
