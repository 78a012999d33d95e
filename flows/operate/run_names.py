"""Names of flow runs: what they are about, so that a list of them can be read."""

from __future__ import annotations

from typing import Any

from prefect.runtime import deployment, flow_run

_LONGEST = 100
#: Parameters that say what a run is about, the first that is set.
_ABOUT = ("benchmark", "source", "catalog", "warehouse")


def run_name() -> str:
    """The name of the flow run that is about to begin, from its flow and parameters."""
    return named(str(flow_run.flow_name), {**(deployment.parameters or {}), **(flow_run.parameters or {})})


def named(flow_name: str, parameters: dict[str, Any]) -> str:
    """For example `annotate gs://bucket/clips/` or `annotate partition 3 of 16: s3://bucket/`."""
    about = next((parameters[name] for name in _ABOUT if parameters.get(name)), "")
    verb = flow_name.partition("-")[0]
    if parameters.get("partition") is not None:
        verb = f"{verb} partition {parameters['partition']} of {parameters.get('partitions')}:"
    if verb == "refresh":
        verb = "report on"
    if verb == "build":
        verb = "data set of"
    if verb == "close":
        verb, about = "loop in", dict(parameters["loop"])["out"]
    if parameters.get("stage"):
        verb, about = f"train {parameters['stage']}:", parameters.get("out")
    name = f"{verb} {about}".strip()
    return name if len(name) <= _LONGEST else f"{name[: _LONGEST - 1]}…"
