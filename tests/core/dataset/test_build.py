"""From 60 clips with duplicates, two annotators and a scorer to a folder."""

from __future__ import annotations

import json
import shutil
from collections import Counter, defaultdict
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from motionsight_core.dataset import build as building
from motionsight_core.dataset import folder as folders
from motionsight_core.dataset.rows import read_rows
from motionsight_core.errors import NoWarehouse, RunError, UsageError
from motionsight_core.preference import ChoiceLog
from motionsight_core.settings import Settings
from motionsight_core.warehouse import Warehouse, open_warehouse
from tests.core.dataset.rows import CopiedMedia, build, files_in, fill, settings
from tests.core.warehouse.rows import Stage, record


def rows_of(folder: Path, name: str) -> list[dict[str, Any]]:
    return pq.read_table(folder / f"{name}.parquet").to_pylist()


def test_every_row_is_in_the_data_set_or_left_out_once_with_a_reason(data: Path) -> None:
    keys = [(row["clip_id"], row["recipe"]) for row in rows_of(data, "clips") + rows_of(data, "dropped")]
    assert len(keys) == len(set(keys)) == 120
    assert all(row["reason"].endswith(".") for row in rows_of(data, "dropped"))
    assert {row["stage"] for row in rows_of(data, "dropped")} == {"licence", "select", "duplicate", "grade"}


def test_every_clip_is_of_the_one_grade_that_its_score_says(data: Path) -> None:
    limits = {"object": 0.6, "camera": 0.7}
    ours = [row for row in rows_of(data, "clips") if row["recipe"] == "r1"]
    seen = Counter()
    for row in ours:
        for aspect, high in limits.items():
            score, grade = row[f"score_{aspect}"], row[f"grade_{aspect}"]
            expected = (
                "ungraded"
                if score is None
                else "low"
                if score < 0.3
                else "high"
                if score > high
                else "standard"
            )
            assert grade == expected
            seen[grade] += 1
    assert set(seen) == {"high", "standard", "low", "ungraded"}


def test_near_duplicates_are_left_out_and_no_two_splits_share_a_cluster(
    data: Path, filled: Warehouse, tmp_path: Path
) -> None:
    duplicates = [row for row in rows_of(data, "dropped") if row["stage"] == "duplicate"]
    names = {Path(row["uri"]).stem for row in duplicates}
    # 07 and its like have no score, 12 and 13 are not selected; of every cluster one clip stays.
    assert names == {f"{number}" for number in (*range(40, 59),)} - {"59"}
    build(filled, tmp_path / "all", settings(duplicates="keep"))
    splits = defaultdict(set)
    for row in rows_of(tmp_path / "all", "clips"):
        splits[row["cluster"]].add(row["split"])
    assert all(len(found) == 1 for found in splits.values())
    assert {split for found in splits.values() for split in found} == {"train", "validation", "test"}
    sizes = Counter(row["cluster"] for row in rows_of(tmp_path / "all", "clips") if row["recipe"] == "r1")
    assert max(sizes.values()) == 3


def test_low_descriptions_are_asked_about_by_nobody(data: Path) -> None:
    low = {
        (row["clip_id"], aspect)
        for row in rows_of(data, "clips")
        for aspect in ("object", "camera")
        if row[f"grade_{aspect}"] == "low"
    }
    assert low
    assert not low & {(row["clip_id"], row["aspect"]) for row in rows_of(data, "sft")}
    assert not {clip for clip, _ in low} & {
        row["clip_id"] for row in rows_of(data, "sft") if row["aspect"] == "mixed"
    }


def test_pairs_are_of_the_highest_grade_and_say_different_things(data: Path) -> None:
    grades = {row["clip_id"]: row for row in rows_of(data, "clips")}
    pairs = rows_of(data, "pairs")
    assert pairs
    for pair in pairs:
        assert grades[pair["clip_id"]][f"grade_{pair['aspect']}"] == "high"
        assert (pair["recipe_a"], pair["recipe_b"]) == ("r1", "r2")
        assert pair["text_a"] != pair["text_b"]
    # Both annotators say the same of the camera.
    assert {pair["aspect"] for pair in pairs} == {"object"}
    paired = {(pair["clip_id"], pair["aspect"]) for pair in pairs}
    assert not paired & {(row["clip_id"], row["aspect"]) for row in rows_of(data, "sft")}


def test_people_decide_what_is_rejected(data: Path) -> None:
    pairs = rows_of(data, "pairs")
    preferences = {row["pair_id"]: row for row in rows_of(data, "preferences")}
    for number, pair in enumerate(pairs):
        found = preferences[pair["pair_id"]]
        ours_chosen = number % 3 != 1
        expected = (pair["text_a"], pair["text_b"])
        assert (found["chosen"], found["rejected"]) == (expected if ours_chosen else expected[::-1])
        assert found["votes"] == 3
        # Of three: all for a; two for b and one for a; one for a and two who find them equal.
        assert found["agreement"] == pytest.approx((1, 2 / 3, 1 / 3)[number % 3])


