"""`motionsight evaluate` through the command line: real files, real HTTP, exact scores."""

from __future__ import annotations

import csv
import io
import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.core.evaluation.examples import EXAMPLES
from tests.core.mllm.scripted import ScriptedEndpoint, fails
from tests.flows.evaluating import asked, benchmark_of, by_rule, own_questions, question_in

#: Right of `by_rule` by the scores strict, official and authors, and the denominators; worked out by hand
#: from tests/core/evaluation/examples.py. FAVOR's official denominator is that of its full file.
RIGHT = {
    "motionbench": ((2, 1, 2), (3, 3, 3)),
    "favor": ((2, 2, 3), (3, 8184, 3)),
    "mvbench": ((1, 1, 1), (3, 3, 3)),
    "tomato": ((0, 0, 0), (3, 3, 3)),
    "camerabench": ((2, 2, 2), (4, 4, 4)),
    "jsonl": ((1, 1, 1), (3, 3, 3)),
}


@pytest.fixture
def endpoint() -> Iterator[ScriptedEndpoint]:
    with ScriptedEndpoint() as running:
        running.answers = [by_rule]
        yield running


def annotator(endpoint: ScriptedEndpoint) -> tuple[str, str]:
    return "--set", f"annotator={endpoint.settings().annotator}"


def rows_of(done: Any, **those: str) -> list[dict[str, str]]:
    """The rows of a CSV whose columns have these values."""
    assert done.code == 0, done.err
    rows = csv.DictReader(io.StringIO(done.out))
    return [row for row in rows if all(row[name] == value for name, value in those.items())]


def overall(done: Any, score: str = "strict") -> dict[str, tuple[int, int, int]]:
    """Of each arm: right answers, replies and questions."""
    return {
        row["arm"]: (int(row["right"]), int(row["answered"]), int(row["questions"]))
        for row in rows_of(done, category="all", score=score)
    }


@pytest.mark.in_gate("jsonl")
@pytest.mark.parametrize("name", EXAMPLES)
def test_a_known_rule_gives_the_right_accuracies_by_each_score(
    motionsight, endpoint, scenes: Path, tmp_path: Path, name: str
) -> None:
    annotations = EXAMPLES[name](tmp_path / "annotations")
    videos = benchmark_of(name, annotations, scenes.glob("*.mp4"), tmp_path / "videos")
    done = motionsight(
        "evaluate", name, str(annotations), str(videos), "--format", "csv", *annotator(endpoint)
    )
    found = [overall(done, score) for score in ("strict", "official", "authors")]
    counts, questions = RIGHT[name]
    assert [one["method"][0] for one in found] == list(counts)
    assert [one["method"][2] for one in found] == list(questions)
    assert [one["baseline"] for one in found] == [one["method"] for one in found], "it replies the same"
    assert {row["difference"] for row in rows_of(done, arm="method")} <= {"0.0", ""}


def test_what_has_a_reply_is_not_asked_again_and_other_settings_are(
    motionsight, ask, endpoint, scenes: Path, tmp_path: Path
) -> None:
    clips = sorted(scenes.glob("*.mp4"))[:2]
    annotations = own_questions(tmp_path / "own.jsonl", [clip.name for clip in clips])
    command = ("evaluate", "jsonl", str(annotations), str(scenes), "--format", "csv", *annotator(endpoint))
    first = motionsight(*command)
    assert "8 answers to get in 2 arms, 0 known" in first.err
    assert set(asked(endpoint).values()) == {2}, "once with and once without prompts"
    again = motionsight(*command)
    assert again.out == first.out
    assert "0 answers to get in 2 arms, 8 known" in again.err
    assert asked(endpoint).total() == 8

    words = motionsight(*command, "--route", "words")
    assert "4 answers to get in 2 arms, 4 known" in words.err, "the baseline has no route"
    frames = motionsight(*command, "--frames", "first")
    assert "8 answers to get in 2 arms, 0 known" in frames.err
    assert asked(endpoint).total() == 20
    assert ask("SELECT route, count(*) AS n FROM predictions GROUP BY route ORDER BY route") == [
        {"route": "label", "n": 8},
        {"route": "none", "n": 8},
        {"route": "words", "n": 4},
    ]


