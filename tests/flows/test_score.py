"""`motionsight score`: a catalog's descriptions, a scorer behind real HTTP or in process."""

from __future__ import annotations

import shutil
import signal
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest

from flows.runs.run import run_catalog
from flows.runs.score import opened_scoring, run_scoring
from motionsight_core.mllm._yes import WITHOUT
from motionsight_core.scoring import Scorer
from motionsight_core.settings import Settings
from motionsight_core.warehouse import open_warehouse
from tests.checkpoints.mllm import tiny_qwen2_5_vl
from tests.core.mllm.scripted import MODEL, Answer, ScriptedEndpoint, begins_with, fails, said, says
from tests.core.warehouse.rows import Stage, record
from tests.flows.conftest import columns
from tests.warm import WarmCommand, environment

NAME = f"vqascore-1 openai:{MODEL}, 4 frames of 151200 pixels"
FEW_FRAMES = ("--set", "sampling.frames=4")
SCORES = "SELECT clip_id, recipe, uri, scorer, aspect, score FROM scores ORDER BY uri, recipe, aspect"


def judging(request: dict[str, Any]) -> Answer:
    """What a model would say that believes in cameras that pan, more than in anything else."""
    yes = 0.75 if "pan" in said(request) else 0.25
    return begins_with({"Yes": yes, "No": 1 - yes - 0.01, "Maybe": 0.01})


def expected(row: dict[str, Any], aspect: str) -> float:
    return 0.75 if "pan" in row[f"{aspect}_motion"] else 0.25


@pytest.fixture
def endpoint() -> Iterator[ScriptedEndpoint]:
    with ScriptedEndpoint() as running:
        running.answers = [judging]
        yield running


