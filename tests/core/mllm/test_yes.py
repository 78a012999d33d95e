"""How probable "Yes" is, at an endpoint that gives log-probabilities."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from motionsight_core.errors import AnnotatorFailed, BadReply, ClipError, ModelRefused, ModelUnavailable
from motionsight_core.mllm._openai import EndpointModel
from motionsight_core.mllm._yes import WITHOUT, reads_yes
from tests.core.mllm.conversations import about, frames
from tests.core.mllm.scripted import Answer, ScriptedEndpoint, begins_with, fails, says


def asked(endpoint: ScriptedEndpoint, *answers: Answer, mllm: object = None) -> float | ClipError:
    """What comes of one question."""
    endpoint.answers = list(answers)
    (found,) = EndpointModel(endpoint.settings(mllm=mllm)).yes_probability([about("Is it?", shown=frames(2))])
    return found


def with_logprobs(logprobs: Any) -> Answer:
    answer = says("Yes")
    answer.body["choices"][0]["logprobs"] = logprobs
    return answer


def test_it_is_the_share_of_all_spellings_of_yes_among_all_tokens(endpoint: ScriptedEndpoint) -> None:
    found = asked(endpoint, begins_with({"Yes": 0.5, "No": 0.3, "yes": 0.1, " YES": 0.05, "Yesterday": 0.02}))

    assert found == pytest.approx(0.65)


def test_it_is_zero_where_no_is_certain(endpoint: ScriptedEndpoint) -> None:
    assert asked(endpoint, begins_with({"No": 0.999, " no": 0.0005})) == 0.0


@pytest.mark.parametrize("token", ["Yes", "yes", " YES", "Yes\n"])
def test_a_token_reads_yes_in_any_case_with_or_without_space(token: str) -> None:
    assert reads_yes(token)


@pytest.mark.parametrize("token", ["Yes.", "Ye", "eyes", ""])
def test_what_only_holds_yes_does_not_read_it(token: str) -> None:
    assert not reads_yes(token)


def test_one_token_is_asked_for_with_the_twenty_likeliest_and_the_distribution_as_it_is(
    endpoint: ScriptedEndpoint,
) -> None:
    asked(endpoint, begins_with({"Yes": 1.0}), mllm={"extra_body": {"top_p": None, "top_k": 0}})

    (request,) = endpoint.requests
    knobs = {name: value for name, value in request.items() if name not in ("messages", "model")}
    assert knobs == {"max_tokens": 1, "temperature": 1.0, "logprobs": True, "top_logprobs": 20, "top_k": 0}


@pytest.mark.parametrize("logprobs", [None, {}, {"content": None}, {"content": []}, {"content": [{}]}, 7])
def test_an_endpoint_without_log_probabilities_can_score_nothing(
    endpoint: ScriptedEndpoint, logprobs: Any
) -> None:
    found = asked(endpoint, with_logprobs(logprobs))

    assert isinstance(found, ModelUnavailable)
    assert str(found) == WITHOUT


def test_an_endpoint_that_refuses_the_field_can_score_nothing(endpoint: ScriptedEndpoint) -> None:
    found = asked(endpoint, fails(400, "Unsupported parameter: logprobs"))

    assert isinstance(found, ModelUnavailable)
    assert str(found) == f"{WITHOUT} (HTTP 400: Unsupported parameter: logprobs)"


@pytest.mark.parametrize("entry", [{"token": "Yes", "logprob": None}, {"token": "Yes"}, "Yes"])
def test_log_probabilities_that_are_none_are_a_bad_reply(endpoint: ScriptedEndpoint, entry: Any) -> None:
    assert isinstance(asked(endpoint, with_logprobs({"content": [{"top_logprobs": [entry]}]})), BadReply)


def test_a_model_that_was_about_to_say_something_else_gives_no_score(endpoint: ScriptedEndpoint) -> None:
    found = asked(endpoint, begins_with({"<think>": 0.98, "The": 0.01}))

    assert isinstance(found, BadReply)
    assert str(found).startswith('The model was about to begin with "<think>", neither Yes nor No; ')


def test_what_fails_fails_alone_and_in_its_place(endpoint: ScriptedEndpoint) -> None:
    endpoint.answers = [
        begins_with({"Yes": 1.0}),
        fails(400, "too long"),
        begins_with({"Yes": 0.5, "No": 0.5}),
    ]
    too_wide = frames(1)
    object.__setattr__(too_wide, "pixels", np.zeros((1, 1, 70_000, 3), np.uint8))
    conversations = [about("Is it?"), about("Is it?", shown=too_wide), about("Is it?"), about("Is it?")]

    found = EndpointModel(endpoint.settings(concurrency=1)).yes_probability(conversations)

    assert found[0] == 1.0
    assert isinstance(found[1], AnnotatorFailed)
    assert isinstance(found[2], ModelRefused)
    assert found[3] == pytest.approx(0.5)
