"""What cannot be trained is refused in one sentence, before anything heavy is loaded."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from motionsight_core.errors import ModelMissing, UsageError
from motionsight_core.training import Stage, run, train
from motionsight_core.training.frames import UnreadableClip
from tests.core.training.clips import settings


@pytest.fixture
def own_data(data: Path, tmp_path: Path) -> Path:
    """A data set to be changed."""
    return Path(shutil.copytree(data, tmp_path / "data"))


@pytest.fixture
def model(checkpoint: Callable[[str], Path]) -> str:
    """A model that could be trained."""
    return str(checkpoint("qwen2_5_vl"))


def refused(
    stage: Stage, data: Path, *, model: str = "model", out: Path | None = None, **training: Any
) -> str:
    with pytest.raises(UsageError) as error:
        train(stage, data, model=model, out=out or data.parent / "out", settings=settings(**training))
    return str(error.value)


def test_a_folder_that_is_no_data_set(tmp_path: Path) -> None:
    assert refused("sft", tmp_path) == (
        f"{tmp_path} is not a data set: `motionsight dataset {tmp_path}` makes one."
    )


def test_a_data_set_of_which_nobody_has_chosen(own_data: Path) -> None:
    (own_data / "preferences.parquet").unlink()

    assert "let people choose with `motionsight prefer" in refused("dpo", own_data)


def test_a_data_set_without_its_clips(own_data: Path) -> None:
    (clip, *_) = sorted((own_data / "media").glob("*.mp4"))
    clip.unlink()

    assert refused("sft", own_data).startswith(f"{clip} is missing: build the data set again")


def test_folders_of_frames_in_a_bucket(own_data: Path) -> None:
    change(own_data, "media", "s3://bucket/set/00")

    assert "--media cut, or without media.root" in refused("sft", own_data)


def test_a_data_set_without_a_training_split(own_data: Path) -> None:
    change(own_data, "split", "test")

    assert "no rows in the split train" in refused("sft", own_data)


def test_sharding_on_a_cpu(data: Path, model: str, tmp_path: Path) -> None:
    assert "training.fsdp needs GPUs" in refused("sft", data, model=model, out=tmp_path / "out", fsdp=True)


def test_a_batch_that_devices_cannot_make(data: Path, model: str, tmp_path: Path) -> None:
    said = refused("sft", data, model=model, out=tmp_path / "out", batch=6, batch_per_device=4)

    assert said.startswith("training.batch is 6, which is no multiple of the 4 examples")


def test_a_folder_with_other_files(data: Path, model: str, tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("")

    assert "holds files that are no training run" in refused("sft", data, model=model, out=tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]


def test_a_folder_with_another_run(data: Path, model: str, tmp_path: Path) -> None:
    run.OutFolder(tmp_path / "out", run._described(run.read_examples(data, "sft"), model, settings())).claim()

    said = refused("sft", data, model=model, out=tmp_path / "out", learning_rate=1.0)

    assert said.startswith(f"{tmp_path / 'out'} holds a run with other training.learning_rate; ")


def test_packages_that_are_not_installed(data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run, "PACKAGES", ("numpy", "no_such_trainer"))

    with pytest.raises(ModelMissing, match=r"\(no_such_trainer\): pip install 'motionsight\[train\]'"):
        train("sft", data, model="model", out=tmp_path / "out", settings=settings())


@pytest.mark.parametrize("workers", [0, pytest.param(1, marks=pytest.mark.long)])
def test_a_clip_that_cannot_be_decoded_is_named_wherever_it_was_to_be(
    workers: int, checkpoint: Callable[[str], Path], own_data: Path, tmp_path: Path
) -> None:
    (clip, *_) = sorted((own_data / "media").glob("*.mp4"))
    clip.write_bytes(b"no video")

    with pytest.raises(UnreadableClip) as error:
        train(
            "sft",
            own_data,
            model=str(checkpoint("qwen2_5_vl")),
            out=tmp_path / "out",
            settings=settings(epochs=1, workers=workers),
        )

    said = str(error.value)
    assert said.startswith(f"media/{clip.name}, the clip {0:032x}, cannot be decoded (NotAVideo: ")
    assert said.endswith("then run this again to go on from the last checkpoint.")
    assert "\n" not in said


@pytest.mark.long
def test_workers_prepare_the_same_batches(
    checkpoint: Callable[[str], Path], data: Path, tmp_path: Path
) -> None:
    losses = [
        train(
            "sft",
            data,
            model=str(checkpoint("qwen2_5_vl")),
            out=tmp_path / str(workers),
            settings=settings(epochs=1, workers=workers),
        ).losses
        for workers in (0, 2)
    ]

    assert losses[0] == losses[1]


def change(data: Path, column: str, value: str) -> None:
    table = pq.read_table(data / "sft.parquet")
    place = table.column_names.index(column)
    pq.write_table(
        table.set_column(place, column, pa.array([value] * len(table), pa.string())), data / "sft.parquet"
    )
