"""What jobs are called at runners that show names."""

from __future__ import annotations


def job_prefix(run_id: str) -> str:
    """What the names of all jobs of a run begin with."""
    return f"motionsight-{run_id}-"
