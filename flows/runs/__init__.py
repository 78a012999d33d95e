"""Runs without an orchestrator: a run, a backfill's partitions, a watch's rounds.

Prefect's flows, the command line, Airflow and Dagster take these same steps.
"""
