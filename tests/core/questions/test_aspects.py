"""Decoupling (section 3.1)."""

from __future__ import annotations

import pytest

from motionsight_core.questions import aspect_by_words, aspect_of_reply, parts_of


@pytest.mark.parametrize(
    ("reply", "aspect"),
    [
        ("object", "object"),
        ("Objects.", "object"),
        ("**Camera**", "camera"),
        ("both", "both"),
        ("It is about the camera.", "camera"),
        ("object or camera", "both"),
        ("I cannot say.", "both"),
        ("", "both"),
    ],
)
def test_a_reply_that_is_not_clear_means_both(reply: str, aspect: str) -> None:
    assert aspect_of_reply(reply) == aspect


@pytest.mark.parametrize(
    ("question", "aspect"),
    [
        ("Does the camera pan?", "camera"),
        ("What does the camera do?", "camera"),
        ("Is it filmed hand-held?", "camera"),
        ("What does the dog do?", "object"),
        ("Who throws the ball?", "object"),
        ("What is the man doing while the camera pans?", "both"),
        ("What happens?", "object"),
    ],
)
def test_without_a_model_the_question_s_own_words_decide(question: str, aspect: str) -> None:
    assert aspect_by_words(question) == aspect


def test_both_is_object_and_camera() -> None:
    assert parts_of("both") == ("object", "camera")
    assert parts_of("camera") == ("camera",)
