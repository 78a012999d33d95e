"""Watching a source: rounds of a bounded run each, which pick up what is new or overwritten.

A round is exact by itself: what is to be done is asked of the warehouse. So a watch that was killed
goes on where it was, and two of them do no harm.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime

from flows.runs.run import (
    RunShards,
    begin_run,
    finish_run,
    new_run,
    one_sentence,
    require_models,
    run_shards,
    staged,
)
from flows.runs.watched_objects import WatchedObjects
from motionsight_core.errors import UsageError
from motionsight_core.planning.plan import plan_catalog
from motionsight_core.record import RunRecord
from motionsight_core.settings import Settings
from motionsight_core.stores import PassedOver, list_objects
from motionsight_core.warehouse import open_warehouse

#: The longest time from one round to the next, seconds: a year. Timers take no number without a bound.
LONGEST_WAIT_S = 31_536_000


@dataclass(frozen=True, slots=True)
class Round:
    """What came of one round."""

    number: int
    """From 1."""
    listed: int
    """Objects in the source."""
    unsettled: int
    """Of these, how many were left for later because they may still be written."""
    record: RunRecord | None
    """Of the run; None where there was nothing to do."""
    broken: tuple[str, ...]
    """One sentence for each shard, or for the listing, that failed."""
    passed_over: PassedOver = field(default_factory=PassedOver)
    """What of the source is not a video; of contents, those that were looked into in this round."""


def watch(
    source: str,
    *,
    warehouse: str,
    settings: Settings,
    every_s: float,
    settle_s: float,
    rounds: int | None = None,
    on_round: Callable[[Round], None],
    told_to_end: threading.Event,
    run_shards: RunShards = run_shards,
) -> None:
    """Annotate what is new in a source, round after round.

    What fails from outside, such as a store that is away, costs the round and not the watch.

    Args:
        every_s: from the beginning of a round to that of the next, seconds.
        settle_s: how long a local file must have been left alone to be taken for whole, seconds.
        rounds: how many; None: for ever.
        on_round: called after each.
        told_to_end: once it is set, the shard in hand is finished and no other begun.
        run_shards: who works through the shards.

    Raises:
        UsageError: source, warehouse or annotator do not exist when the watch begins, or a time is none that
            one can wait.
        RunError: the model cannot be reached when the watch begins.
    """
    for name, seconds in (("every_s", every_s), ("settle_s", settle_s)):
        if not 0 <= seconds <= LONGEST_WAIT_S:  # nor is NaN
            raise UsageError(f"{name} takes a number of seconds up to {LONGEST_WAIT_S:,}; got {seconds}.")
    require_models(settings)
    objects = WatchedObjects(pause_s=every_s, settle_s=settle_s)
    number = 0
    while not told_to_end.is_set():
        number += 1
        began_s = time.monotonic()
        try:
            result = _round(number, source, warehouse, settings, objects, told_to_end, run_shards)
        except Exception as error:
            if number == 1 and isinstance(error, UsageError):
                raise
            result = Round(number, objects.listed, objects.unsettled, None, (one_sentence(error),))
        on_round(result)
        if number == rounds:
            return
        told_to_end.wait(max(0.0, every_s - (time.monotonic() - began_s)))


def _round(
    number: int,
    source: str,
    warehouse: str,
    settings: Settings,
    objects: WatchedObjects,
    told_to_end: threading.Event,
    run_shards: RunShards,
) -> Round:
    run = new_run(source, warehouse=warehouse, settings=settings)
    started_at = datetime.now(UTC)
    passed_over = PassedOver()
    listing = list_objects(source, settings=settings.stores, passed_over=passed_over)
    plan = plan_catalog(
        objects.to_look_at(listing),
        settings,
        open_warehouse(warehouse),
        run_id=run.run_id,
        passed_over=passed_over,
    )
    objects.planned(plan)
    if not plan.shards:
        return Round(number, objects.listed, objects.unsettled, None, (), passed_over)
    with staged(run):
        begin_run(run, plan, started_at)
        shortfall = run_shards(
            run,
            plan.shards,
            told_to_end=told_to_end.is_set,
            on_shard=lambda shard, manifest: objects.committed(shard),
        )
        record = finish_run(run)
    return Round(number, objects.listed, objects.unsettled, record, shortfall.broken, passed_over)