def test_every_row_says_where_it_is_from(data: Path) -> None:
    for name in ("sft", "pairs", "preferences", "instances"):
        for row in rows_of(data, name):
            assert row["uri"].startswith("/clips/")
            assert (row["version"], row["source"], row["licence"]) == ("1-1", "films", "CC-BY-4.0")
            assert row["end_s"] > row["start_s"]
            assert row["media"] == f"media/{row['clip_id']}.mp4"
            assert (data / row["media"]).read_bytes().decode() == row["uri"]
            assert row["split"] in ("train", "validation", "test")


def test_only_checked_instances_of_selected_clips_are_in_it(data: Path) -> None:
    selected = {row["clip_id"] for row in rows_of(data, "clips")}
    instances = rows_of(data, "instances")
    assert {row["clip_id"] for row in instances} <= selected
    assert all(int(Path(row["uri"]).stem) % 2 == 0 for row in instances)


def test_a_rebuild_gives_the_same_bytes_whatever_was_there(
    data: Path, filled: Warehouse, tmp_path: Path
) -> None:
    build(filled, tmp_path / "other", settings(seed=5, duplicates="keep"))
    assert files_in(tmp_path / "other") != files_in(data)
    media = CopiedMedia()
    build(filled, tmp_path / "other", media=media)
    assert files_in(tmp_path / "other") == files_in(data)
    assert media.written == []


class _Killed(BaseException):
    pass


@pytest.mark.parametrize("every", [5, pytest.param(1, marks=pytest.mark.long)])
def test_killed_at_any_moment_and_run_again_it_is_the_same(
    data: Path, filled: Warehouse, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, every: int
) -> None:
    replace = folders.os.replace
    left = [0]
    rows = read_rows(filled)
    monkeypatch.setattr(building, "read_rows", lambda warehouse, where: rows)
    build(filled, tmp_path / "earlier", settings(seed=1))

    def killing(source: Path, target: Path) -> None:
        left[0] -= 1
        if left[0] == 0:
            raise _Killed
        replace(source, target)
        if left[0] == 1:  # the next time, just after this file
            left[0] = 0
            raise _Killed

    kills = 0
    for moment in range(1, 100, every):
        folder = tmp_path / f"{moment}"
        if moment % 2:  # over an earlier data set
            shutil.copytree(tmp_path / "earlier", folder)
        left[0] = moment
        with monkeypatch.context() as patched:
            patched.setattr(folders.os, "replace", killing)
            try:
                build(filled, folder)
            except _Killed:
                kills += 1
            else:
                break
        build(filled, folder)
        assert files_in(folder) == files_in(data), moment
    assert kills >= 15 // every


def test_media_that_cannot_be_written_are_a_row_with_the_reason(filled: Warehouse, tmp_path: Path) -> None:
    built = build(filled, tmp_path / "set", media=CopiedMedia(refused=["/clips/03.mp4"]))
    (left_out, _) = [row for row in rows_of(built.folder, "dropped") if row["stage"] == "media"]
    assert left_out["uri"] == "/clips/03.mp4"
    assert left_out["reason"] == "Truncated: The file ends early."
    assert not [row for row in rows_of(built.folder, "sft") if row["uri"] == "/clips/03.mp4"]


def test_research_only_clips_come_when_asked_for(filled: Warehouse, tmp_path: Path) -> None:
    built = build(filled, tmp_path / "set", settings(research_only=True))
    lab = [row for row in rows_of(built.folder, "clips") if row["source"] == "lab"]
    assert {row["uri"] for row in lab} == {"/clips/private/19.mp4", "/clips/private/39.mp4"}
    assert "research only" in (built.folder / "README.md").read_text()


def test_without_scores_everything_is_ungraded_and_the_card_says_so_first(tmp_path: Path) -> None:
    warehouse = open_warehouse(f"duckdb:{tmp_path / 'motion.duckdb'}")
    Stage(warehouse).commit(record("a.mp4"), record("b.mp4"))
    built = build(warehouse, tmp_path / "set", Settings())
    card = (built.folder / "README.md").read_text()
    first = card.partition("# Motion data set")[2][:700]
    assert "Nothing was scored" in first
    assert "No fingerprints" in first
    assert {row["grade"] for row in rows_of(built.folder, "sft")} == {"ungraded"}
    assert rows_of(built.folder, "pairs") == []


def test_the_card_counts_what_is_there(data: Path) -> None:
    card = (data / "README.md").read_text()
    clips = {row["clip_id"]: row for row in rows_of(data, "clips")}
    questions, pairs = rows_of(data, "sft"), rows_of(data, "pairs")
    assert f"{len(clips)} clips, {len(questions)} questions, {len(pairs)} pairs" in card
    for split in ("train", "validation", "test"):
        of_split = sum(row["split"] == split for row in clips.values())
        assert f"| {split} | {of_split} |" in card
    for stage, count in Counter(row["stage"] for row in rows_of(data, "dropped")).items():
        assert f"| {stage} | {count} |" in card
    assert "| films |" in card
    assert "CC-BY-4.0" in card


