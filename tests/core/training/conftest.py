from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from motionsight_core.training import Trained, train
from tests.core.training.clips import decoded_once, hold_back, settings, write_data


@pytest.fixture(scope="session", autouse=True)
def one_thread() -> None:
    """Tiny models lose time with more, the more so where tests run side by side."""
    import torch  # takes seconds, also where none of these tests are run

    torch.set_num_threads(1)


@pytest.fixture(scope="session")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data set of eight rendered clips; not to be changed."""
    return write_data(tmp_path_factory.mktemp("training") / "data")


@pytest.fixture(scope="session")
def validated_data(data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same with a question and a pair in the split validation; not to be changed."""
    folder = Path(shutil.copytree(data, tmp_path_factory.mktemp("validated") / "data"))
    for file in ("sft.parquet", "preferences.parquet"):
        hold_back(folder, file)
    return folder


@pytest.fixture(scope="session")
def fine_tuned(
    checkpoint: Callable[[str], Path], data: Path, tmp_path_factory: pytest.TempPathFactory
) -> Callable[[str], Trained]:
    """A family's tiny model after SFT on the eight clips, for as long as it takes to know them."""
    done: dict[str, Trained] = {}

    def tuned(family: str) -> Trained:
        if family not in done:
            chosen = settings(
                learning_rate=6e-3, vision_learning_rate=6e-3, max_steps=80, batch=8, batch_per_device=8
            )
            done[family] = train(
                "sft",
                data,
                model=str(checkpoint(family)),
                out=tmp_path_factory.mktemp("sft") / family,
                settings=chosen,
                frames=decoded_once(data, chosen),
            )
        return done[family]

    return tuned
