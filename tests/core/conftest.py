"""Tiny checkpoints in the forms in which weights are published, written when they are first asked for."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """The directory of a family's checkpoint, written when it is first asked for."""
    from tests.checkpoints import mllm

    write = {
        "qwen2_5_vl": mllm.tiny_qwen2_5_vl,
        "qwen3_vl": mllm.tiny_qwen3_vl,
        "internvl": mllm.tiny_internvl,
        "llava": mllm.tiny_llava,
    }
    written: dict[str, Path] = {}

    def directory(family: str) -> Path:
        if family not in written:
            written[family] = write[family](tmp_path_factory.mktemp(family))
        return written[family]

    return directory


@pytest.fixture(scope="session")
def sam3_video(tmp_path_factory: pytest.TempPathFactory) -> str:
    """What `referring.detector` and `referring.tracker` say to load SAM 3."""
    from tests.checkpoints.sam3 import transformers_sam3_video

    return transformers_sam3_video(tmp_path_factory.mktemp("sam3") / "video")


@pytest.fixture(scope="session")
def detectors(tmp_path_factory: pytest.TempPathFactory, sam3_video: str) -> dict[str, str]:
    """What `referring.detector` says to load each detector."""
    from tests.checkpoints.grounding_dino import original_grounding_dino, transformers_grounding_dino
    from tests.checkpoints.open_vocabulary import transformers_omdet, transformers_owl

    directory = tmp_path_factory.mktemp("grounding_dino")
    original = original_grounding_dino(directory / "original")
    converted = transformers_grounding_dino(directory / "transformers", _checkpoint(original))
    others = tmp_path_factory.mktemp("open_vocabulary")
    return {
        "measured": "measured",
        "groundingdino": original,
        "transformers": converted,
        "owlvit": transformers_owl(others / "owlvit", version=1),
        "owlv2": transformers_owl(others / "owlv2", version=2),
        "omdet-turbo": transformers_omdet(others / "omdet"),
        "sam3_video": sam3_video,
    }


@pytest.fixture(scope="session")
def trackers(tmp_path_factory: pytest.TempPathFactory, sam3_video: str) -> dict[str, str]:
    """What `referring.tracker` says to load each tracker."""
    from tests.checkpoints.sam2 import original_sam2, transformers_sam2

    directory = tmp_path_factory.mktemp("sam2")
    original = original_sam2(directory / "original")
    converted = transformers_sam2(directory / "transformers", _checkpoint(original))
    return {"measured": "measured", "sam2": original, "transformers": converted, "sam3_video": sam3_video}


@pytest.fixture
def small_pictures(monkeypatch: pytest.MonkeyPatch) -> None:
    """The authors' GroundingDINO sees pictures of a tenth of its size, as the other form's does."""
    from motionsight_core.referring import _groundingdino_py
    from tests.checkpoints.grounding_dino import LONGER_SIDE, SHORTER_SIDE

    monkeypatch.setattr(_groundingdino_py, "SHORTER_SIDE", SHORTER_SIDE)
    monkeypatch.setattr(_groundingdino_py, "LONGER_SIDE", LONGER_SIDE)


def _checkpoint(text: str) -> Path:
    return Path(text.partition(":")[2].partition("#")[0])
