"""What a cancelled flow run has set going: jobs in clusters, runs of partitions, decoding processes.

A flow run's tags or its parameters say what these are, so that they are found from any machine on which
it is cancelled.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.filters import (
    FlowRunFilter,
    FlowRunFilterParentFlowRunId,
    FlowRunFilterState,
    FlowRunFilterStateType,
    FlowRunFilterTags,
)
from prefect.client.schemas.objects import FlowRun, State, StateType
from prefect.client.schemas.sorting import FlowRunSort
from prefect.context import FlowRunContext
from prefect.exceptions import TerminationSignal
from prefect.flows import Flow
from prefect.logging.loggers import flow_run_logger
from prefect.states import Cancelled, Cancelling

from flows.operate.configuration import configured

_RUN = "motionsight-run:"
_BACKFILL = "motionsight-backfill:"
_PAGE = 200

#: States of a flow run that is still to be worked on.
_ACTIVE = (StateType.SCHEDULED, StateType.PENDING, StateType.RUNNING, StateType.PAUSED)


def tag_this_run(*, run_id: str | None = None, backfill_id: str | None = None) -> None:
    """Write on the flow run that this is called in which run or backfill it is working on."""
    context = FlowRunContext.get()
    if context is None or context.flow_run is None:
        return
    tags = {*context.flow_run.tags}
    tags |= {_RUN + run_id} if run_id else set()
    tags |= {backfill_tag(backfill_id)} if backfill_id else set()
    with get_client(sync_client=True) as client:
        client.update_flow_run(context.flow_run.id, tags=sorted(tags))


def backfill_tag(backfill_id: str) -> str:
    """The tag that all flow runs of a backfill bear."""
    return _BACKFILL + backfill_id


def cancel_jobs_of_run(flow: Flow[..., Any], flow_run: FlowRun, state: State[Any]) -> None:
    """Hook of a run that has been cancelled or has crashed: its jobs on Dataflow are cancelled as well.

    On this machine and on Flink a run's work ends with its process.
    """
    chosen = flow_run.parameters
    with configured(
        source=chosen.get("source"),
        warehouse=chosen.get("warehouse"),
        settings=chosen.get("settings"),
        catalog=chosen.get("catalog"),
    ) as configuration:
        if configuration.settings.runtime.runner != "dataflow":
            return
        from transforms.dataflow import cancel_jobs

        for run_id in _tagged(flow_run, _RUN):
            jobs = cancel_jobs(configuration.settings, run_id)
            flow_run_logger(flow_run).info("Cancelled %d Dataflow jobs of the run %s.", len(jobs), run_id)


def cancel_partitions(flow: Flow[..., Any], flow_run: FlowRun, state: State[Any]) -> None:
    """Hook of a backfill that has been cancelled: the runs of its partitions are cancelled as well."""
    with get_client(sync_client=True) as client:
        for backfill_id in _tagged(flow_run, _BACKFILL):
            for child in active_runs(client, backfill_tag(backfill_id)):
                if child.id != flow_run.id:
                    client.set_flow_run_state(child.id, Cancelling(message="The backfill was cancelled."))


def delete_train_job(flow: Flow[..., Any], flow_run: FlowRun, state: State[Any]) -> None:
    """Hook of a run of `train_on_kubernetes` that was cancelled or has crashed: its TrainJob is deleted.

    Not so where the run only moves to another machine: there it finds its TrainJob again.
    """
    from flows.runs.train_jobs import TEMPLATE, TrainJobs, name_of, namespace_of, read_template

    out, template = flow_run.parameters.get("out"), flow_run.parameters.get("template") or TEMPLATE
    name = name_of(str(out))
    TrainJobs(namespace_of(read_template(template))).delete(name)
    flow_run_logger(flow_run).info("Deleted the TrainJob %s.", name)


def cancel_steps(flow: Flow[..., Any], flow_run: FlowRun, state: State[Any]) -> None:
    """Hook of a flow whose steps are flows, that has been cancelled or has crashed: so are the steps.

    They ran in its process, and nobody else would say that they have ended, or cancel their jobs.
    """
    with get_client(sync_client=True) as client:
        steps = FlowRunFilter(
            parent_flow_run_id=FlowRunFilterParentFlowRunId(any_=[flow_run.id]),
            state=FlowRunFilterState(type=FlowRunFilterStateType(any_=list(_ACTIVE))),
        )
        for step in all_runs(client, steps):
            cancel_jobs_of_run(flow, step, state)
            message = f"The run {flow_run.name}, of which this is a step, has ended."
            client.set_flow_run_state(step.id, Cancelled(message=message), force=True)


def active_runs(client: SyncPrefectClient, tag: str) -> list[FlowRun]:
    """Flow runs with a tag that are scheduled or running."""
    return all_runs(
        client,
        FlowRunFilter(
            tags=FlowRunFilterTags(all_=[tag]),
            state=FlowRunFilterState(type=FlowRunFilterStateType(any_=list(_ACTIVE))),
        ),
    )


def all_runs(client: SyncPrefectClient, chosen: FlowRunFilter) -> list[FlowRun]:
    """The chosen flow runs; the server gives no more than a page of them at a time."""
    runs: list[FlowRun] = []
    while True:
        page = client.read_flow_runs(
            flow_run_filter=chosen, sort=FlowRunSort.EXPECTED_START_TIME_ASC, limit=_PAGE, offset=len(runs)
        )
        runs += page
        if len(page) < _PAGE:
            return runs


def _tagged(flow_run: FlowRun, prefix: str) -> Iterator[str]:
    for tag in flow_run.tags:
        if tag.startswith(prefix):
            yield tag.removeprefix(prefix)


@contextmanager
def kill_decoders_on_cancel() -> Iterator[None]:
    """Ends the decoding processes where the block is left by a signal.

    Beam's threads wait for them; without them a pipeline whose result is not awaited any more ends soon,
    and so does this process.
    """
    try:
        yield
    except (TerminationSignal, KeyboardInterrupt):
        from motionsight_core.guarded.pool import close_shared_decoders

        close_shared_decoders()
        raise
