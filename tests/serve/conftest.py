from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from motionsight_core.synthetic import render_catalog
from tests.core.mllm.scripted import ScriptedEndpoint
from tests.serve.serving import Serving
from tests.warm import WarmCommand


@pytest.fixture(scope="session", autouse=True)
def servers_are_warm(warm_command: WarmCommand) -> None:
    """Servers are forks of a process that has imported what they need: it is started."""


@pytest.fixture(scope="session")
def clips(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with `pan_right.mp4`, whose camera pans right."""
    folder = tmp_path_factory.mktemp("served") / "clips"
    render_catalog(folder, count=1, width=320, height=180, duration_s=2.0)
    assert (folder / "pan_right.mp4").exists()
    return folder


@pytest.fixture(scope="module")
def measured(clips: Path) -> Iterator[Serving]:
    """A server with the measured annotator and the clips."""
    with Serving("--root", str(clips), "--max-seconds", "30", "--max-images", "20") as serving:
        yield serving


def asks(endpoint: ScriptedEndpoint) -> list[str]:
    """Options of a server whose annotator is at the endpoint."""
    settings = (f"annotator={endpoint.settings().annotator}", "endpoint.retries=0", "prompts.object=none")
    return [option for setting in settings for option in ("--set", setting)]
