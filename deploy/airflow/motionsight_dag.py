"""MotionSight in Airflow 3: the same functions that the Prefect flows call, without Prefect.

Put this file into the folder of DAGs. MotionSight lives in an environment of its own, since Airflow pins
hundreds of versions: `python3.11 -m venv /opt/motionsight` and `/opt/motionsight/bin/pip install
'motionsight[gcp]'`, or the project's image, where it is in the same place. Variables of the Airflow worker:

    MOTIONSIGHT_PYTHON      that environment's Python; /opt/motionsight/bin/python unless set
    MOTIONSIGHT_SOURCE      s3://bucket/clips/
    MOTIONSIGHT_WAREHOUSE   bigquery:PROJECT.DATASET?staging=gs://BUCKET/PREFIX
    MOTIONSIGHT_SETTINGS    a settings file, if there is one; MOTIONSIGHT_SAMPLING__FRAMES=8 goes over it

Both DAGs start out paused. A task that dies is simply tried again: it goes on from its last commit.
"""

# No `from __future__ import annotations`: Airflow runs these functions elsewhere, from their source.
import os
from datetime import datetime, timedelta

from airflow.sdk import Param, dag, task

PYTHON = os.environ.get("MOTIONSIGHT_PYTHON", "/opt/motionsight/bin/python")
TRIES = {"retries": 2, "retry_delay": timedelta(minutes=5)}


@task.external_python(python=PYTHON, expect_airflow=False, **TRIES)
def annotate() -> dict[str, int]:
    """Annotate what is new in the source; the counts of the run."""
    import os

    from flows.runs.run import run_catalog
    from motionsight_core.settings import Settings

    result = run_catalog(
        os.environ["MOTIONSIGHT_SOURCE"],
        warehouse=os.environ["MOTIONSIGHT_WAREHOUSE"],
        settings=Settings.load(os.environ.get("MOTIONSIGHT_SETTINGS")),
    )
    if result.broken:
        raise RuntimeError(" ".join(result.broken))
    return {"annotated": result.record.annotated, "failed": result.record.failed}


@task.external_python(python=PYTHON, expect_airflow=False, **TRIES)
def backfill(since: str | None, until: str | None, partitions: int) -> dict[str, int]:
    """Annotate what is missing from one time up to another, in partitions."""
    import os

    from flows.runs.backfill import parsed_time, run_backfill
    from flows.runs.partitions import Backfill
    from motionsight_core.settings import Settings

    result = run_backfill(
        Backfill(
            os.environ["MOTIONSIGHT_SOURCE"],
            os.environ["MOTIONSIGHT_WAREHOUSE"],
            Settings.load(os.environ.get("MOTIONSIGHT_SETTINGS")),
            int(partitions),
            since=parsed_time("since", since),
            until=parsed_time("until", until),
        )
    )
    if result.broken:
        raise RuntimeError(" ".join(result.broken))
    return {"partitions": len(result.partitions), "annotated": sum(p.annotated for p in result.partitions)}


@dag(
    schedule="0 2 * * *",
    start_date=datetime(2026, 1, 1),
    catchup=False,
    max_active_runs=1,
    is_paused_upon_creation=True,
    tags=["motionsight"],
)
def motionsight_nightly() -> None:
    """Annotates what is new in the source."""
    annotate()


@dag(
    schedule=None,
    start_date=datetime(2026, 1, 1),
    max_active_runs=1,
    is_paused_upon_creation=True,
    render_template_as_native_obj=True,
    tags=["motionsight"],
    params={
        "since": Param(None, type=["null", "string"], description="A date; objects modified then or later."),
        "until": Param(None, type=["null", "string"], description="A date; objects modified before it."),
        "partitions": Param(16, type="integer", minimum=1),
    },
)
def motionsight_backfill() -> None:
    """Annotates an old source; started by hand, with a form."""
    backfill("{{ params.since }}", "{{ params.until }}", "{{ params.partitions }}")  # type: ignore[arg-type]


motionsight_nightly()
motionsight_backfill()
