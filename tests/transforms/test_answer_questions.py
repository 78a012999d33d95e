"""Evaluations through Beam: what is decoded, what is asked, where the rows are."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from benchmarks.evaluate import questions, stub_endpoint
from flows.runs.evaluate import EvaluationResult, Request, evaluate
from motionsight_core.catalog import Clip
from motionsight_core.evaluation.arms import arms_of
from motionsight_core.evaluation.journal import Journal, left_behind
from motionsight_core.guarded.pool import DecoderPool
from motionsight_core.record import PredictionRecord
from motionsight_core.settings import Settings
from motionsight_core.synthetic import render_catalog
from motionsight_core.warehouse import open_warehouse
from motionsight_core.warehouse.staged_files import list_staged
from tests.core.mllm.scripted import ScriptedEndpoint, fails
from tests.core.stores.servers import GcsBucket, Place, S3Bucket, environment_of
from tests.flows.evaluating import asked, by_rule, own_questions


@pytest.fixture
def endpoint() -> Iterator[ScriptedEndpoint]:
    with ScriptedEndpoint() as running:
        running.answers = [by_rule]
        yield running


@pytest.fixture
def decoded(monkeypatch: pytest.MonkeyPatch) -> Counter[Clip]:
    """How often each clip is decoded."""
    counts: Counter[Clip] = Counter()
    lock = threading.Lock()
    decode = DecoderPool.decode

    def counting(pool: DecoderPool, clip: Clip, **options: Any) -> Any:
        with lock:
            counts[clip] += 1
        return decode(pool, clip, **options)

    monkeypatch.setattr(DecoderPool, "decode", counting)
    return counts


def run(folder: Path, annotations: Path, videos: str, settings: Settings, **arms: Any) -> EvaluationResult:
    request = Request(
        "jsonl", str(annotations), videos, f"duckdb:{folder}/w.duckdb", arms_of(settings, **arms)
    )
    done = evaluate(request)
    assert not done.shortfall.broken
    return done


def right(done: EvaluationResult) -> dict[str, tuple[int, int]]:
    """Right answers and questions of each arm."""
    rows = done.result.table(["strict"])
    return {row.arm: (row.right, row.questions) for row in rows if row.category == "all"}


@pytest.mark.usefixtures("frames_stay")
def test_each_clip_is_decoded_once_however_many_questions_and_arms(
    endpoint: ScriptedEndpoint, decoded: Counter[Clip], scenes: Path, tmp_path: Path
) -> None:
    names = [clip.name for clip in scenes.glob("*.mp4")]
    annotations = own_questions(tmp_path / "own.jsonl", names, each=5)
    vary = ["prompts.camera=motion_blur,none", "prompts.object=spotlight,crop"]
    done = run(tmp_path, annotations, str(scenes), endpoint.settings(), vary=vary)
    assert set(right(done).values()) == {(20, 20)}
    assert len(right(done)) == 5
    assert (len(decoded), set(decoded.values())) == (4, {1})
    assert set(asked(endpoint).values()) == {5}


@pytest.mark.parametrize(
    ("fields", "arms", "products"),
    [
        ({"aspect": "camera"}, {}, {"sampled", "blurred"}),
        ({"aspect": "camera"}, {"baseline": False}, {"blurred"}),
        ({"aspect": "object"}, {"baseline": False}, {"sampled", "motion"}),
        ({"aspect": "camera"}, {"route": "model", "baseline": False}, {"sampled", "blurred", "motion"}),
        (
            {"aspect": "camera"},
            {"vary": ["prompts.evidence=camera"], "baseline": False},
            {"blurred", "motion"},
        ),
    ],
)
def test_a_decode_gives_what_the_questions_need_and_no_more(
    endpoint: ScriptedEndpoint,
    scenes: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    fields: dict[str, Any],
    arms: dict[str, Any],
    products: set[str],
) -> None:
    given: list[set[str]] = []
    decode = DecoderPool.decode

    def noting(pool: DecoderPool, clip: Clip, *, products: Any) -> Any:
        given.append(set(products))
        return decode(pool, clip, products=products)

    monkeypatch.setattr(DecoderPool, "decode", noting)
    annotations = own_questions(tmp_path / "own.jsonl", [next(scenes.glob("*.mp4")).name], **fields)
    done = run(tmp_path, annotations, str(scenes), endpoint.settings(), **arms)
    assert set(right(done).values()) == {(2, 2)}
    assert given == [products]


def test_arms_that_sample_differently_decode_for_themselves(
    endpoint: ScriptedEndpoint, decoded: Counter[Clip], scenes: Path, tmp_path: Path
) -> None:
    name = next(scenes.glob("*.mp4")).name
    annotations = own_questions(tmp_path / "own.jsonl", [name])
    run(tmp_path, annotations, str(scenes), endpoint.settings(), vary=["sampling.frames=4,8"])
    assert list(decoded.values()) == [2]


def test_frames_cross_to_workers_with_an_accelerator_packed(
    endpoint: ScriptedEndpoint, scenes: Path, tmp_path: Path
) -> None:
    names = [clip.name for clip in scenes.glob("*.mp4")]
    annotations = own_questions(tmp_path / "own.jsonl", names)
    settings = endpoint.settings()
    elsewhere = settings.model_copy(
        update={"runtime": settings.runtime.model_copy(update={"accelerator": "type:nvidia-l4;count:1"})}
    )
    assert right(run(tmp_path, annotations, str(scenes), elsewhere)) == {"baseline": (8, 8), "method": (8, 8)}


@pytest.mark.long
def test_thousands_of_questions_are_dealt_with_clip_by_clip(decoded: Counter[Clip], tmp_path: Path) -> None:
    """The short form of benchmarks/evaluate.py."""
    clips, asked = 12, 240
    render_catalog(tmp_path / "videos", count=clips, seed=1, width=128, height=72, duration_s=0.6)
    names = sorted(path.name for path in (tmp_path / "videos").glob("*.mp4"))
    questions(tmp_path / "questions.jsonl", names, asked)
    with stub_endpoint() as annotator:
        settings = Settings(annotator=annotator)
        done = run(tmp_path, tmp_path / "questions.jsonl", str(tmp_path / "videos"), settings, baseline=False)
    assert right(done) == {"method": (asked, asked)}
    assert (len(decoded), set(decoded.values())) == (clips, {1})


@pytest.mark.parametrize("store", ["gs", "s3"])
def test_videos_come_from_a_bucket_and_only_by_their_own_names(
    endpoint: ScriptedEndpoint, scenes: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, store: str,
    request: pytest.FixtureRequest,
) -> None:  # fmt: skip
    url = request.getfixturevalue("gcs_url" if store == "gs" else "s3_url")
    for name, value in environment_of(gcs=url, s3=url).items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("MOTIONSIGHT_CACHE", str(tmp_path / "cache"))
    bucket: Place = (GcsBucket if store == "gs" else S3Bucket)(url, f"evaluated-{store}")
    clip = next(scenes.glob("*.mp4")).read_bytes()
    for name in ("bench/sub/a.mp4", "bench/b.mp4", "c.mp4"):
        bucket.put(name, clip)
    annotations = own_questions(tmp_path / "own.jsonl", ["sub/a.mp4", "b.mp4", "a.mp4", "c.mp4"], each=1)
    videos = f"{bucket.address}bench/"
    done = run(tmp_path, annotations, videos, endpoint.settings(), baseline=False)
    assert right(done) == {"method": (2, 4)}
    (arm,) = done.result.arms
    assert done.result.errors(arm) == {"VideoNotFound": 2}
    uris = open_warehouse(f"duckdb:{tmp_path}/w.duckdb").query(
        "SELECT uri FROM predictions WHERE reply IS NOT NULL ORDER BY uri"
    )
    assert [uri for (uri,) in uris.rows] == [f"{videos}b.mp4", f"{videos}sub/a.mp4"]


def test_a_journal_whose_replies_were_committed_changes_nothing(
    endpoint: ScriptedEndpoint, scenes: Path, tmp_path: Path
) -> None:
    """A run that is killed between its commit and the removal of its journal."""
    annotations = own_questions(tmp_path / "own.jsonl", [next(scenes.glob("*.mp4")).name])
    settings = endpoint.settings()
    first = run(tmp_path, annotations, str(scenes), settings, baseline=False)
    warehouse, evaluation = open_warehouse(f"duckdb:{tmp_path}/w.duckdb"), first.plan.evaluation
    everything = "SELECT * FROM predictions ORDER BY question_id"
    before = warehouse.query(everything)
    journal = Journal(evaluation.journal, "a run that was killed", settings.stores)
    for values in before.rows:
        journal.add(PredictionRecord(**dict(zip(before.columns, values, strict=True))))
    journal.close()
    again = run(tmp_path, annotations, str(scenes), settings, baseline=False)
    assert (again.plan.recovered, again.plan.answers) == (2, 0)
    assert warehouse.query(everything).rows == before.rows
    assert list_staged(evaluation.journal, stores=settings.stores) == []


@pytest.mark.parametrize("kind", ["bigquery"])
def test_replies_wait_in_a_bucket_until_they_are_rows_of_bigquery(
    endpoint: ScriptedEndpoint, empty_dataset: str, scenes: Path, tmp_path: Path, kind: str
) -> None:
    annotations = own_questions(tmp_path / "own.jsonl", [next(scenes.glob("*.mp4")).name], each=6)
    settings = endpoint.settings(concurrency=1)
    once = settings.model_copy(update={"runtime": settings.runtime.model_copy(update={"shard_retries": 0})})
    arms = arms_of(once, baseline=False)
    request = Request("jsonl", str(annotations), str(scenes), empty_dataset, arms)
    endpoint.answers = [by_rule, by_rule, by_rule, by_rule, fails(429, "busy")]
    broken = evaluate(request)
    assert "HTTP 429" in " ".join(broken.shortfall.broken)
    journal = broken.plan.evaluation.journal
    assert journal.startswith("gs://")
    assert len(list_staged(journal, stores=once.stores)) == 1
    answered = {row.question_id for row in broken_rows(journal, once)}
    endpoint.answers = [by_rule]
    endpoint.requests.clear()
    done = evaluate(request)
    assert done.plan.recovered == len(answered) == 4
    assert right(done) == {"method": (6, 6)}
    assert asked(endpoint).total() == 2
    assert list_staged(journal, stores=once.stores) == []


def broken_rows(journal: str, settings: Settings) -> list[PredictionRecord]:
    with left_behind(journal, "nobody", settings.stores) as found:
        return list(found.rows)