@pytest.mark.long
def test_a_question_without_its_video_is_never_asked_and_counts_as_wrong(
    motionsight, ask, endpoint, scenes: Path, tmp_path: Path
) -> None:
    videos = tmp_path / "videos"
    videos.mkdir()
    clip = sorted(scenes.glob("*.mp4"))[0]
    shutil.copy(clip, videos / "there.mp4")
    shutil.copy(clip, tmp_path / "outside.mp4")
    (videos / "broken.mp4").write_text("no video")
    names = ("there.mp4", "missing.mp4", "broken.mp4")
    annotations = own_questions(tmp_path / "own.jsonl", names, each=1)
    with annotations.open("a") as file:
        file.write("{not JSON\n")
        part = {"video": "there.mp4", "question": "Which camera?", "options": ["a", "b"], "answer": "b"}
        file.write(json.dumps(part | {"id": "late", "start": 50, "end": 60}) + "\n")
        file.write(json.dumps(part | {"video": "../outside.mp4"}) + "\n")
    command = ("evaluate", "jsonl", str(annotations), str(videos), "--format", "csv", *annotator(endpoint))
    done = motionsight(*command)
    assert overall(done) == {"baseline": (1, 1, 4), "method": (1, 1, 4)}
    assert "Left out: line 4: It is not JSON" in done.err
    assert "Left out: line 6: Its video '../outside.mp4' is not the name of a file below" in done.err
    assert asked(endpoint) == {question_in(said_of("there.mp4")): 2}
    assert ask(
        "SELECT DISTINCT question_id, error FROM predictions WHERE error IS NOT NULL ORDER BY ALL"
    ) == [
        {"question_id": "broken.mp4 0", "error": "NotAVideo"},
        {"question_id": "late", "error": "Truncated"},
        {"question_id": "missing.mp4 0", "error": "VideoNotFound"},
    ]
    assert ask("SELECT DISTINCT stage, error, uri FROM failures ORDER BY error") == [
        {"stage": "plan", "error": "NotAVideo", "uri": str(videos / "broken.mp4")},
        {"stage": "list", "error": "VideoNotFound", "uri": str(videos / "missing.mp4")},
    ]
    shutil.copy(clip, videos / "missing.mp4")
    found = motionsight(*command)
    assert "2 answers to get in 2 arms, 6 known" in found.err, "what would fail again is left alone"
    assert overall(found) == {"baseline": (2, 2, 4), "method": (2, 2, 4)}


def said_of(video: str) -> str:
    return f"Does the camera pan in {video}, number 0?\nA. left\n"


@pytest.mark.long
def test_unlabelled_questions_are_answered_for_submission_and_never_scored(
    motionsight, endpoint, scenes: Path, tmp_path: Path
) -> None:
    annotations = EXAMPLES["motionbench"](tmp_path / "annotations")
    videos = benchmark_of("motionbench", annotations, scenes.glob("*.mp4"), tmp_path / "videos")
    done = motionsight(
        "evaluate", "motionbench", str(annotations), str(videos), "--format", "json", "--no-baseline",
        "--submission", "answers.json", *annotator(endpoint),
    )  # fmt: skip
    assert done.code == 0, done.err
    assert "4 questions about 2 videos, 1 of them without a right answer" in done.err
    assert {row["questions"] for row in json.loads(done.out) if row["category"] == "all"} == {3}
    submitted = json.loads((tmp_path / "answers.json").read_text())
    assert submitted == {"11": "B", "12": "A", "21": "A", "22": "A"}


