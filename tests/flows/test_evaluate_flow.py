"""The flow `evaluate_benchmark` on a Prefect server."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import cast

import pytest
from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import ArtifactFilter, ArtifactFilterKey
from prefect.client.schemas.sorting import ArtifactSort

from flows.runs.evaluate import EvaluationResult
from motionsight_core.errors import UsageError
from tests.core.mllm.scripted import ScriptedEndpoint
from tests.flows.evaluating import asked, by_rule, own_questions

pytestmark = pytest.mark.usefixtures("prefect_api")


@pytest.fixture
def endpoint() -> Iterator[ScriptedEndpoint]:
    with ScriptedEndpoint() as running:
        running.answers = [by_rule]
        yield running


@pytest.mark.long
@pytest.mark.timeout(600)
def test_the_flow_asks_shard_by_shard_and_leaves_the_table_as_an_artifact(
    endpoint: ScriptedEndpoint, scenes: Path, tmp_path: Path
) -> None:
    from flows.evaluate_benchmark import evaluate_benchmark

    names = [clip.name for clip in scenes.glob("*.mp4")]
    annotations = own_questions(tmp_path / "own.jsonl", [*names, "missing.mp4"])
    settings = endpoint.settings()
    shards = settings.model_copy(update={"runtime": settings.runtime.model_copy(update={"shard_size": 2})})
    parameters = {
        "benchmark": "jsonl",
        "annotations": str(annotations),
        "videos": str(scenes),
        "warehouse": f"duckdb:{tmp_path}/w.duckdb",
        "settings": shards,
    }
    run = cast("Callable[..., EvaluationResult]", evaluate_benchmark)
    done = run(**parameters)
    assert len(done.plan.shards) == 3
    assert asked(endpoint).total() == 16
    with get_client(sync_client=True) as client:
        key = ArtifactFilter(key=ArtifactFilterKey(any_=["motionsight-evaluation"]))
        newest = ArtifactSort.CREATED_DESC  # other tests use the server as well
        (artifact,) = client.read_artifacts(artifact_filter=key, sort=newest, limit=1)
    assert "10 questions, percent right by the score strict: baseline 80.0; method 80.0" in str(
        artifact.description
    )
    again = run(**parameters)
    assert asked(endpoint).total() == 16
    assert again.result.table() == done.result.table()


def test_the_flow_refuses_what_does_not_exist(tmp_path: Path) -> None:
    from flows.evaluate_benchmark import evaluate_benchmark

    with pytest.raises(UsageError, match="There is no benchmark 'kinetics'"):
        evaluate_benchmark("kinetics", "none.jsonl", str(tmp_path))
