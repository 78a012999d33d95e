from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.flows.conftest import scenes  # noqa: F401 - a fixture
from tests.plugin.serving import Server, served


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A Prefect server with the pools and the deployments of deploy/prefect.yaml."""
    home = tmp_path_factory.mktemp("prefect")
    with served(home) as running:
        running.deploy()
        yield running


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A folder that a worker runs in."""
    folder = tmp_path / "worker"
    folder.mkdir()
    return folder


@pytest.fixture
def catalog(tmp_path: Path, scenes: Path) -> Path:  # noqa: F811
    """Four rendered videos and one that is none."""
    folder = tmp_path / "catalog"
    shutil.copytree(scenes, folder)
    (folder / "truth.json").unlink()
    (folder / "broken.mp4").write_text("no video")
    return folder
