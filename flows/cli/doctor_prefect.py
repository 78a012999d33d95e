"""What `motionsight doctor` asks of the Prefect server that PREFECT_API_URL names."""

from __future__ import annotations

import os
import urllib.request
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from flows.cli.doctor_names import SAFE_COMMAND, namesakes
from flows.cli.findings import Finding, State

if TYPE_CHECKING:
    from prefect.client.orchestration import SyncPrefectClient
    from prefect.client.schemas.responses import DeploymentResponse

_BLOCKS = ("motionsight-catalog", "motionsight-warehouse", "motionsight-caption-endpoint")
_PAGE = 200


def prefect_server() -> Iterator[Finding]:
    """Whether it answers, knows our blocks, and has deployments that would not find us."""
    url = os.environ.get("PREFECT_API_URL")
    if not url:
        yield Finding(
            State.ABSENT, "Prefect server", "PREFECT_API_URL is not set; --prefect starts a temporary one"
        )
        return
    try:
        with urllib.request.urlopen(f"{url.rstrip('/')}/health", timeout=5) as answer:  # noqa: S310
            reachable = answer.status == 200
    except (OSError, ValueError) as error:
        yield Finding(
            State.BAD, "Prefect server", f"{url} does not answer ({error}); start it or unset PREFECT_API_URL"
        )
        return
    if not reachable:
        yield Finding(State.BAD, "Prefect server", f"{url} is not healthy")
        return
    yield Finding(State.GOOD, "Prefect server", f"{url} answers")
    yield from _asked_of_the_server()


def _asked_of_the_server() -> Iterator[Finding]:
    from httpx import HTTPError
    from prefect.client.orchestration import get_client

    try:
        with get_client(sync_client=True) as client:
            yield _blocks(client)
            yield from _deployments(client)
    except HTTPError as error:
        yield Finding(
            State.ABSENT, "Prefect blocks", f"the server cannot list its block types ({type(error).__name__})"
        )


def _blocks(client: SyncPrefectClient) -> Finding:
    from prefect.exceptions import ObjectNotFound

    missing = []
    for slug in _BLOCKS:
        try:
            client.read_block_type_by_slug(slug)
        except ObjectNotFound:
            missing.append(slug)
    if missing:
        return Finding(
            State.ABSENT,
            "Prefect blocks",
            f"{', '.join(missing)} not known to the server; prefect block register -m flows.blocks",
        )
    return Finding(State.GOOD, "Prefect blocks", f"{', '.join(_BLOCKS)} are known to the server")


def _deployments(client: SyncPrefectClient) -> Iterator[Finding]:
    ours = [one for one in _all_deployments(client) if (one.entrypoint or "").startswith("flows.")]
    hidden = False
    for deployment in ours:
        taken = [(place, namesakes(Path(place))) for place in _beginnings(deployment)]
        for place, names in taken:
            if names and "flows.engine" not in str(deployment.job_variables.get("command")):
                hidden = True
                yield Finding(
                    State.BAD,
                    f"Deployment {deployment.name}",
                    f"its runs begin in {place}, where {' and '.join(names)} are not ours: deploy it with "
                    f"`pull: []`, or give it the job variable command: {SAFE_COMMAND}",
                )
    if ours and not hidden:
        yield Finding(State.GOOD, "Prefect deployments", ", ".join(sorted(str(one.name) for one in ours)))


def _all_deployments(client: SyncPrefectClient) -> Iterator[DeploymentResponse]:
    offset = 0
    while page := client.read_deployments(limit=_PAGE, offset=offset):
        yield from page
        offset += len(page)


def _beginnings(deployment: DeploymentResponse) -> Iterator[str]:
    """Folders in which its runs begin, as far as the deployment says it: as they are on this machine."""
    working = deployment.job_variables.get("working_dir")
    if working:
        yield str(working)
    for step in deployment.pull_steps or ():
        for name, options in step.items():
            if name.endswith("set_working_directory") and isinstance(options, Mapping):
                yield str(options.get("directory"))
