"""Flow runs of a backfill's partitions: started a few at a time, each once, and waited for."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import Any, cast
from uuid import UUID

from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.filters import FlowRunFilter, FlowRunFilterId, FlowRunFilterTags
from prefect.client.schemas.objects import FlowRun
from prefect.deployments import run_deployment
from prefect.exceptions import ObjectNotFound
from prefect.logging import get_run_logger

from flows.operate.cancelling import all_runs
from flows.operate.run_names import named
from motionsight_core.errors import UsageError

_PAUSE_S = 2.0


class PartitionRuns:
    """The flow runs of one backfill's partitions, those of earlier tries included.

    A run's idempotency key counts the partition's runs that have ended. A request for one while another is
    still on its way, such as a backfill that was started a second time, is given that one; after one that
    failed there is a new one.
    """

    def __init__(self, deployment: str, backfill_id: str, *, tag: str) -> None:
        self._deployment = deployment
        self._backfill_id = backfill_id
        self._tag = tag

    def work_through(
        self, partitions: Sequence[int], parameters: Mapping[str, Any], *, concurrency: int
    ) -> dict[int, str]:
        """Run these partitions, so many at once; returns how those ended that did not complete.

        Args:
            partitions: their numbers.
            parameters: what all of them have in common.
            concurrency: one or more.

        Raises:
            UsageError: there is no such deployment.
        """
        log = get_run_logger()
        waiting = list(reversed(partitions))
        running: dict[UUID, int] = {}
        unfinished: dict[int, str] = {}
        with get_client(sync_client=True) as client:
            ended = self._ended(client)
            while waiting or running:
                while waiting and len(running) < max(1, concurrency):
                    partition = waiting.pop()
                    run = self._start(partition, parameters, attempt=ended.get(partition, 0))
                    running[run.id] = partition
                    log.info("Partition %d: flow run %s", partition, run.name)
                time.sleep(_PAUSE_S)
                for run in _read(client, list(running)):
                    if run.state is None or not run.state.is_final():
                        continue
                    partition = running.pop(run.id)
                    log.info("Partition %d: %s", partition, run.state.name)
                    if not run.state.is_completed():
                        unfinished[partition] = run.state.name or str(run.state.type)
        return unfinished

    def _start(self, partition: int, parameters: Mapping[str, Any], *, attempt: int) -> FlowRun:
        chosen = {**parameters, "partition": partition}
        try:
            run = run_deployment(
                self._deployment,
                parameters=chosen,
                timeout=0,
                idempotency_key=f"motionsight-{self._backfill_id}-{partition}-{attempt}",
                tags=[self._tag, f"partition:{partition}"],
                flow_run_name=named("annotate-partition", chosen),
            )
            return cast(FlowRun, run)  # a coroutine only in async code
        except ObjectNotFound:
            raise UsageError(
                f"There is no deployment {self._deployment}; `prefect deploy --all --prefect-file "
                "deploy/prefect.yaml` makes it, and the parameter `deployment` names another."
            ) from None

    def _ended(self, client: SyncPrefectClient) -> dict[int, int]:
        """How many runs of each partition have ended."""
        counts: dict[int, int] = {}
        for run in all_runs(client, FlowRunFilter(tags=FlowRunFilterTags(all_=[self._tag]))):
            partition = run.parameters.get("partition")
            if partition is not None and run.state is not None and run.state.is_final():
                counts[partition] = counts.get(partition, 0) + 1
        return counts


def _read(client: SyncPrefectClient, ids: Sequence[UUID]) -> list[FlowRun]:
    return all_runs(client, FlowRunFilter(id=FlowRunFilterId(any_=list(ids))))
