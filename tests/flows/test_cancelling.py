"""What a cancelled flow run has set going elsewhere is cancelled as well."""

from __future__ import annotations

from typing import Any
from uuid import UUID, uuid4

import pytest
from prefect import flow, task
from prefect.client.orchestration import get_client
from prefect.client.schemas.objects import FlowRun, State
from prefect.states import Cancelling, Completed, Running

import transforms.dataflow
from flows.operate.cancelling import (
    active_runs,
    backfill_tag,
    cancel_jobs_of_run,
    cancel_partitions,
    cancel_steps,
)
from motionsight_core.settings import Settings


@flow
def some_flow() -> None:
    """Only its name is used."""


@task
def some_task() -> None:
    """Its runs stand for steps."""


pytestmark = pytest.mark.usefixtures("prefect_api")


@pytest.fixture
def cancelled(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Runs whose jobs Dataflow was asked to cancel."""
    asked: list[str] = []

    def cancel_jobs(settings: Settings, run_id: str) -> list[str]:
        asked.append(run_id)
        return ["job"]

    monkeypatch.setattr(transforms.dataflow, "cancel_jobs", cancel_jobs)
    return asked


def run_of(runner: str) -> FlowRun:
    parameters: dict[str, Any] = {"source": "gs://b/", "settings": {"runtime": {"runner": runner}}}
    return FlowRun(
        id=uuid4(), flow_id=uuid4(), parameters=parameters, tags=["motionsight", "motionsight-run:abc"]
    )


def test_the_dataflow_jobs_of_a_run_that_is_cancelled_are_cancelled(cancelled: list[str]) -> None:
    cancel_jobs_of_run(some_flow, run_of("dataflow"), Cancelling())
    assert cancelled == ["abc"]


def test_a_run_on_this_machine_has_no_jobs_elsewhere(cancelled: list[str]) -> None:
    cancel_jobs_of_run(some_flow, run_of("local"), Cancelling())
    assert cancelled == []


def test_the_partitions_of_a_backfill_that_is_cancelled_are_cancelled_and_no_others() -> None:
    with get_client(sync_client=True) as client:
        backfill = client.create_flow_run(some_flow, tags=[backfill_tag("mine")], state=Running())
        mine = [client.create_flow_run(some_flow, tags=[backfill_tag("mine")]) for _ in range(2)]
        other = client.create_flow_run(some_flow, tags=[backfill_tag("other")])
        cancel_partitions(some_flow, backfill, Cancelling())
        names = {run.id: client.read_flow_run(run.id).state.name for run in (backfill, *mine, other)}  # type: ignore[union-attr]
        still = {run.id for run in active_runs(client, backfill_tag("mine"))}
    assert {names[run.id] for run in mine} <= {"Cancelling", "Cancelled"}
    assert (names[backfill.id], names[other.id]) == ("Running", "Pending")
    assert still == {backfill.id}


def test_the_steps_of_a_run_that_is_cancelled_are_cancelled_with_their_jobs(cancelled: list[str]) -> None:
    parameters = run_of("dataflow").parameters
    with get_client(sync_client=True) as client:
        loop = client.create_flow_run(some_flow, state=Running())

        def step(state: State[Any], run_id: str) -> UUID:
            link = client.create_task_run(some_task, loop.id, dynamic_key=run_id)
            return client.create_flow_run(
                some_flow,
                parameters=parameters,
                parent_task_run_id=link.id,
                tags=[f"motionsight-run:{run_id}"],
                state=state,
            ).id

        ended, running = step(Completed(), "ended"), step(Running(), "running")
        cancel_steps(some_flow, client.read_flow_run(loop.id), Cancelling())
        names = [client.read_flow_run(run).state.name for run in (ended, running)]  # type: ignore[union-attr]
    assert names == ["Completed", "Cancelled"]
    assert cancelled == ["running"]
