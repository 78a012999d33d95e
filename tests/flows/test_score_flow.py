"""The Prefect flow `score_descriptions`, on a real (temporary) server."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import ArtifactFilter, ArtifactFilterKey
from prefect.client.schemas.sorting import TaskRunSort

from flows.runs.run import run_catalog
from motionsight_core.errors import RunError
from motionsight_core.settings import Settings
from motionsight_core.warehouse import open_warehouse
from tests.core.mllm.scripted import ScriptedEndpoint, begins_with, fails

pytestmark = pytest.mark.usefixtures("prefect_api")


@pytest.fixture
def warehouse(tmp_path: Path, scenes: Path) -> str:
    """With four rows by the measured annotator."""
    url = f"duckdb:{tmp_path / 'motion.duckdb'}"
    run_catalog(str(scenes), warehouse=url, settings=settings())
    return url


@pytest.fixture
def endpoint() -> Iterator[ScriptedEndpoint]:
    with ScriptedEndpoint() as running:
        running.answers = [begins_with({"Yes": 0.75, "No": 0.25})]
        yield running


def settings(*overrides: str) -> Settings:
    return Settings.load(overrides=overrides, environment={})


def artifacts(key: str) -> list[Any]:
    with get_client(sync_client=True) as client:
        return client.read_artifacts(artifact_filter=ArtifactFilter(key=ArtifactFilterKey(any_=[key])))


@pytest.mark.long
def test_the_flow_scores_shard_by_shard_and_leaves_a_table_of_means(
    warehouse: str, endpoint: ScriptedEndpoint
) -> None:
    from flows.score_descriptions import score_descriptions

    endpoint.answers = [fails(400, "too long | <b>"), *endpoint.answers]
    chosen = settings("sampling.frames=2", "runtime.shard_size=3", "endpoint.concurrency=1")
    result = score_descriptions(
        scorer=endpoint.settings().annotator, warehouse=warehouse, where="uri <> ''", settings=chosen
    )

    assert (result.scored, result.known, sum(result.unscored.values())) == (7, 0, 1)
    assert open_warehouse(warehouse).query("SELECT count(*) FROM scores").rows == [(7,)]
    with get_client(sync_client=True) as client:
        assert {"scores-0", "scores-1"} <= {
            run.name for run in client.read_task_runs(sort=TaskRunSort.END_TIME_DESC)
        }
    tables = [json.loads(str(item.data)) for item in artifacts("motionsight-scores")]
    assert [
        {"aspect": "object", "mean": 0.75, "described": 4, "scorer": result.scorer},
        {"aspect": "camera", "mean": 0.75, "described": 4, "scorer": result.scorer},
    ] in [[{name: row[name] for name in row if name != "scored"} for row in table] for table in tables]
    (text,) = [
        str(one.data) for one in artifacts("motionsight-scores-summary") if "ModelRefused" in str(one.data)
    ]
    assert "| ModelRefused | 1 |" in text
    assert "too long \\| \\<b\\>" in text


@pytest.mark.long
def test_an_endpoint_that_stays_away_fails_the_flow_and_what_was_scored_stays(
    warehouse: str, endpoint: ScriptedEndpoint
) -> None:
    from flows.score_descriptions import score_descriptions

    endpoint.answers = [*endpoint.answers * 2, fails(429, "busy")]
    chosen = settings(
        "sampling.frames=2", "runtime.shard_size=1", "runtime.shard_retries=0", "endpoint.retries=0"
    )
    with pytest.raises(RunError, match="429"):
        score_descriptions(scorer=endpoint.settings().annotator, warehouse=warehouse, settings=chosen)
    assert open_warehouse(warehouse).query("SELECT count(*) FROM scores").rows == [(2,)]
