from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.plugin.serving import Server


@pytest.fixture(scope="session")
def server(prefect_server: Server) -> Server:
    """The Prefect server with the pools and the deployments of deploy/prefect.yaml."""
    prefect_server.deploy()
    return prefect_server


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A folder that a worker runs in."""
    folder = tmp_path / "worker"
    folder.mkdir()
    return folder


@pytest.fixture
def catalog(tmp_path: Path, scenes: Path) -> Path:
    """Four rendered videos and one that is none."""
    folder = tmp_path / "catalog"
    shutil.copytree(scenes, folder)
    (folder / "truth.json").unlink()
    (folder / "broken.mp4").write_text("no video")
    return folder
