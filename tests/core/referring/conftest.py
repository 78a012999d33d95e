"""Tiny checkpoints, written once a session; no hub is ever asked."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest


@pytest.fixture(autouse=True)
def without_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """A hub id fails at once, as it does offline."""
    constants = pytest.importorskip("huggingface_hub.constants")
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)


@pytest.fixture(scope="package", autouse=True)
def one_thread() -> Iterator[None]:
    """Models this small only wait for their own threads, most of all beside other test processes."""
    torch = pytest.importorskip("torch")
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture(scope="session")
def detectors(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """What `referring.detector` says to load each detector."""
    from tests.checkpoints.grounding_dino import original_grounding_dino, transformers_grounding_dino

    directory = tmp_path_factory.mktemp("grounding_dino")
    original = original_grounding_dino(directory / "original")
    converted = transformers_grounding_dino(directory / "transformers", _checkpoint(original))
    return {"measured": "measured", "groundingdino": original, "transformers": converted}


@pytest.fixture(scope="session")
def trackers(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """What `referring.tracker` says to load each tracker."""
    from tests.checkpoints.sam2 import original_sam2, transformers_sam2

    directory = tmp_path_factory.mktemp("sam2")
    original = original_sam2(directory / "original")
    converted = transformers_sam2(directory / "transformers", _checkpoint(original))
    return {"measured": "measured", "sam2": original, "transformers": converted}


@pytest.fixture
def small_pictures(monkeypatch: pytest.MonkeyPatch) -> None:
    """The authors' GroundingDINO sees pictures of a tenth of its size, as the other form's does."""
    from motionsight_core.referring import _groundingdino_py
    from tests.checkpoints.grounding_dino import LONGER_SIDE, SHORTER_SIDE

    monkeypatch.setattr(_groundingdino_py, "SHORTER_SIDE", SHORTER_SIDE)
    monkeypatch.setattr(_groundingdino_py, "LONGER_SIDE", LONGER_SIDE)


def _checkpoint(text: str) -> Path:
    return Path(text.partition(":")[2].partition("#")[0])
