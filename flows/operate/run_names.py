"""Names of flow runs: what they are about, so that a list of them can be read."""

from __future__ import annotations

from typing import Any

from prefect.runtime import deployment, flow_run

_LONGEST = 100


def run_name() -> str:
    """The name of the flow run that is about to begin, from its flow and parameters."""
    return named(str(flow_run.flow_name), {**(deployment.parameters or {}), **(flow_run.parameters or {})})


def named(flow_name: str, parameters: dict[str, Any]) -> str:
    """For example `annotate gs://bucket/clips/` or `annotate partition 3 of 16: s3://bucket/`."""
    about = parameters.get("source") or parameters.get("catalog") or parameters.get("warehouse") or ""
    verb = flow_name.partition("-")[0]
    if parameters.get("partition") is not None:
        verb = f"{verb} partition {parameters['partition']} of {parameters.get('partitions')}:"
    if verb == "refresh":
        verb = "report on"
    if verb == "build":
        verb = "data set of"
    name = f"{verb} {about}".strip()
    return name if len(name) <= _LONGEST else f"{name[: _LONGEST - 1]}…"
