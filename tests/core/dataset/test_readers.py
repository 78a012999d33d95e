"""What others read: Hugging Face datasets, the Croissant validator, and the forms of trainers."""

from __future__ import annotations

import importlib
import json
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from motionsight_core.warehouse import Warehouse
from tests.core.dataset.rows import build, settings

#: Its answers depend on the form of the file, which its types do not say.
datasets: Any = importlib.import_module("datasets")
SPLITS = ("train", "validation", "test")


@pytest.fixture
def offline(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(datasets.config, "HF_HUB_OFFLINE", True)
    monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", tmp_path / "cache")


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def table(data: Path, name: str) -> dict[str, dict[str, Any]]:
    key = {"sft": "question_id", "preferences": "pair_id", "instances": "question_id"}[name]
    return {row[key]: row for row in pq.read_table(data / f"{name}.parquet").to_pylist()}


@pytest.mark.usefixtures("offline")
def test_datasets_loads_questions_and_preferences_by_split(data: Path) -> None:
    sft = datasets.load_dataset(str(data), "sft")
    assert set(sft) == set(SPLITS)
    found = {row["id"]: row for split in SPLITS for row in sft[split]}
    expected = table(data, "sft")
    assert found.keys() == expected.keys()
    for question_id, row in found.items():
        assert row["conversations"][1]["value"] == expected[question_id]["answer"]
        assert (data / row["video"]).exists()
    instances = datasets.load_dataset(str(data), "instances")
    asked = {row["id"]: row["conversations"][1]["value"] for split in instances for row in instances[split]}
    assert asked == {key: row["answer"] for key, row in table(data, "instances").items()}
    preferences = datasets.load_dataset(str(data), "preferences")
    chosen = {row["id"]: row["chosen"] for split in preferences for row in preferences[split]}
    assert chosen == {pair: row["chosen"] for pair, row in table(data, "preferences").items()}


@pytest.mark.usefixtures("offline")
@pytest.mark.parametrize("name", ["clips", "sft", "pairs", "preferences", "instances", "dropped"])
def test_datasets_loads_every_table(data: Path, name: str) -> None:
    loaded = datasets.load_dataset("parquet", data_files=str(data / f"{name}.parquet"), split="train")
    assert loaded.num_rows == pq.read_metadata(data / f"{name}.parquet").num_rows


@pytest.mark.usefixtures("offline")
def test_the_media_are_a_folder_of_videos(data: Path) -> None:
    features = datasets.load_dataset_builder("videofolder", data_dir=str(data / "media")).info.features
    loaded = datasets.load_dataset("videofolder", data_dir=str(data / "media"), split="train")
    loaded = loaded.cast_column("video", datasets.Video(decode=False))
    assert features is None or "video" in features
    expected = {row["clip_id"] for row in pq.read_table(data / "clips.parquet").to_pylist()}
    assert {row["clip_id"] for row in loaded} == expected
    assert all(Path(row["video"]["path"]).stem == row["clip_id"] for row in loaded)


def test_the_croissant_validator_accepts_the_description_and_reads_the_rows(data: Path) -> None:
    import mlcroissant

    described = mlcroissant.Dataset(jsonld=str(data / "croissant.json"))
    assert not described.metadata.ctx.issues.errors
    assert not described.metadata.ctx.issues.warnings
    found = {row["sft/question_id"].decode() for row in described.records("sft")}
    assert found == set(table(data, "sft"))


def test_llava_files_are_one_array_of_conversations(data: Path) -> None:
    expected = table(data, "sft")
    for split in SPLITS:
        items = json.loads((data / f"views/llava/{split}.json").read_text())
        for item in items:
            row = expected[item["id"]]
            assert row["split"] == split
            assert item["conversations"] == [
                {"from": "human", "value": f"<video>\n{row['question']}"},
                {"from": "gpt", "value": row["answer"]},
            ]
            assert item["video"] == row["media"]
            assert item["recipe"] == row["recipe"]


def test_ms_swift_files_have_the_rejected_answer_where_it_looks(data: Path) -> None:
    expected = table(data, "preferences")
    seen = set()
    for split in SPLITS:
        path = data / f"views/ms-swift/dpo_{split}.jsonl"
        for item in lines(path) if path.exists() else []:
            row = expected[item["id"]]
            asked, answered = item["messages"]
            assert asked == {"role": "user", "content": f"<video>\n{row['prompt']}"}
            assert answered == {"role": "assistant", "content": row["chosen"]}
            assert item["rejected_response"] == row["rejected"]
            assert item["videos"] == [row["media"]]
            seen.add(item["id"])
    assert seen == set(expected)


def test_llama_factory_finds_the_files_that_its_registry_names(data: Path) -> None:
    registry = data / "views/llama-factory/dataset_info.json"
    known = json.loads(registry.read_text())
    assert {f"motionsight_sft_{split}" for split in SPLITS} <= set(known)
    assert any(name.startswith("motionsight_dpo_") for name in known)
    for described in known.values():
        (first, *_) = json.loads((registry.parent / described["file_name"]).read_text())
        assert set(described["columns"].values()) <= set(first)


def test_frames_are_lists_of_pictures_for_trl(filled: Warehouse, tmp_path: Path) -> None:
    data = tmp_path / "set"
    build(filled, data, settings(media="frames"))
    assert {path.name for path in (data / "views").iterdir()} == {"trl"}
    expected = table(data, "preferences")
    for item in lines(data / "views/trl/dpo_train.jsonl"):
        row = expected[item["id"]]
        assert item["chosen"] == [{"role": "assistant", "content": row["chosen"]}]
        assert item["rejected"] == [{"role": "assistant", "content": row["rejected"]}]
        assert item["images"] == [f"{row['media']}/frame_{number:04d}.jpg" for number in range(2)]
        assert all((data / image).exists() for image in item["images"])
    (first, *_) = lines(data / "views/trl/sft_train.jsonl")
    assert [message["role"] for message in first["prompt"] + first["completion"]] == ["user", "assistant"]


@pytest.mark.usefixtures("offline")
@pytest.mark.parametrize(
    ("view", "table_name", "answers"),
    [
        ("sft", "sft", {"completion": "answer"}),
        ("dpo", "preferences", {"chosen": "chosen", "rejected": "rejected"}),
    ],
)
def test_datasets_loads_the_views_for_trl_with_their_pictures(
    filled: Warehouse,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    view: str,
    table_name: str,
    answers: dict[str, str],
) -> None:
    """trl 1.16 takes what is loaded here as `train_dataset`: lists of messages, and of pictures."""
    data = tmp_path / "set"
    build(filled, data, settings(media="frames"))
    monkeypatch.chdir(data)  # the paths of pictures are relative to it
    expected = table(data, table_name)
    seen = set()
    for path in sorted((data / "views/trl").glob(f"{view}_*.jsonl")):
        rows = datasets.load_dataset("json", data_files=str(path), split="train")
        rows = rows.cast_column("images", datasets.List(datasets.Image()))
        for row in rows:
            told = expected[row["id"]]
            question = told["question" if view == "sft" else "prompt"]
            assert row["prompt"] == [{"role": "user", "content": question}]
            for column, name in answers.items():
                assert row[column] == [{"role": "assistant", "content": told[name]}]
            assert [picture.size for picture in row["images"]] == [(64, 36), (64, 36)]
            seen.add(row["id"])
    assert seen == set(expected)


def test_a_reference_is_not_handed_to_trainers_that_would_read_past_its_span(
    filled: Warehouse, tmp_path: Path
) -> None:
    data = tmp_path / "set"
    build(filled, data)
    build(filled, data, settings(media="reference"))
    assert not (data / "views").exists()
    assert not (data / "media").exists()
    assert all(row["media"] == row["uri"] for row in table(data, "sft").values())
    assert "no views for trainers" in (data / "README.md").read_text()


def test_hostile_texts_change_no_file_s_structure(tmp_path: Path) -> None:
    from dataclasses import replace

    from motionsight_core.settings import Settings
    from motionsight_core.warehouse import open_warehouse
    from tests.core.warehouse.rows import Stage, record

    text = 'He said "<video>"\n| a | b |\u2028\\ <script>alert(1)</script>'
    warehouse = open_warehouse(f"duckdb:{tmp_path / 'motion.duckdb'}")
    Stage(warehouse).commit(replace(record("a.mp4", text=text), annotator="`|<b>"))
    build(warehouse, tmp_path / "set", Settings())
    (item, *_) = json.loads((tmp_path / "set/views/llava/train.json").read_text())
    assert item["conversations"][1]["value"] == text
    card = (tmp_path / "set/README.md").read_text()
    assert "<b>" not in card
    assert "<script>" not in card
