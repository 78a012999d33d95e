"""Prompts, labels, thresholds and doubles, with probabilities made by hand."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch")

from motionsight_core.referring import Detection  # noqa: E402
from motionsight_core.referring._grounding import (  # noqa: E402
    MAX_TOKENS,
    Prompt,
    corners_of,
    detections_of,
    prompts_of,
    without_doubles,
)
from motionsight_core.settings import ReferringSettings  # noqa: E402

#: [CLS] car . red car . skate ##board ##er . [SEP]
PROMPT = Prompt("car. red car. skateboarder.", ("Car", "red car", "skateboarder"), ((1, 2), (3, 5), (6, 9)))
BOX = (0.1, 0.1, 0.4, 0.5)


def words(text: str) -> int:
    return len(text.split())


def found(*tokens: float, box: tuple[float, float, float, float] = BOX, **settings: float) -> list[Detection]:
    """What one query with these probabilities of the ten tokens gives."""
    return detections_of(
        torch.tensor([tokens]), torch.tensor([box]), PROMPT, ReferringSettings.model_validate(settings)
    )


def test_a_prompt_is_the_names_in_lower_case_with_a_full_stop_each() -> None:
    (prompt,) = prompts_of(("Dog", "Red  Car"), words)
    assert prompt.text == "dog. red car."
    assert prompt.names == ("Dog", "Red  Car")
    assert prompt.spans == ((1, 2), (3, 5))


def test_what_would_end_a_name_or_say_nothing_is_left_out_of_the_prompt() -> None:
    (prompt,) = prompts_of(("St. Bernard?", "", " . ", "st bernard"), words)
    assert prompt.text == "st bernard."
    assert prompt.names == ("St. Bernard?",)
    assert list(prompts_of((), words)) == []


def test_names_beyond_the_limit_of_the_text_encoder_go_into_further_prompts() -> None:
    names = tuple(f"a thing of number {number}" for number in range(200))
    prompts = list(prompts_of(names, words))
    assert tuple(name for prompt in prompts for name in prompt.names) == names
    for prompt in prompts:
        # with [CLS], [SEP] and a full stop after each name
        assert words(prompt.text) + len(prompt.names) + 2 <= MAX_TOKENS
        assert prompt.spans[-1][1] + 2 <= MAX_TOKENS
    assert len(prompts) == 5


def test_a_box_gets_the_name_whose_words_it_was_found_for() -> None:
    (red,) = found(0, 0.45, 0, 0.5, 0.5, 0, 0, 0, 0, 0)
    (other,) = found(0, 0.45, 0, 0.1, 0.4, 0, 0, 0, 0, 0)
    (part,) = found(0, 0.26, 0, 0, 0, 0, 0.6, 0.2, 0.1, 0)
    assert (red.label, other.label, part.label) == ("red car", "Car", "skateboarder")
    assert red.score == 0.5 and red.box == pytest.approx(BOX)


def test_boxes_below_the_box_threshold_are_not_found_and_those_at_it_are() -> None:
    tokens = (0, 0.5, 0, 0, 0, 0, 0, 0, 0, 0)
    assert found(*tokens, box_threshold=0.51) == []
    assert len(found(*tokens, box_threshold=0.5)) == 1


def test_a_box_without_a_word_above_the_text_threshold_is_no_object_that_was_asked_for() -> None:
    full_stop = (0, 0.2, 0.9, 0, 0, 0, 0, 0, 0, 0)
    assert found(*full_stop, text_threshold=0.3) == []
    assert [one.label for one in found(*full_stop, text_threshold=0.2)] == ["Car"]


def test_boxes_without_extent_are_dropped() -> None:
    assert found(0, 0.9, 0, 0, 0, 0, 0, 0, 0, 0, box=(1.0, 0.1, 1.0, 0.5)) == []


def test_boxes_are_clipped_to_the_frame() -> None:
    corners = corners_of(torch.tensor([[0.0, 0.5, 0.4, 2.0]]))
    torch.testing.assert_close(corners, torch.tensor([[0.0, 0.0, 0.2, 1.0]]))


def test_an_object_found_under_two_names_stays_once_under_the_better() -> None:
    same = (0.1, 0.1, 0.4, 0.51)
    far = (0.6, 0.1, 0.9, 0.5)
    detections = [
        Detection("animal", 0.4, BOX),
        Detection("dog", 0.6, same),
        Detection("dog", 0.5, far),
    ]
    assert [(one.label, one.score) for one in without_doubles(detections)] == [("dog", 0.6), ("dog", 0.5)]
    assert without_doubles([]) == []
