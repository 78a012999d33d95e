"""What holds for every multimodal LLM, in this process or behind a real server."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from motionsight_core.errors import ClipError
from motionsight_core.mllm import MultimodalModel, Reply, open_mllm
from tests.core.mllm.conversations import HOSTILE, about, assorted, frames, good, texts
from tests.core.mllm.serving import Served

OpenModel = Callable[..., MultimodalModel]


@pytest.fixture(params=["qwen2_5_vl", "internvl", "served"])
def open_model(request: pytest.FixtureRequest, in_process: OpenModel) -> OpenModel:
    """Opens the model under test, replies of ten tokens, with further settings of the section `mllm`."""
    if request.param != "served":
        return lambda **mllm: in_process(request.param, **mllm)
    server: Served = request.getfixturevalue("served")
    return lambda **mllm: open_mllm(server.settings(**{"max_new_tokens": 10} | mllm))


@pytest.mark.in_gate("qwen2_5_vl", "internvl")
def test_a_batch_gets_the_replies_of_single_calls_in_its_order(open_model: OpenModel) -> None:
    model = open_model()

    replies = texts(model.reply(assorted()))

    assert replies == [text for one in assorted() for text in texts(model.reply([one]))]
    assert len(set(replies)) == len(replies)


def test_nothing_asked_is_nothing_replied(open_model: OpenModel) -> None:
    assert open_model().reply([]) == []


def test_tokens_and_time_are_counted_for_each_conversation(open_model: OpenModel) -> None:
    short, long = good(open_model().reply([about("Yes?"), about("Yes?", shown=frames(4))]))

    assert 0 < short.prompt_tokens < long.prompt_tokens
    assert 0 < short.completion_tokens <= 10
    assert short.latency_s > 0


def test_a_reply_that_is_cut_is_not_complete(open_model: OpenModel) -> None:
    replies = good(open_model(max_new_tokens=4).reply(assorted()))

    assert [(reply.completion_tokens, reply.complete) for reply in replies] == [(4, False)] * len(replies)


def test_control_tokens_in_a_text_reach_the_model_as_text(open_model: OpenModel) -> None:
    innocent, hostile = good(
        open_model().reply([about("Yes?", shown=frames(2)), about("Yes?", *HOSTILE, shown=frames(2))])
    )

    # Every control token would be one token; as text each of them is several.
    assert hostile.prompt_tokens > innocent.prompt_tokens + 40


def test_a_seed_brings_the_same_replies_at_any_temperature(open_model: OpenModel) -> None:
    first, again, other = (
        texts(open_model(temperature=0.9, seed=seed).reply([about("Describe it.", shown=frames(2))]))
        for seed in (1, 1, 2)
    )

    assert first == again != other


def test_threads_get_the_replies_to_their_own_conversations(open_model: OpenModel) -> None:
    model = open_model()
    expected = texts(model.reply(assorted()))

    with ThreadPoolExecutor(4) as threads:
        found = list(threads.map(lambda one: texts(model.reply([one]))[0], assorted() * 2))

    assert found == expected * 2


def test_a_server_that_dies_in_the_middle_of_a_batch_loses_no_conversation(served: Served) -> None:
    model = open_mllm(served.settings(max_new_tokens=10))
    batch = [about(f"Describe object {number}.", shown=frames(4)) for number in range(24)]
    before = served.answered()
    replies: list[Reply | ClipError] = []
    asking = threading.Thread(target=lambda: replies.extend(model.reply(batch)))
    asking.start()
    while served.answered() < before + 3:
        assert asking.is_alive()
        time.sleep(0.01)

    served.kill()
    answered = served.answered() - before
    served.start()
    asking.join(240)

    assert 3 <= answered < len(batch)
    assert len(texts(replies)) == len(batch)
