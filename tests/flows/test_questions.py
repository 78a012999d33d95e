"""`motionsight questions`: from rendered videos to questions that the motion answers, and nothing else."""

from __future__ import annotations

import csv
import io
import json
import shutil
import signal
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from string import ascii_uppercase
from typing import Any

import pyarrow.parquet as pq
import pytest

from motionsight_core.evaluation import Question, open_benchmark
from motionsight_core.synthetic import render
from motionsight_core.synthetic.questions import asked_scenes
from tests.core.dataset.rows import files_in
from tests.core.mllm.scripted import MODEL, Answer, ScriptedEndpoint, fails, said, says
from tests.flows.evaluating import question_in
from tests.flows.test_evaluate_restart import kept
from tests.plugin.serving import until
from tests.warm import Begun, WarmCommand, environment

#: One camera move, two in a row, a direction, a repetition, two ways in a row.
SCENES = (0, 2, 3, 5, 9)
PLAIN = ("--set", "naming.model=none")


@pytest.fixture(scope="module")
def made_once(warm_command: WarmCommand, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with rows in motionsight.duckdb and their data set in data; copy before changing."""
    folder = tmp_path_factory.mktemp("asked_about")
    (folder / "clips").mkdir()
    scenes = asked_scenes(count=10, seed=7, width=320, height=180)
    for number in SCENES:
        scene = scenes[number].scene
        render(scene, folder / "clips" / f"{scene.name}.mp4")
    everything = ("--set", "dataset.clarity=0", "--set", "dataset.motion=-1")
    for arguments in (["annotate", "clips", *PLAIN], ["dataset", "data", *everything]):
        code, out, said = warm_command.run(arguments, cwd=folder, environment=environment())
        assert code == 0, out + said
    return folder


@pytest.fixture
def made(made_once: Path, tmp_path: Path) -> Path:
    """The same in the folder in which commands run; returns the data set's."""
    return copied(made_once, tmp_path)


def copied(made_once: Path, to: Path) -> Path:
    shutil.copytree(made_once / "data", to / "data")
    shutil.copy(made_once / "motionsight.duckdb", to)
    return to / "data"


@pytest.fixture
def endpoint() -> Iterator[ScriptedEndpoint]:
    with ScriptedEndpoint() as running:
        yield running


def at(endpoint: ScriptedEndpoint) -> str:
    return endpoint.settings().annotator


def questions_in(data: Path, *names: str) -> list[Question]:
    """Of the files that are there."""
    files = [data / "questions" / name for name in names]
    return [
        one for file in files if file.exists() for one in open_benchmark("motionbench").read(file).questions
    ]


def pictures(request: dict[str, Any]) -> int:
    content = request["messages"][-1]["content"]
    return 0 if isinstance(content, str) else sum(part["type"] == "image_url" for part in content)


class Planted:
    """A model that knows by the text in which order the camera moves, and from one frame where objects go.

    In all else it is wrong: it reads the right letters in the file that it is asked from.
    """

    def __init__(self, data: Path) -> None:
        self._data = data
        self.shown: set[int] = set()
        """Numbers of pictures, 2 of several."""

    def __call__(self, request: dict[str, Any]) -> Answer:
        text, shown = said(request), pictures(request)
        if "Reply with the letter" not in text:
            return fails(400, "not a question")
        self.shown.add(min(shown, 2))
        lines = (self._data / "questions/candidates.jsonl").read_text().splitlines()
        asked = [one for line in lines for one in json.loads(line)["qa"] if one["question"] in text]
        right = ascii_uppercase.index(asked[0]["answer"])
        knows = {0: "In which order does the camera", 1: "In which direction"}.get(shown, "nothing")
        letter = right if question_in(text).startswith(knows) else (right + 1) % 4
        return says(ascii_uppercase[letter])


@pytest.mark.long
def test_what_was_measured_answers_the_questions_about_rendered_scenes(motionsight, made: Path) -> None:
    done = motionsight("questions", "data")
    assert done.code == 0, done.err
    asked = questions_in(made, "dev.jsonl", "test.jsonl")
    assert f"Wrote data/questions: {len(asked)} questions about 5 clips" in done.out
    assert {one.category for one in asked} >= {
        "Camera Motion", "Location-related Motion", "Repetition Count", "Action Order",
    }  # fmt: skip
    letters = Counter(one.answer for one in asked)
    assert max(letters.values()) - min(letters[at] for at in range(4)) <= 1
    scored = motionsight(
        "evaluate", "motionbench", "data/questions/candidates.jsonl", "data/media", "--format", "csv", *PLAIN
    )
    assert scored.code == 0, scored.err
    rows = csv.DictReader(io.StringIO(scored.out))
    (row,) = (one for one in rows if (one["category"], one["score"]) == ("all", "strict"))
    assert int(row["right"]) == int(row["questions"]) == len(asked)


@pytest.mark.long
def test_what_a_planted_model_knows_by_the_text_or_one_frame_is_dropped_and_told(
    motionsight, endpoint, made: Path
) -> None:
    planted = Planted(made)
    endpoint.answers = [planted]
    command = ("questions", "data", "--blind", at(endpoint), "--set", "sampling.frames=4")
    done = motionsight(*command)
    assert done.code == 0, done.err
    every = {one.question_id: one for one in questions_in(made, "candidates.jsonl")}
    kept_ones = questions_in(made, "dev.jsonl", "test.jsonl")
    dropped = {
        row["question_id"]: row["reason"]
        for row in pq.read_table(made / "questions/dropped.parquet").to_pylist()
        if row["stage"] == "blind"
    }
    by_text = {name for name, one in every.items() if one.text.startswith("In which order does the camera")}
    by_frame = {name for name, one in every.items() if one.text.startswith("In which direction")}
    assert by_text
    assert by_frame
    assert dropped == {
        **dict.fromkeys(by_text, f"openai:{MODEL} answers it rightly by the text alone."),
        **dict.fromkeys(by_frame, f"openai:{MODEL} answers it rightly with the first frame alone."),
    }
    assert {one.question_id for one in kept_ones} == every.keys() - dropped.keys()
    scores = {
        row["ablation"]: row
        for row in pq.read_table(made / "questions/blind.parquet").to_pylist()
        if row["category"] == "all"
    }
    assert {name: row["right"] for name, row in scores.items()} == {
        "text": len(by_text), "first_frame": len(by_frame), "shuffled_frames": 0,
    }  # fmt: skip
    assert {row["kept_accuracy"] for row in scores.values()} == {0.0}
    assert planted.shown == {0, 1, 2}, "nothing, one frame, several"
    assert f"| openai:{MODEL} | first frame |" in (made / "questions/README.md").read_text()

    before, requests = files_in(made), len(endpoint.requests)
    assert motionsight(*command).code == 0
    assert files_in(made) == before
    assert len(endpoint.requests) == requests, "no blind model is asked twice"


class Gate:
    """Lets so many replies through, and holds the others; knows which clips it wrote questions about."""

    def __init__(self, count: int) -> None:
        self._open = threading.Semaphore(count)
        self.through: list[str] = []

    def let(self, count: int) -> None:
        self._open.release(count)

    def __call__(self, request: dict[str, Any]) -> Answer:
        self._open.acquire()
        text = said(request)
        self.through.append(text)
        if "Reply with the letter" in text:
            return says("A")
        asked = {
            "category": "Motion Recognition",
            "question": f"What is seen, {len(text)} and {sum(text.encode()) % 997}?",
            "answer": "It moves",
            "wrong": ["It rests", "It turns", "It falls"],
        }
        return says(json.dumps({"questions": [asked]}))


@pytest.mark.long
@pytest.mark.timeout(300)
def test_killed_while_it_is_written_and_while_it_is_filtered_it_ends_the_same_and_asks_nothing_twice(
    motionsight: Callable[..., Any],
    begin: Callable[..., Begun],
    endpoint: ScriptedEndpoint,
    made_once: Path,
    tmp_path: Path,
) -> None:
    folder = tmp_path / "killed"
    folder.mkdir()
    data = copied(made_once, folder)
    arguments = (
        "questions", "data", "--from", at(endpoint), "--blind", at(endpoint), "--set", "sampling.frames=4",
        "--set", "endpoint.concurrency=2", "--set", "runtime.shard_size=2",
    )  # fmt: skip
    came: list[str] = []

    def killed_after(replies: int, count: Callable[[], int]) -> None:
        gate = Gate(replies)
        endpoint.answers = [gate]
        run = begin(*arguments, cwd=folder)
        until(lambda: count() == replies, what=lambda: str(run.poll()))
        assert run.kill() == -signal.SIGKILL
        came.extend(gate.through)
        gate.let(1000)  # who is held has nobody any more who listens

    written = data / "questions/replies.jsonl"
    killed_after(2, lambda: written.read_bytes().count(b"\n") if written.exists() else 0)
    # The other three are written, and then two blind answers come.
    killed_after(3 + 2, lambda: written.read_bytes().count(b"\n") - 2 + kept(folder))
    assert not (data / "questions/README.md").exists()
    last = Gate(1000)
    endpoint.answers = [last]
    done = motionsight(*arguments, cwd=folder)
    assert done.code == 0, done.err
    assert len(came) == 7
    assert not set(came) & set(last.through), "what had a reply is asked again"

    calm = tmp_path / "calm"
    calm.mkdir()
    endpoint.answers = [Gate(1000)]
    copied(made_once, calm)
    assert motionsight(*arguments, cwd=calm).code == 0
    assert files_in(data) == files_in(calm / "data")


@pytest.mark.long
@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("nowhere",), "nowhere holds no data set: make one with `motionsight dataset nowhere`."),
        (("data", "--from", "guesses"), "There is no annotator 'guesses'"),
        (("data", "--blind", "openai:no-address"), "An openai: annotator needs an http:// or https:// URL"),
        (("data", "--blind", "measured"), "`measured` answers nothing without the video"),
        (("data", "--set", "questions.confidence=2"), "Settings are not valid: questions.confidence"),
    ],
)
def test_what_cannot_be_asked_is_refused_with_one_sentence(
    motionsight, made: Path, arguments: tuple[str, ...], sentence: str
) -> None:
    done = motionsight("questions", *arguments)
    assert (done.code, done.out) == (2, "")
    assert done.err.splitlines()[-1].startswith(f"motionsight: {sentence}")
    assert not (made / "questions").exists()
