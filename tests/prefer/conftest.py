from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from motionsight_core.synthetic import render_catalog
from tests.prefer.datasets import pair, write_dataset
from tests.report.conftest import browser
from tests.warm import WarmCommand

__all__ = ["browser"]

Dataset = Callable[..., Path]

CLIP_S = 0.6


@pytest.fixture(scope="session", autouse=True)
def servers_are_warm(warm_command: WarmCommand) -> None:
    """Servers are forks of a process that has imported what they need: it is started."""


@pytest.fixture(scope="session")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A clip of `CLIP_S`: watching it takes as long."""
    folder = tmp_path_factory.mktemp("preferred")
    render_catalog(folder, count=1, width=240, height=136, duration_s=CLIP_S)
    return next(folder.glob("*.mp4"))


@pytest.fixture
def dataset(tmp_path: Path, clip: Path) -> Dataset:
    """Makes a data set of these pairs, or of two."""

    def make(*pairs: dict[str, Any]) -> Path:
        return write_dataset(tmp_path / "dataset", pairs or (pair(1), pair(2, "camera")), clip)

    return make
