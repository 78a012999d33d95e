"""An evaluation that is killed at any moment and started again: the same predictions, nothing asked twice."""

from __future__ import annotations

import signal
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.core.mllm.scripted import Answer, ScriptedEndpoint, said
from tests.flows.evaluating import asked, by_rule, own_questions, question_in
from tests.flows.test_evaluate import annotator, overall
from tests.plugin.serving import until
from tests.warm import Begun

PREDICTIONS = """
SELECT * EXCLUDE (run_id, answered_at, recipe) FROM predictions ORDER BY question_id, route
"""


class Gate:
    """Lets so many multiple choices through to their replies; the others are held until they are let go."""

    def __init__(self) -> None:
        self.passed: Counter[str] = Counter()
        self._open = threading.Semaphore(0)
        self._lock = threading.Lock()

    def let(self, count: int) -> None:
        self._open.release(count)

    def __call__(self, request: dict[str, Any]) -> Answer:
        text = said(request)
        if "Reply with the letter" in text:
            self._open.acquire()
            with self._lock:
                self.passed[question_in(text)] += 1
        return by_rule(request)


@pytest.fixture
def endpoint() -> Iterator[ScriptedEndpoint]:
    with ScriptedEndpoint() as running:
        yield running


def journals(folder: Path) -> list[Path]:
    return sorted(folder.glob("motionsight.duckdb.staging/replies/*/*.jsonl"))


def kept(folder: Path) -> int:
    """Replies in journals."""
    return sum(path.read_bytes().count(b"\n") for path in journals(folder))


@pytest.mark.long
@pytest.mark.timeout(600)
@pytest.mark.parametrize("moments", [(3, 4), pytest.param((1, 4, 2), marks=pytest.mark.long)], ids=str)
def test_killed_several_times_and_restarted_no_question_is_asked_twice_whose_reply_had_come(
    motionsight: Callable[..., Any],
    begin: Callable[..., Begun],
    ask: Callable[..., Any],
    endpoint: ScriptedEndpoint,
    scenes: Path,
    tmp_path: Path,
    moments: Sequence[int],
) -> None:
    annotations = own_questions(tmp_path / "own.jsonl", [clip.name for clip in scenes.glob("*.mp4")], each=4)
    arguments = (
        "evaluate", "jsonl", str(annotations), str(scenes), "--no-baseline", "--format", "csv",
        "--set", "runtime.shard_size=2", "--set", "endpoint.concurrency=3", *annotator(endpoint),
    )  # fmt: skip
    endpoint.answers = [by_rule]
    calm = motionsight(*arguments, "--warehouse", "duckdb:calm.duckdb")
    assert overall(calm) == {"method": (16, 16, 16)}
    undisturbed = ask(PREDICTIONS, "--warehouse", "duckdb:calm.duckdb")
    endpoint.requests.clear()

    answered: set[str] = set()
    for moment in moments:  # 7 of 8 questions of the first shard
        gate = Gate()
        endpoint.answers = [gate]
        gate.let(moment)
        run = begin(*arguments)
        until(lambda moment=moment: kept(tmp_path) == moment, what=lambda run=run: str(run.poll()))
        assert run.kill() == -signal.SIGKILL
        assert gate.passed.total() == moment
        assert not answered & set(asked(endpoint)), "what an earlier run had a reply to is asked again"
        answered |= set(gate.passed)
        endpoint.requests.clear()
        gate.let(100)  # who is held has nobody any more who listens
        with journals(tmp_path)[-1].open("ab") as file:
            file.write(b'{"benchmark": "jsonl", "torn')

    endpoint.answers = [by_rule]
    done = motionsight(*arguments)
    assert "replies of a run that was ended were kept" in done.err
    assert done.out == calm.out
    assert ask(PREDICTIONS) == undisturbed
    assert len(answered) == 7
    assert len(asked(endpoint)) == asked(endpoint).total() == 9
    assert not answered & set(asked(endpoint))
    assert not list(tmp_path.glob("*.staging")), "what killed runs had left is swept away"


@pytest.mark.long
@pytest.mark.timeout(600)
def test_sigterm_finishes_the_shard_in_hand(
    motionsight: Callable[..., Any],
    begin: Callable[..., Begun],
    ask: Callable[..., Any],
    endpoint: ScriptedEndpoint,
    scenes: Path,
    tmp_path: Path,
) -> None:
    clips = [clip.name for clip in scenes.glob("*.mp4")]
    annotations = own_questions(tmp_path / "own.jsonl", clips, each=1)
    arguments = (
        "evaluate", "jsonl", str(annotations), str(scenes), "--no-baseline", "--format", "csv",
        "--set", "runtime.shard_size=1", *annotator(endpoint),
    )  # fmt: skip
    gate = Gate()
    endpoint.answers = [gate]
    run = begin(*arguments)
    until(lambda: asked(endpoint).total() == 1, what=lambda: str(run.poll()))
    run.send_signal(signal.SIGTERM)
    until(lambda: "finishing the shard in hand" in run.err, what=lambda: str(run.poll()))
    gate.let(100)
    assert (run.wait(), run.out) == (143, ""), run.err
    assert "Ended by SIGTERM with 3 of 4 shards to go" in run.err
    assert ask("SELECT count(*) AS n FROM predictions") == [{"n": 1}]
    assert overall(motionsight(*arguments)) == {"method": (4, 4, 4)}
    assert set(asked(endpoint).values()) == {1}
