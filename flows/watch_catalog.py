"""The Prefect flow `watch_catalog`: what is new or overwritten in a source, on a schedule or an event."""

from __future__ import annotations

import threading

from prefect import flow
from prefect.logging import get_run_logger

from flows.cli.answers import passed_over_sentence
from flows.operate.artifacts import ALL_FILES, show_run
from flows.operate.cancelling import cancel_jobs_of_run
from flows.operate.configuration import configured
from flows.operate.run_log import without_tracebacks
from flows.operate.run_names import run_name
from flows.runs.watch import Round, watch
from flows.shards import run_shard_tasks
from motionsight_core.errors import RunError
from motionsight_core.settings import Settings
from motionsight_core.warehouse import open_warehouse


@flow(
    name="watch-catalog",
    flow_run_name=run_name,
    log_prints=False,
    on_cancellation=[cancel_jobs_of_run],
    on_crashed=[cancel_jobs_of_run],
)
def watch_catalog(
    source: str | None = None,
    warehouse: str | None = None,
    settings: Settings | None = None,
    rounds: int = 1,
    every_s: float = 60.0,
    settle_s: float = 5.0,
    catalog: str | None = None,
) -> int:
    """Annotate what is new or overwritten in a source; returns how many clips.

    A round is exact by itself, since what is done is asked of the warehouse. So a schedule of runs with one
    round each watches as well as one run with many, and shows in the list of runs what came when.

    Args:
        source: a directory, a glob, or a store's address; the catalog's, if unset.
        warehouse: where the rows go; the catalog's, if unset.
        settings: knobs of the method; what is unset here is the environment's, the catalog's or the paper's.
        rounds: how often the source is looked at.
        every_s: from one round to the next, seconds.
        settle_s: a local file modified less than this many seconds ago may still be written, and waits.
        catalog: name of a MotionSight Catalog block.

    Raises:
        UsageError: source, warehouse or annotator do not exist.
        RunError: a round could not be finished; the next goes on with what it left.
    """
    without_tracebacks()
    log = get_run_logger()
    broken: list[str] = []
    annotated = 0
    with configured(source=source, warehouse=warehouse, settings=settings, catalog=catalog) as chosen:
        place = open_warehouse(chosen.warehouse)

        def on_round(result: Round) -> None:
            nonlocal annotated
            # What one round could not finish, a later one may have.
            broken[:] = result.broken
            waiting = f"; {result.unsettled} may still be written" if result.unsettled else ""
            passed_over = passed_over_sentence(result.passed_over, how=ALL_FILES)
            if passed_over:
                log.info("Round %d: %s", result.number, passed_over)
            if result.record is None:
                what = "files" if chosen.settings.stores.all_files else "videos"
                log.info("Round %d: nothing new among %d %s%s", result.number, result.listed, what, waiting)
                return
            annotated += result.record.annotated
            log.info("Round %d: annotated %d clips, failed %d%s", result.number, result.record.annotated,
                     result.record.failed, waiting)  # fmt: skip
            show_run(result.record, place, broken=result.broken, passed_over=passed_over)

        watch(
            chosen.source,
            warehouse=chosen.warehouse,
            settings=chosen.settings,
            every_s=every_s,
            settle_s=settle_s,
            rounds=rounds,
            on_round=on_round,
            told_to_end=threading.Event(),
            run_shards=run_shard_tasks,
        )
    if broken:
        raise RunError(" ".join(broken))
    return annotated
