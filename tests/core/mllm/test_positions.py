"""Relative times and places in prompts and replies (iMOVE, eq. 3 and 4)."""

from __future__ import annotations

import numpy as np
import pytest

from motionsight_core import MotionSight, Settings
from motionsight_core.clip import FrameSequence
from motionsight_core.mllm import Message
from motionsight_core.mllm._chat import template_messages
from motionsight_core.mllm.positions import (
    PLACE_STEPS,
    TIME_STEPS,
    box_tokens,
    boxes_of,
    in_units,
    time_token,
    times_of,
)
from motionsight_core.models.loaded import Models
from motionsight_core.serving.frame_marks import read_mark
from tests.core.method import KnownDetector, KnownTracker, ScriptedModel, known_clip, obliging

#: Three frames of a clip from 60 s to 64 s.
FRAMES = FrameSequence(np.zeros((3, 8, 8, 3), np.uint8), np.array([60.0, 61.0, 63.9]), (60.0, 64.0))


@pytest.mark.parametrize("duration_s", [0.3, 4.0, 3600.0])
def test_times_come_back_within_half_a_step(duration_s: float) -> None:
    times_s = np.random.default_rng(0).uniform(0.0, duration_s, 200).tolist()
    said = ", ".join(time_token(time_s, duration_s) for time_s in times_s)

    half_a_step = duration_s / TIME_STEPS / 2
    assert times_of(said, duration_s) == pytest.approx(times_s, abs=half_a_step * (1 + 1e-9), rel=0)


def test_boxes_come_back_within_half_a_step() -> None:
    boxes = np.random.default_rng(0).uniform(0.0, 1.0, (200, 4))
    said = "\n".join(f"<t3>: {box_tokens(box.tolist())}" for box in boxes)

    found = np.array(boxes_of(said))

    assert found.shape == boxes.shape
    assert np.abs(found - boxes).max() <= (1 + 1e-9) / PLACE_STEPS / 2


def test_what_lies_outside_is_brought_to_the_ends() -> None:
    assert [time_token(time_s, 4.0) for time_s in (-1.0, 0.0, 4.0, 5.0)] == [
        "<t0>",
        "<t0>",
        "<t300>",
        "<t300>",
    ]
    assert box_tokens([-0.1, 0.5, 1.2, 1.0]) == "<p0><p500><p1000><p1000>"


def test_numbers_beyond_the_last_step_are_no_times_and_no_boxes() -> None:
    said = "From <t12> to <t301>: <p0><p500><p1001><p1000>, <p1><p2><p3>"

    assert (times_of(said, 300.0), boxes_of(said)) == ([12.0], [])
    assert in_units(said, (0.0, 300.0)) == said.replace("<t12>", "12.0 s")


def test_a_reply_is_read_in_source_seconds_and_fractions() -> None:
    said = "<t75>: <p400><p500><p600><p1000>\nFrom <t0> to <t300>."

    assert in_units(said, (60.0, 64.0)) == "61.0 s: [0.400, 0.500, 0.600, 1.000]\nFrom 60.0 s to 64.0 s."


def test_before_each_frame_stands_its_part_of_the_clip() -> None:
    said = Message("user", (FRAMES, "What moves?")).as_text()

    assert said == (
        "Frame 60.0 <t0>: <image>\nFrame 61.0 <t75>: <image>\nFrame 63.9 <t292>: <image>\nWhat moves?"
    )


def test_before_a_video_stand_those_of_all_of_its_frames() -> None:
    (message,) = template_messages((Message("user", (FRAMES, "Why?")),), frames_as="video", plain=str)

    assert message["content"][0]["text"] == "Frames at 60.0 <t0>, 61.0 <t75>, 63.9 <t292> seconds: "


def test_a_server_of_ours_reads_the_seconds_of_such_a_mark() -> None:
    mark = read_mark("Frame 61.0 <t75>: ")

    assert mark is not None
    assert mark.time_s == 61.0


def test_the_method_says_them_where_the_settings_ask_for_them() -> None:
    plain, relative = asked(), asked("mllm.relative_times=true")

    assert not any("<t" in said for said in plain)
    with_frames = [said for said in relative if "<image>" in said]
    assert len(with_frames) == len([said for said in plain if "<image>" in said]) > 0
    for said in with_frames:
        assert "in seconds, and in steps: <t0>, the beginning of the video, to <t300>, its end.\n" in said
        assert "Frame 0.0 <t0>: <image>" in said


def test_what_the_model_says_of_them_is_stored_in_seconds() -> None:
    def script(text: str) -> str:
        return "It pans from <t0> to <t150>." if "how the camera moves" in text else obliging(text)

    (row,) = sight(ScriptedModel(script), "mllm.relative_times=true").describe([known_clip()])
    clip = known_clip().clip

    middle_s = (clip.start_s + clip.end_s) / 2
    assert getattr(row, "camera_motion", row) == f"It pans from {clip.start_s:.1f} s to {middle_s:.1f} s."


def test_an_answer_is_given_in_seconds_and_kept_as_it_was_said() -> None:
    model = ScriptedModel(lambda text: "At <t300>." if "When" in text else obliging(text))

    answer = sight(model, "mllm.relative_times=true").answer(known_clip(), "When does it sit?")

    assert (answer.text, answer.reply) == (f"At {known_clip().clip.end_s:.1f} s.", "At <t300>.")


def test_they_are_part_of_the_recipe_only_where_they_are_asked_for() -> None:
    def recipe(**mllm: object) -> str:
        return Settings.model_validate({"annotator": "transformers:m", "mllm": mllm}).recipe()

    # Rows of earlier versions keep theirs.
    assert recipe() == recipe(relative_times=False) == "59dd4faac409700d"
    assert recipe(relative_times=True) != recipe()


def sight(model: ScriptedModel, *overrides: str) -> MotionSight:
    settings = Settings.load(
        environment={}, overrides=["annotator=openai:http://localhost:1/v1#scripted", *overrides]
    )
    models = Models(settings, mllm=model, detector=KnownDetector(), tracker=KnownTracker())
    return MotionSight(settings, run_id="run", models=models)


def asked(*overrides: str) -> list[str]:
    """What is said to the model when a clip is described."""
    model = ScriptedModel(obliging)
    sight(model, *overrides).describe([known_clip()])
    return ["".join(message.as_text() for message in conversation) for conversation in model.asked]
