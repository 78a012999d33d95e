"""The kind of a question, by its words and by a reply."""

from __future__ import annotations

import pytest

from motionsight_core.questions import kind_by_words, kind_of_reply


@pytest.mark.parametrize(
    ("question", "kind"),
    [
        ("How does the camera move?", "camera_motion"),
        ("How many times does the man jump?", "repetition_count"),
        ("How often is the ball thrown?", "repetition_count"),
        ("How many push-ups does she do?", "repetition_count"),
        ("What does the cat do after it jumps?", "action_order"),
        ("In what order are the cups moved?", "action_order"),
        ("In which direction does the car go?", "location_motion"),
        ("Where does the bird land?", "location_motion"),
        ("Which object rolls?", "motion_objects"),
        ("Who waves?", "motion_objects"),
        ("What is the man doing?", "motion_recognition"),
    ],
)
def test_a_question_has_a_kind_by_its_words(question: str, kind: str) -> None:
    assert kind_by_words(question) == kind


@pytest.mark.parametrize(
    ("reply", "kind"),
    [
        ("object, action_order", "action_order"),
        ("Camera, Camera Motion.", "camera_motion"),
        ("object, repetition-count", "repetition_count"),
        ("object", None),
        ("action_order or repetition_count", None),
        ("", None),
    ],
)
def test_a_reply_names_one_kind_or_none(reply: str, kind: str | None) -> None:
    assert kind_of_reply(reply) == kind
