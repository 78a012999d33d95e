from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Literal
from uuid import UUID

import pytest

from tests.flows.conftest import prefect_api  # noqa: F401 - a fixture
from tests.plugin.serving import Server, worked

#: Runs a deployment to its end; returns the flow run's id.
Run = Callable[..., UUID]


@pytest.fixture(scope="session")
def server(prefect_server: Server) -> Server:
    """The Prefect server with the pools and the deployments of deploy/prefect.yaml."""
    prefect_server.deploy()
    return prefect_server


@pytest.fixture(scope="module")
def worker(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[subprocess.Popen[bytes]]:
    """A worker that the tests of a module share."""
    with worked(server, "motionsight", tmp_path_factory.mktemp("worker")) as running:
        yield running


@pytest.fixture(params=["here", pytest.param("on a worker", marks=pytest.mark.long)])
def run(request: pytest.FixtureRequest, server: Server) -> Run:
    """Runs deployments in this process, or in one that a worker starts for each of them."""
    where: Literal["here", "on a worker"] = request.param
    request.getfixturevalue("prefect_api" if where == "here" else "worker")

    def to_its_end(deployment: str, **parameters: Any) -> UUID:
        started = (server.run_here if where == "here" else server.begin)(deployment, **parameters)
        server.ended(started)
        return started

    return to_its_end


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A folder for what runs write."""
    folder = tmp_path / "place"
    folder.mkdir()
    return folder


@pytest.fixture
def catalog(tmp_path: Path, scenes: Path) -> Path:
    """Four rendered videos and a file that is no video."""
    folder = tmp_path / "catalog"
    shutil.copytree(scenes, folder)
    (folder / "truth.json").unlink()
    (folder / "broken.mp4").write_text("no video")
    return folder
