"""Runs without an orchestrator: a run, a backfill's partitions, a watch's rounds.

    from flows.runs.run import run_catalog
    from motionsight_core import Settings

    result = run_catalog("clips", warehouse="duckdb:motionsight.duckdb", settings=Settings())
    print(result.record.annotated, "annotated,", result.record.failed, "failed")

Prefect's flows, the command line, Airflow and Dagster take these same steps.
"""