def test_an_endpoint_that_goes_away_fails_the_shard_and_what_was_answered_is_kept(
    motionsight, ask, endpoint, scenes: Path, tmp_path: Path
) -> None:
    clip = sorted(scenes.glob("*.mp4"))[0]
    annotations = own_questions(tmp_path / "own.jsonl", [clip.name], each=6)
    command = ("evaluate", "jsonl", str(annotations), str(scenes), "--no-baseline", *annotator(endpoint))
    patience = ("--set", "endpoint.retries=0", "--set", "runtime.shard_retries=0")
    alone = ("--set", "endpoint.concurrency=1")
    endpoint.answers = [by_rule, by_rule, by_rule, by_rule, fails(429, "busy")]
    done = motionsight(*command, *patience, *alone)
    assert done.code == 1
    last = done.err.strip().splitlines()[-1]
    assert last.startswith("motionsight: Shard 0 failed: The endpoint http")
    assert last.endswith("No reply that came is lost; run it again, and the rest is asked.")
    assert done.out == "", "half of an evaluation has no table"
    answered = 4
    assert ask("SELECT count(*) AS n FROM failures") == [{"n": 0}]
    endpoint.answers = [by_rule]
    before = asked(endpoint)
    again = motionsight(*command, "--format", "csv")
    assert f"{answered} replies of a run that was ended were kept" in again.err
    assert overall(again) == {"method": (6, 6, 6)}
    repeated = {question for question, count in (asked(endpoint) - before).items()}
    assert len(repeated) == 6 - answered


@pytest.mark.long
def test_the_measurement_answers_without_a_baseline(motionsight, scenes: Path, tmp_path: Path) -> None:
    clip = next(path for path in scenes.glob("*.mp4") if path.stem == "pan_right")
    annotations = own_questions(tmp_path / "own.jsonl", [clip.name], each=1)
    measured = ("evaluate", "jsonl", str(annotations), str(scenes))
    assert overall(motionsight(*measured, "--format", "csv")) == {"method": (1, 1, 1)}
    blind = motionsight(*measured, "--frames", "none", "--format", "csv")
    assert overall(blind) == {"method": (0, 0, 1)}


@pytest.mark.long
def test_the_table_fits_eighty_columns(motionsight, endpoint, scenes: Path, tmp_path: Path) -> None:
    annotations = EXAMPLES["motionbench"](tmp_path / "annotations")
    videos = benchmark_of("motionbench", annotations, scenes.glob("*.mp4"), tmp_path / "videos")
    command = ("evaluate", "motionbench", str(annotations), str(videos), *annotator(endpoint))
    done = motionsight(*command)
    assert done.code == 0, done.err
    assert max(map(len, done.out.splitlines())) <= 80
    assert "Repetition Count" in done.out
    assert "Score official: baseline 33.3; method 33.3." in done.out
    several = motionsight(*command, "--vary", "sampling.frames=4,8", "--out", "table.txt")
    assert several.out == ""
    table = (tmp_path / "table.txt").read_text()
    assert max(map(len, table.splitlines())) <= 80
    assert "baseline, sampling.frames=8" in table


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("kinetics", "own.jsonl", "."), "There is no benchmark 'kinetics'; there are "),
        (("jsonl", "none.jsonl", "."), "There are no annotations none.jsonl"),
        (("jsonl", "own.jsonl", "nowhere"), "There is no folder 'nowhere'; name the folder"),
        (("jsonl", "own.jsonl", ".", "--vary", "frames"), "--vary takes KEY=VALUE,VALUE"),
        (
            ("jsonl", "own.jsonl", ".", "--vary", "no.such=1"),
            "Settings are not valid: there is no setting no",
        ),
        (
            ("jsonl", "own.jsonl", ".", "--vary", "sampling.fps=1,2", "--submission", "x"),
            "--submission takes the answers of one arm",
        ),
        (("jsonl", "own.jsonl", ".", "--out", "no/folder.txt"), "There is no folder "),
    ],
)
def test_what_cannot_be_evaluated_is_refused_with_one_sentence(
    motionsight, tmp_path: Path, arguments: tuple[str, ...], sentence: str
) -> None:
    own_questions(tmp_path / "own.jsonl", ["a.mp4"])
    done = motionsight("evaluate", *arguments)
    assert (done.code, done.out) == (2, "")
    assert done.err.splitlines()[-1].startswith(f"motionsight: {sentence}")