@pytest.fixture(scope="module")
def annotated_once(warm_command: WarmCommand, scenes: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A warehouse with four rows by the measured annotator, of the videos beside it; copy before changing."""
    folder = tmp_path_factory.mktemp("annotated")
    shutil.copytree(scenes, folder / "clips")
    code, _, said = warm_command.run(["annotate", "clips"], cwd=folder, environment=environment())
    assert code == 0, said
    return folder / "motionsight.duckdb"


@pytest.fixture
def annotated(annotated_once: Path, tmp_path: Path) -> list[dict[str, Any]]:
    """Its rows, in the default warehouse."""
    shutil.copy(annotated_once, tmp_path)
    answer = open_warehouse(f"duckdb:{tmp_path / 'motionsight.duckdb'}").query(
        "SELECT clip_id, recipe, uri, object_motion, camera_motion FROM motion ORDER BY uri"
    )
    return [dict(zip(answer.columns, row, strict=True)) for row in answer.rows]


def asked(endpoint: ScriptedEndpoint, *more: str) -> tuple[str, ...]:
    return ("score", "--scorer", endpoint.settings().annotator, *FEW_FRAMES, *more)


def test_both_descriptions_of_every_row_are_scored(motionsight, ask, annotated, endpoint) -> None:
    done = motionsight(*asked(endpoint))

    assert done.code == 0, done.err
    assert done.out.startswith("Scored 8 descriptions, 0 were scored before, 0 could not be.\n")
    rows = ask(SCORES)
    assert rows == [
        {name: row[name] for name in ("clip_id", "recipe", "uri")}
        | {"scorer": NAME, "aspect": aspect, "score": pytest.approx(expected(row, aspect))}
        for row in annotated
        for aspect in ("camera", "object")
    ]
    assert set(columns(rows, "score")) > {0.75}, "both scores are there, or the rule shows nothing"
    for aspect in ("object", "camera"):
        mean = sum(expected(row, aspect) for row in annotated) / 4
        assert f"  {aspect}_motion: mean {mean:.3f}, 4 of 4 scored\n" in done.out
    for request in endpoint.requests:
        pictures = [part for part in request["messages"][-1]["content"] if part["type"] == "image_url"]
        assert len(pictures) == 4


def test_what_is_scored_is_not_asked_again(motionsight, ask, annotated, endpoint) -> None:
    assert motionsight(*asked(endpoint)).code == 0
    before = ask("SELECT * FROM scores ORDER BY uri, aspect")

    again = motionsight(*asked(endpoint))

    assert again.code == 0
    assert again.out.startswith("Scored 0 descriptions, 8 were scored before, 0 could not be.\n")
    assert len(endpoint.requests) == 8
    assert ask("SELECT * FROM scores ORDER BY uri, aspect") == before


@pytest.mark.long
def test_other_frames_are_another_scorer_and_other_rows(motionsight, ask, annotated, endpoint) -> None:
    assert motionsight(*asked(endpoint)).code == 0
    assert motionsight(*asked(endpoint, "--set", "sampling.frames=2")).code == 0

    assert ask("SELECT scorer, count(*) AS n FROM scores GROUP BY scorer ORDER BY scorer") == [
        {"scorer": NAME.replace("4 frames", "2 frames"), "n": 8},
        {"scorer": NAME, "n": 8},
    ]


def test_a_condition_selects_what_is_scored(motionsight, ask, annotated, endpoint) -> None:
    uri = annotated[0]["uri"]

    done = motionsight(*asked(endpoint, "--where", f"uri = '{uri}' -- this one"))

    assert "Scored 2 descriptions" in done.out
    assert "1 of 1 scored" in done.out
    assert set(columns(ask(SCORES), "uri")) == {uri}


@pytest.mark.long
def test_a_clip_whose_video_is_gone_is_counted_and_scored_once_it_is_back(
    motionsight, ask, annotated, endpoint, tmp_path: Path
) -> None:
    video = Path(annotated[0]["uri"])
    elsewhere = video.rename(tmp_path / "elsewhere.mp4")

    # A shard for each clip: those after it are not passed over.
    try:
        done = motionsight(*asked(endpoint, "--set", "runtime.shard_size=1"))
    finally:
        elsewhere.rename(video)

    assert done.code == 0, done.err
    assert done.out.startswith("Scored 6 descriptions, 0 were scored before, 2 could not be.\n")
    assert f"  VersionGone: 2, for example {video}: " in done.out
    assert "Scored 2 descriptions, 6 were scored before" in motionsight(*asked(endpoint)).out
    assert len(ask(SCORES)) == 8
    assert len(endpoint.requests) == 8


def test_a_description_that_the_model_refuses_is_counted_and_the_rest_goes_on(
    motionsight, ask, annotated, endpoint
) -> None:
    endpoint.answers = [fails(400, "too long"), judging]

    done = motionsight(*asked(endpoint))

    assert done.code == 0, done.err
    assert "Scored 7 descriptions, 0 were scored before, 1 could not be.\n  ModelRefused: 1" in done.out
    assert len(ask(SCORES)) == 7


def test_descriptions_of_all_recipes_are_scored(
    motionsight, ask, annotated, endpoint, tmp_path: Path
) -> None:
    with duckdb.connect(str(tmp_path / "motionsight.duckdb")) as connection:
        connection.execute("INSERT INTO motion SELECT * REPLACE ('of other settings' AS recipe) FROM motion")

    assert "Scored 16 descriptions" in motionsight(*asked(endpoint)).out

    scored = ask("SELECT clip_id, count(DISTINCT recipe) AS recipes FROM scores GROUP BY clip_id")
    assert columns(scored, "recipes") == [2] * 4


def test_a_row_without_a_description_is_left_alone(motionsight, annotated, endpoint, tmp_path: Path) -> None:
    warehouse = open_warehouse(f"duckdb:{tmp_path / 'motionsight.duckdb'}")
    Stage(warehouse).commit(record("silent.mp4", text=""))

    done = motionsight(*asked(endpoint, "--where", "object_motion = ''"))

    # Its camera is described, and its video does not exist.
    assert "Scored 0 descriptions, 0 were scored before, 1 could not be." in done.out
    assert "  object_motion: no score, 0 of 0 scored" in done.out


@pytest.mark.long
def test_the_authors_variant_has_scores_of_its_own_that_no_description_changes(
    motionsight, ask, annotated, endpoint
) -> None:
    done = motionsight(*asked(endpoint, "--variant", "authors"))

    assert done.code == 0, done.err
    (scorer,) = set(columns(ask(SCORES), "scorer"))
    assert scorer == f"vqascore-authors-1 openai:{MODEL}, 6 frames of 151200 pixels"
    words = sorted(said(request).partition("?")[2].split('"')[1] for request in endpoint.requests)
    assert words == ["camera motion"] * 4 + ["object motion"] * 4


@pytest.mark.usefixtures("annotated")
def test_a_model_in_process_scores(ask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In this process: it has the libraries of models imported."""
    tiny_qwen2_5_vl(tmp_path / "qwen")
    monkeypatch.chdir(tmp_path)
    settings = Settings.load(overrides=["sampling.frames=4", "runtime.device=cpu"], environment={})

    with opened_scoring(
        Scorer.of("transformers:qwen", settings), warehouse="duckdb:motionsight.duckdb", where=None
    ) as scoring:
        assert run_scoring(scoring).scored == 8

    scores = ask(SCORES)
    assert all(0 < score < 1 for score in columns(scores, "score"))
    assert set(columns(scores, "scorer")) == {"vqascore-1 transformers:qwen, 4 frames of 151200 pixels"}


def test_the_scorer_may_be_the_annotator_of_the_settings(motionsight, ask, annotated, endpoint) -> None:
    chosen = f"annotator={endpoint.settings().annotator}"

    assert motionsight("score", "--set", chosen, *FEW_FRAMES).code == 0
    assert set(columns(ask(SCORES), "scorer")) == {NAME}


@pytest.mark.long
@pytest.mark.parametrize("kind", ["bigquery"])
def test_scores_go_into_a_cloud_warehouse_through_its_bucket(
    kind: str, scenes: Path, endpoint: ScriptedEndpoint, empty_dataset: str
) -> None:
    warehouse = empty_dataset
    settings = Settings.load(overrides=["sampling.frames=4", "runtime.shard_size=3"], environment={})
    run_catalog(str(scenes), warehouse=warehouse, settings=settings)
    scorer = Scorer.of(endpoint.settings().annotator, settings)

    with opened_scoring(scorer, warehouse=warehouse, where="uri <> ''") as scoring:
        result = run_scoring(scoring)
    with opened_scoring(scorer, warehouse=warehouse, where="uri <> ''") as scoring:
        again = run_scoring(scoring)

    assert (result.scored, again.scored, again.known) == (8, 0, 8)
    assert open_warehouse(warehouse).query("SELECT count(*) FROM scores").rows == [(8,)]
    assert again.tallies == result.tallies


# What ends a run, and what it finds.


@pytest.mark.long
def test_an_endpoint_without_log_probabilities_ends_the_run_with_one_sentence(
    motionsight, ask, annotated, endpoint
) -> None:
    endpoint.answers = [says("Yes")]

    done = motionsight(*asked(endpoint, "--set", "runtime.shard_retries=0"))

    assert done.code == 1
    assert done.err.splitlines()[-1] == f"motionsight: {WITHOUT}"
    assert "Traceback" not in done.err
    assert ask("SELECT count(*) AS n FROM scores") == [{"n": 0}]


@pytest.mark.long
def test_an_endpoint_that_goes_away_ends_the_run_and_the_next_run_goes_on(
    motionsight, ask, annotated, endpoint
) -> None:
    endpoint.answers = [judging, judging, fails(429, "busy")]
    patience = ("--set", "runtime.shard_retries=0", "--set", "endpoint.retries=0")

    done = motionsight(*asked(endpoint, *patience, "--set", "runtime.shard_size=1"))

    assert done.code == 1
    assert "429" in done.err.splitlines()[-1]
    assert len(ask(SCORES)) == 2
    endpoint.answers = [judging]
    assert "Scored 6 descriptions, 2 were scored before, 0 could" in motionsight(*asked(endpoint)).out


@pytest.mark.long
def test_a_run_that_is_killed_and_started_again_scores_as_an_undisturbed_one(
    motionsight, begin, ask, annotated, endpoint, tmp_path: Path
) -> None:
    calm = tmp_path / "calm.duckdb"
    calm.write_bytes((tmp_path / "motionsight.duckdb").read_bytes())
    assert motionsight(*asked(endpoint, "--warehouse", f"duckdb:{calm}")).code == 0
    endpoint.requests.clear()
    reached, killed = threading.Event(), threading.Event()

    def hold_the_third_clip() -> None:
        if len(endpoint.requests) >= 4:
            reached.set()
            killed.wait(120)

    endpoint.before_answer = hold_the_third_clip
    one_by_one = asked(endpoint, "--set", "runtime.shard_size=1")
    run = begin(*one_by_one)
    try:
        assert reached.wait(120)
        assert run.kill() == -signal.SIGKILL
    finally:
        killed.set()
    endpoint.before_answer = lambda: None
    before = len(ask(SCORES))

    assert motionsight(*one_by_one).code == 0

    assert before == 4
    assert ask(SCORES) == ask(SCORES, "--warehouse", f"duckdb:{calm}")
    assert not list(tmp_path.rglob("*.parquet")), "what the killed run had staged is swept away"


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("--where", "no_such_column = 1"), "no_such_column"),
        (("--scorer", "measured"), "measured"),
        (("--scorer", "parrot:x"), "parrot"),
        (("--warehouse", "duckdb:none.duckdb"), "no warehouse"),
        (("--variant", "mine"), "mine"),
    ],
)
def test_what_is_asked_wrongly_is_a_usage_error(
    motionsight, annotated, endpoint, arguments: tuple[str, ...], sentence: str
) -> None:
    done = motionsight(*asked(endpoint), *arguments)

    assert done.code == 2
    assert sentence in done.err
    assert not endpoint.requests


def test_nobody_at_the_endpoint_is_said_before_anything_is_decoded(motionsight, annotated) -> None:
    done = motionsight("score", "--scorer", "openai:http://127.0.0.1:9/v1#m")

    assert done.code == 1
    assert done.err.startswith("motionsight: The endpoint http://127.0.0.1:9/v1 cannot be reached")


@pytest.mark.long
def test_a_warehouse_of_an_earlier_version_gets_the_table(
    motionsight, ask, annotated, endpoint, tmp_path: Path
) -> None:
    with duckdb.connect(str(tmp_path / "motionsight.duckdb")) as connection:
        connection.execute(
            "DROP TABLE scores; DROP TABLE predictions; DELETE FROM migrations WHERE number >= 7"
        )

    assert motionsight(*asked(endpoint)).code == 0
    assert len(ask(SCORES)) == 8
