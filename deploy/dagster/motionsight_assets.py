"""MotionSight in Dagster: the same functions that the Prefect flows call, without Prefect.

    dagster dev -f deploy/dagster/motionsight_assets.py

in an environment with both (`pip install 'motionsight[gcp]' dagster dagster-webserver`), and with the source
in MOTIONSIGHT_SOURCE, the warehouse in MOTIONSIGHT_WAREHOUSE and, if there is one, a settings file in
MOTIONSIGHT_SETTINGS. The schedule is stopped until you start it. A run that dies is simply started again: it
goes on from its last commit.
"""

# No `from __future__ import annotations`: Dagster looks at the types of the context and the configuration.
import os

import dagster as dg

from flows.runs.backfill import parsed_time, run_backfill
from flows.runs.partitions import Backfill
from flows.runs.run import run_catalog
from motionsight_core.settings import Settings


def _source() -> str:
    return os.environ["MOTIONSIGHT_SOURCE"]


def _warehouse() -> str:
    return os.environ["MOTIONSIGHT_WAREHOUSE"]


def _settings() -> Settings:
    return Settings.load(os.environ.get("MOTIONSIGHT_SETTINGS"))


@dg.asset(group_name="motionsight", kinds={"python"})
def motion() -> dg.MaterializeResult:
    """The table `motion`: what moves in each clip of the source, and how its camera moves."""
    result = run_catalog(_source(), warehouse=_warehouse(), settings=_settings())
    if result.broken:
        raise dg.Failure(" ".join(result.broken))
    record = result.record
    return dg.MaterializeResult(
        metadata={
            "annotated": record.annotated,
            "failed": record.failed,
            "already there": record.skipped,
            "recipe": record.recipe,
            "run": record.run_id,
        }
    )


class BackfillConfig(dg.Config):
    """What a backfill covers."""

    since: str | None = None
    """A date; objects modified then or later."""
    until: str | None = None
    """A date; objects modified before it."""
    partitions: int = 16


@dg.op
def annotate_partitions(context: dg.OpExecutionContext, config: BackfillConfig) -> None:
    """Annotate what is missing from one time up to another, in partitions."""
    result = run_backfill(
        Backfill(
            _source(),
            _warehouse(),
            _settings(),
            config.partitions,
            since=parsed_time("since", config.since),
            until=parsed_time("until", config.until),
        )
    )
    for partition in result.partitions:
        context.log.info(
            "Partition %d: %s, %d clips", partition.partition, partition.state, partition.annotated
        )
    if result.broken:
        raise dg.Failure(" ".join(result.broken))


@dg.job
def backfill() -> None:
    """Annotates an old source; started by hand."""
    annotate_partitions()


nightly = dg.ScheduleDefinition(
    name="nightly",
    target=dg.AssetSelection.assets(motion),
    cron_schedule="0 2 * * *",
    execution_timezone="UTC",
    default_status=dg.DefaultScheduleStatus.STOPPED,
)

definitions = dg.Definitions(assets=[motion], jobs=[backfill], schedules=[nightly])
