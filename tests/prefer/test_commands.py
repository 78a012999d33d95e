"""`motionsight prefer` without its page: agreement, import, export."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from motionsight_core.preference import ChoiceLog
from motionsight_core.preference.choices import Verdict
from motionsight_core.warehouse import open_warehouse
from tests.flows.conftest import motionsight
from tests.prefer.conftest import Dataset
from tests.prefer.datasets import pair

__all__ = ["motionsight"]

WORDS: dict[str, Verdict] = {"a": "a", "b": "b", "e": "equal", "c": "cannot_tell"}


@pytest.fixture
def chosen(dataset: Dataset) -> Path:
    """Four pairs of which three people have chosen."""
    folder = dataset(*(pair(number) for number in range(4)))
    with ChoiceLog(folder) as log:
        for name, letters in {"Ada": "aabb", "Bo": "abbb", "\x1b[31mCy [bold]": "ceaa"}.items():
            for number, letter in enumerate(letters):
                add(log, number, name, WORDS[letter])
    return folder


def add(log: ChoiceLog, number: int, name: str, choice: Verdict) -> None:
    pair_id = pair(number)["pair_id"]
    log.add(pair_id, name, "object", left_side="a", choice=choice, seconds=1.0)


def rows_of(warehouse: str) -> list[tuple[object, ...]]:
    query = "SELECT pair_id, annotator, choice FROM preferences ORDER BY annotator, chosen_at"
    return open_warehouse(warehouse).query(query).rows


def test_agreement_is_printed_for_each_aspect_and_annotator(motionsight, chosen: Path) -> None:
    done = motionsight("prefer", str(chosen), "--agreement")
    assert done.code == 0, done.err
    lines = [line.split() for line in done.out.splitlines()]
    assert done.out.startswith("object: alpha ")
    assert (
        "from 4 pairs that two annotators or more have rated; 12 choices of 4 of 4 pairs, 3 decided"
        in done.out
    )
    assert ["Ada", "4", "2", "2", "0", "0", "2", "of", "4"] in [words[:9] for words in lines]
    assert ["Ada,", "Bo", "0.533"] in lines
    assert "\x1b" not in done.out
    assert "Cy [bold]" in done.out


def test_choices_are_imported_once_however_often(motionsight, chosen: Path, tmp_path: Path) -> None:
    warehouse = f"duckdb:{tmp_path / 'w.duckdb'}"
    for _ in range(2):
        done = motionsight("prefer", str(chosen), "--import", "--warehouse", warehouse)
        assert (done.code, done.out) == (0, f"12 choices of 3 annotators are in {warehouse}\n")
        assert len(rows_of(warehouse)) == 12
    with ChoiceLog(chosen) as log:
        log.undo("Ada", [pair(3)["pair_id"]])
        add(log, 3, "Ada", "equal")
    assert motionsight("prefer", str(chosen), "--import", "--warehouse", warehouse).code == 0
    rows = rows_of(warehouse)
    assert len(rows) == 12
    assert (pair(3)["pair_id"], "Ada", "equal") in rows


@pytest.mark.parametrize("option", ["--agreement", "--import"])
def test_where_nobody_has_chosen_it_is_said(motionsight, dataset: Dataset, option: str) -> None:
    done = motionsight("prefer", str(dataset()), option)
    assert done.code == 2
    assert done.err.startswith("motionsight: Nobody has chosen of the pairs of ")


def test_pairs_are_exported_for_potato_with_their_sides(motionsight, dataset: Dataset) -> None:
    """`potato validate` of Potato 2.12 takes the configuration."""
    folder = dataset(*(pair(number) for number in range(20)))
    done = motionsight("prefer", str(folder), "--export", "potato")
    assert done.code == 0, done.err
    config = json.loads((folder / "potato" / "config.yaml").read_text())
    lines = (folder / "potato" / config["data_files"][0]).read_text().splitlines()
    items = {item["id"]: item for item in map(json.loads, lines)}
    assert len(items) == 20
    for row in map(pair, range(20)):
        item = items[row["pair_id"]]
        texts = [row["text_a"], row["text_b"]]
        assert item["descriptions"] == (texts if item["left_side"] == "a" else texts[::-1])
        clip = item["video"].removeprefix("/media/")
        assert (folder / "potato" / config["media_directory"] / clip).is_file()
    assert {item["left_side"] for item in items.values()} == {"a", "b"}
    scheme = config["annotation_schemes"][0]
    for item in items.values():
        assert {scheme["items_key"], config["item_properties"]["text_key"], "video"} <= set(item)


def test_two_things_at_once_are_refused(motionsight, dataset: Dataset) -> None:
    done = motionsight("prefer", str(dataset()), "--agreement", "--export", "potato")
    assert (done.code, done.err) == (2, "motionsight: Give --agreement or --export, not both.\n")
