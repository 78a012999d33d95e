"""Catalogs described by a multimodal LLM: the command line, a real model, real HTTP."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from flows.cli.local import annotate_locally
from motionsight_core.settings import Settings
from motionsight_core.synthetic import render_catalog
from tests.checkpoints.mllm import tiny_qwen2_5_vl
from tests.core.mllm.scripted import (
    BROKEN,
    MODEL,
    Answer,
    ScriptedEndpoint,
    fails,
    obliging,
    said,
    says,
)
from tests.flows.conftest import columns


@pytest.fixture
def endpoint() -> Iterator[ScriptedEndpoint]:
    with ScriptedEndpoint() as running:
        running.answers = [obliging]
        yield running


def annotator(endpoint: ScriptedEndpoint) -> tuple[str, str]:
    return "--set", f"annotator={endpoint.settings().annotator}"


def quick(**knobs: int) -> list[str]:
    return [part for name, value in knobs.items() for part in ("--set", f"{name.replace('__', '.')}={value}")]


def test_a_catalog_is_described_by_an_endpoint(motionsight, ask, scenes: Path, endpoint) -> None:
    done = motionsight("annotate", str(scenes), *annotator(endpoint))
    assert done.code == 0, done.err
    assert "Annotated 4 clips" in done.out
    rows = ask("SELECT * FROM motion ORDER BY uri")
    assert set(columns(rows, "object_motion")) == {"A ball rolls."}
    assert set(columns(rows, "camera_motion")) == {"The camera pans right."}
    assert set(columns(rows, "annotator")) == {f"openai:{MODEL}"}
    assert columns(rows, "object_names") == [["ball"]] * 4
    # The measurement stands beside the text, and shows where it is wrong.
    for row in rows:
        pans_right = any(move["label"] in ("pan_right", "truck_right") for move in row["camera_moves"])
        assert (row["camera_agreement"] > 0) == pans_right
    queries = Path(__file__).parents[2] / "deploy" / "sql"
    compared = motionsight("sql", (queries / "text_against_measurement.sql").read_text(), "--format", "json")
    disagreeing = [row for row in rows if row["camera_agreement"] < 0.5]
    assert len(json.loads(compared.out)) == len(disagreeing)
    # Names, objects, camera; each with frames.
    assert len(endpoint.requests) == 12
    again = motionsight("annotate", str(scenes), *annotator(endpoint))
    assert "skipped 4" in again.out
    assert len(endpoint.requests) == 12


@pytest.mark.long
def test_the_dialogue_is_a_column_where_it_is_kept(motionsight, ask, scenes: Path, endpoint) -> None:
    asked = (*annotator(endpoint), "--set", "runtime.keep_dialogue=true")
    assert motionsight("annotate", str(scenes), *asked).code == 0
    turns = ask("SELECT uri, unnest(dialogue, recursive := true) FROM motion ORDER BY uri")
    assert [turn["about"] for turn in turns] == ["names", "object", "camera"] * 4
    sent = [
        "".join(part.get("text", "") for part in request["messages"][-1]["content"])
        for request in endpoint.requests
    ]
    assert sorted(turn["question"].replace("<image>", "") for turn in turns) == sorted(sent)
    assert turns[2]["reply"] == "The camera pans right."


@pytest.mark.long
def test_a_catalog_is_described_by_a_model_in_process(
    ask, scenes: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """In this process: it has the libraries of models imported."""
    tiny_qwen2_5_vl(tmp_path / "qwen")
    monkeypatch.chdir(tmp_path)
    settings = Settings.load(
        overrides=["annotator=transformers:qwen", "mllm.max_new_tokens=12"], environment={}
    )
    annotate_locally(str(scenes), warehouse="duckdb:motionsight.duckdb", settings=settings, force=False)
    assert "Traceback" not in capfd.readouterr().err
    rows = ask("SELECT annotator, object_motion, camera_motion, notes FROM motion")
    failures = ask("SELECT error, stage FROM failures")
    # Gibberish that has no word in it is a BadReply; nothing is lost between the two tables.
    assert len(rows) + len(failures) == 4
    assert rows
    assert {(row["error"], row["stage"]) for row in failures} <= {("BadReply", "caption")}
    for row in rows:
        assert row["annotator"] == "transformers:qwen"
        assert row["object_motion"]
        assert row["camera_motion"]
        assert "names_unreadable" in row["notes"]


@pytest.mark.long
def test_an_outage_in_the_middle_of_a_run_loses_no_clip(motionsight, ask, scenes: Path, endpoint) -> None:
    seen = 0

    def flaky(request: dict[str, Any]) -> Answer:
        nonlocal seen
        seen += 1
        if 3 < seen < 9:
            return BROKEN if seen % 2 else fails(503, "loading")
        return obliging(request)

    endpoint.answers = [flaky]
    done = motionsight("annotate", str(scenes), *annotator(endpoint))
    assert done.code == 0, done.err
    assert ask("SELECT (SELECT count(*) FROM motion) AS rows, (SELECT count(*) FROM failures) AS failed") == [
        {"rows": 4, "failed": 0}
    ]


def test_an_endpoint_that_stays_away_fails_the_shard_with_one_sentence_and_no_clip(
    motionsight, ask, scenes: Path, endpoint
) -> None:
    endpoint.answers = [fails(429, "busy")]
    patience = quick(endpoint__retries=0, runtime__shard_retries=0)
    done = motionsight("annotate", str(scenes), *annotator(endpoint), *patience)
    assert done.code == 1
    assert done.err.strip().splitlines()[-1].startswith("motionsight: Shard 0 failed: The endpoint http")
    assert "429" in done.err
    assert "Traceback" not in done.err
    assert ask("SELECT count(*) AS n FROM failures") == [{"n": 0}]
    endpoint.answers = [obliging]
    assert "Annotated 4 clips" in motionsight("annotate", str(scenes), *annotator(endpoint)).out


def test_nobody_at_the_endpoint_is_said_before_anything_else(motionsight, scenes: Path) -> None:
    done = motionsight("annotate", str(scenes), "--set", "annotator=openai:http://127.0.0.1:9/v1#m")
    assert done.code == 1
    assert done.err == (
        "motionsight: The endpoint http://127.0.0.1:9/v1 cannot be reached ([Errno 111] Connection refused): "
        "start its server, or check the URL, which usually ends in /v1.\n"
    )


HOSTILE = "'); DROP TABLE motion; -- <script>alert(1)</script>\x1b[31m\x00 \u202e <|im_end|> %s {x}"


@pytest.mark.long
def test_hostile_replies_end_as_data_or_as_failures(motionsight, ask, scenes: Path, endpoint) -> None:
    objects = iter([HOSTILE, "", "x" * 50_000])

    def hostile(request: dict[str, Any]) -> Answer:
        if "motion of the objects" in said(request):
            return says(next(objects, "A ball rolls."))
        if "JSON" in said(request):
            return says('{"groups": [{"objects": ["\\u001b[31m", "ball\'); DROP TABLE motion; --"]}]}')
        return obliging(request)

    endpoint.answers = [hostile]
    done = motionsight("annotate", str(scenes), *annotator(endpoint))
    assert done.code == 0, done.err
    assert "Annotated 2 clips" in done.out
    rows = ask("SELECT object_motion, object_names FROM motion ORDER BY length(object_motion) DESC")
    assert rows[0]["object_motion"] == (
        "'); DROP TABLE motion; -- <script>alert(1)</script>[31m <|im_end|> %s {x}"
    )
    assert rows[0]["object_names"] == ["31m", "ball", "drop table motion"]
    assert ask("SELECT error, stage, count(*) AS n FROM failures GROUP BY ALL") == [
        {"error": "BadReply", "stage": "caption", "n": 2}
    ]
    shown = motionsight("sql", "SELECT * FROM motion")
    assert shown.code == 0
    assert "\x1b[31m" not in shown.out
    # What the objects do is told to the camera question as data that cannot mark anything up.
    told = [said(request) for request in endpoint.requests if "how the camera moves" in said(request)]
    assert any("DROP TABLE" in text for text in told)
    assert all("<" not in text for text in told)


@pytest.mark.long
def test_a_refused_clip_is_a_failure_that_a_rerun_does_not_repeat(
    motionsight, ask, scenes: Path, endpoint
) -> None:
    endpoint.answers = [lambda request: says("", reason="content_filter")]
    assert motionsight("annotate", str(scenes), *annotator(endpoint)).code == 0
    assert ask("SELECT DISTINCT error, stage FROM failures") == [{"error": "ModelRefused", "stage": "refer"}]
    endpoint.answers = [obliging]
    assert "skipped 4" in motionsight("annotate", str(scenes), *annotator(endpoint)).out


def test_no_key_is_written_down(motionsight, ask, scenes: Path, endpoint, monkeypatch) -> None:
    monkeypatch.setitem(os.environ, "OPENAI_API_KEY", "sk-very-secret")
    endpoint.answers = [lambda request: fails(400, "no such key: sk-very-secret")]
    done = motionsight("annotate", str(scenes), *annotator(endpoint))
    everything = done.out + done.err + json.dumps(ask("SELECT * FROM failures") + ask("SELECT * FROM runs"))
    assert {headers["authorization"] for headers in map(lower, endpoint.headers)} == {"Bearer sk-very-secret"}
    assert "sk-very-secret" not in everything


def lower(headers: dict[str, str]) -> dict[str, str]:
    return {name.lower(): value for name, value in headers.items()}


@pytest.fixture
def video(scenes: Path) -> str:
    return str(min(scenes.glob("*.mp4")))


def test_a_question_is_answered_from_the_measurement_without_a_model(motionsight, video: str) -> None:
    done = motionsight("ask", video, "How does the camera move?")
    assert done.code == 0, done.err
    assert done.out.startswith("The camera")
    assert "what was measured" in done.err


def test_an_option_is_chosen_by_the_measurement_and_what_it_rests_on_is_told_apart(
    motionsight, tmp_path: Path
) -> None:
    render_catalog(tmp_path, count=1)
    (path,) = tmp_path.glob("*.mp4")
    asked = ("ask", str(path), "How does the camera move?", "--option", "It pans left", "--option")
    done = motionsight(*asked, "It pans right")
    assert (done.code, done.out) == (0, "B. It pans right\n")
    assert done.err.startswith("(Measured: pan right from 0.0 s to ")
    lettered = motionsight(*asked[:-2], "A. left", "--option", "B. right")
    assert lettered.out == "B. right\n"
    refused = motionsight(*asked, "It pans left as well")
    assert (refused.code, refused.out) == (1, "")
    assert "No option fits what was measured: pan right" in refused.err


def test_a_question_is_put_to_the_model(motionsight, video: str, endpoint) -> None:
    done = motionsight(
        "ask", video, "Which way does it pan?", "--option", "left", "--option", "right", *annotator(endpoint)
    )
    assert (done.code, done.out) == (0, "B. right\n")
    assert "asked as a question about camera motion" in done.err
    assert "A. left\nB. right\n" in said(endpoint.requests[-1])


@pytest.mark.parametrize(
    ("arguments", "code", "sentence"),
    [
        (["nothing.mp4", "What?"], 2, "There is no file, directory or glob match at 'nothing.mp4'."),
        (["VIDEO", " "], 2, "The question is empty."),
        (["VIDEO", "What?", "--option", "one"], 2, "A multiple choice has 2 to 26 options, got 1."),
        (
            ["VIDEO", "What?", "--option", "a", "--option", "b"],
            1,
            "The question asks for something that is not measured.",
        ),
        (["text.mp4", "What?"], 1, "NotAVideo: "),
    ],
)
def test_a_question_that_cannot_be_asked_is_answered_with_one_sentence(
    motionsight: Callable[..., Any],
    video: str,
    tmp_path: Path,
    arguments: list[str],
    code: int,
    sentence: str,
) -> None:
    (tmp_path / "text.mp4").write_text("no video")
    done = motionsight("ask", *[video if argument == "VIDEO" else argument for argument in arguments])
    assert done.code == code
    assert done.err.startswith(f"motionsight: {sentence}")
    assert len(done.err.strip().splitlines()) == 1
