"""MotionSight's Prefect flows, their blocks, and the command line.

    from flows.annotate import annotate_catalog

    annotate_catalog(source="clips", warehouse="duckdb:motionsight.duckdb")

`flows.runs` takes the same steps without Prefect; `flows.cli` is the command line; `flows.operate` is what
operators see.
"""