def test_a_condition_may_ask_other_tables_and_files(filled: Warehouse, tmp_path: Path) -> None:
    import pyarrow as pa

    some = read_rows(filled).motion[:5]
    pq.write_table(pa.table({"clip_id": [row.clip_id for row in some]}), tmp_path / "mine.parquet")
    mine = f"(SELECT clip_id FROM read_parquet('{tmp_path}/mine.parquet'))"  # noqa: S608
    chosen = f"clip_id IN {mine} AND recipe = 'r1' -- mine"
    assert {row.clip_id for row in read_rows(filled, chosen).motion} == {row.clip_id for row in some}
    with pytest.raises(UsageError, match="The query failed"):
        build(filled, tmp_path / "set", where="no such thing")


def test_a_folder_with_other_files_is_left_alone(filled: Warehouse, tmp_path: Path) -> None:
    (tmp_path / "README.md").write_text("mine")
    with pytest.raises(UsageError, match=r"such as README\.md; name a new or empty folder"):
        build(filled, tmp_path)
    assert (tmp_path / "README.md").read_text() == "mine"


def test_what_a_killed_build_left_unfinished_is_removed(
    data: Path, filled: Warehouse, tmp_path: Path
) -> None:
    shutil.copytree(data, tmp_path / "set")
    for name in ("instances.parquet.part", "media/.clip.mp4.0.part", "views/dpo/test.json.part"):
        (tmp_path / "set" / name).write_text("half")
    build(filled, tmp_path / "set")
    assert files_in(tmp_path / "set") == files_in(data)


def test_choices_in_the_folder_outlive_a_rebuild(filled: Warehouse, tmp_path: Path) -> None:
    build(filled, tmp_path / "set")
    (tmp_path / "set" / "choices").mkdir()
    (tmp_path / "set" / "choices" / "ann.jsonl").write_text("")
    build(filled, tmp_path / "set")
    assert (tmp_path / "set" / "choices" / "ann.jsonl").exists()


def test_choices_in_the_folder_count_before_they_are_imported_and_once_after(
    data: Path, filled: Warehouse, tmp_path: Path
) -> None:
    built = build(filled, tmp_path / "set")
    pair = built.data.pairs[0]  # a by three of three, in the warehouse
    with ChoiceLog(built.folder) as log:
        for person in ("ann", "ben", "dan"):
            log.add(pair.pair_id, person, pair.aspect, left_side="a", choice="b", seconds=1.0)
    preferences = {row["pair_id"]: row for row in rows_of(build(filled, built.folder).folder, "preferences")}
    found = preferences.pop(pair.pair_id)
    assert (found["chosen"], found["rejected"]) == (pair.b.text, pair.a.text)
    assert (found["votes"], found["agreement"]) == (4, 3 / 4)  # ann and ben think better of it
    before = {row["pair_id"]: row for row in rows_of(data, "preferences")}
    assert preferences == {pair_id: row for pair_id, row in before.items() if pair_id != pair.pair_id}


def test_two_builds_do_not_write_one_folder_at_once(filled: Warehouse, tmp_path: Path) -> None:
    def meanwhile(clips: Any, folder: Path, chosen: Settings) -> dict[str, str]:
        with pytest.raises(UsageError, match="Another process builds"):
            build(filled, folder)
        return {}

    built = build(filled, tmp_path / "set", media=meanwhile)
    assert built.data.clips


def test_a_folder_that_cannot_be_written_is_said(filled: Warehouse, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(RunError, match="The data set cannot be written to"):
        build(filled, tmp_path / "file" / "set")


def test_there_must_be_a_warehouse(tmp_path: Path) -> None:
    with pytest.raises(NoWarehouse):
        building.build_dataset(f"duckdb:{tmp_path / 'none.duckdb'}", tmp_path / "set", Settings())


@pytest.mark.in_gate("duckdb")
@pytest.mark.parametrize("kind", ["duckdb", "bigquery"])
def test_both_warehouses_give_the_same_rows(
    kind: str, request: pytest.FixtureRequest, filled: Warehouse, tmp_path: Path
) -> None:
    if kind == "duckdb":
        url = f"duckdb:{tmp_path / 'motion.duckdb'}"
    else:
        url = request.getfixturevalue("empty_dataset")
    warehouse = open_warehouse(url)
    fill(warehouse)
    found, expected = read_rows(warehouse), read_rows(filled)
    assert found.motion == expected.motion
    assert found.scores == expected.scores
    assert found.fingerprints == expected.fingerprints
    assert found.instances == expected.instances


def test_a_warehouse_of_before_there_were_scores_still_builds(tmp_path: Path) -> None:
    import duckdb

    warehouse = open_warehouse(f"duckdb:{tmp_path / 'motion.duckdb'}")
    Stage(warehouse).commit(record("a.mp4"))
    with duckdb.connect(str(tmp_path / "motion.duckdb")) as connection:
        for table in ("scores", "fingerprints", "instances", "preferences"):
            connection.execute(f"DROP TABLE {table}")
    assert len(read_rows(warehouse).motion) == 1


def test_settings_are_kept_with_the_data_set(data: Path) -> None:
    kept = json.loads((data / "dataset.json").read_text())
    assert kept["where"] is None
    assert kept["settings"]["validation"] == 0.2
