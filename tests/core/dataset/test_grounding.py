"""Questions about single objects: three tasks, three notations, drawn by hash and seed."""

from __future__ import annotations

import json
from array import array
from collections import Counter
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from motionsight_core.dataset.clips import SelectedClip
from motionsight_core.dataset.grounding import POOLS, TASKS, InstanceQuestion, instance_questions
from motionsight_core.dataset.rows import Instance, Row, boxes_of
from motionsight_core.settings import DatasetSettings
from motionsight_core.warehouse import Warehouse
from tests.core.dataset.rows import build, row, settings

SPLITS = ("train", "validation", "test")
#: From 1 s to 3 s of a clip from 0.5 s to 4.5 s, from the left to the right.
BOXES = array("d", [1.0, 0.0, 0.5, 0.2, 1.0, 3.0, 0.8, 0.5, 1.0, 1.0])
DOG = Instance("c", "r1", 3, "a brown dog", "It runs in.", 1.0, 3.0, BOXES)


def questions(*instances: Instance, of: Row | None = None, **dataset: Any) -> dict[str, InstanceQuestion]:
    clip_row = of or row(clip_id="c", start_s=0.5, end_s=4.5, width=320, height=180)
    clip = SelectedClip((clip_row,), {}, {}, "films", "", None, "train")
    found = instance_questions(
        [clip], instances or (DOG,), DatasetSettings.model_validate({"boxes": 3} | dataset)
    )
    return {one.task: one for one in found}


def test_relative_times_and_places_are_words_of_300_and_1000_steps() -> None:
    asked = questions()
    # 1 s, 2 s and 3 s are .125, .375 and .625 of the clip.
    assert asked["spatial_grounding"].answer == (
        "<t38>: <p0><p500><p200><p1000>\n"
        "<t112>: <p400><p500><p600><p1000>\n"
        "<t188>: <p800><p500><p1000><p1000>"
    )
    assert "<t38>, <t112>, <t188>" in asked["spatial_grounding"].question
    assert asked["temporal_grounding"].answer == "From <t38> to <t188>."
    described = asked["dynamic_captioning"]
    for part in ("<p400><p500><p600><p1000>", "<t112>", "<t38>", "<t188>"):
        assert part in described.question.partition("\n")[0]
    assert described.answer == "A brown dog. It runs in."
    for task in ("spatial_grounding", "temporal_grounding"):
        assert "A brown dog. It runs in." in asked[task].question
    assert all(
        one.question.endswith("from <p0> to <p1000> of the picture's width or height.")
        for one in asked.values()
    )


@pytest.mark.parametrize(
    ("box_format", "answer"),
    [
        ("pixels", "0.5 s: [0, 90, 64, 180]\n1.5 s: [128, 90, 192, 180]\n2.5 s: [256, 90, 320, 180]"),
        (
            "fractions",
            "0.5 s: [0.000, 0.500, 0.200, 1.000]\n1.5 s: [0.400, 0.500, 0.600, 1.000]\n"
            "2.5 s: [0.800, 0.500, 1.000, 1.000]",
        ),
    ],
)
def test_other_notations_have_seconds_from_the_beginning_of_the_clip(box_format: str, answer: str) -> None:
    asked = questions(box_format=box_format)
    assert asked["spatial_grounding"].answer == answer
    assert asked["temporal_grounding"].answer == "From 0.5 s to 2.5 s."


def test_what_lies_outside_the_clip_or_the_picture_is_brought_into_it() -> None:
    wide = Instance("c", "r1", 1, "a dog", "It runs.", 0.4, 9.0, array("d", [0.4, -0.1, 0.0, 1.2, 1.0]))
    asked = questions(wide)
    assert asked["temporal_grounding"].answer == "From <t0> to <t300>."
    assert set(asked["spatial_grounding"].answer.replace(": ", "\n").splitlines()[1::2]) == {
        "<p0><p0><p1000><p1000>"
    }


def test_an_object_of_one_moment_has_one_box() -> None:
    flash = Instance("c", "r1", 1, "a dog", "It runs.", 1.0, 1.0, array("d", [1.0, 0.1, 0.2, 0.3, 0.4]))
    assert questions(flash)["spatial_grounding"].answer == "<t38>: <p100><p200><p300><p400>"


def test_of_a_long_track_enough_boxes_are_kept_for_any_question() -> None:
    edges = {"y0": 0.0, "x1": 1.0, "y1": 1.0}
    kept = boxes_of([{"t_s": number / 10, "x0": number / 1000, **edges} for number in range(1000)])
    assert len(kept) == 5 * 128
    assert (kept[0], kept[-5]) == (0.0, 99.9)
    assert max(abs(kept[place + 1] - kept[place] / 100) for place in range(0, len(kept), 5)) < 1e-9
    assert boxes_of([{"t_s": 1.0, "x0": 0.5, **edges}]).tolist() == [1.0, 0.5, 0.0, 1.0, 1.0]


def test_the_wording_is_drawn_by_hash_and_seed_and_every_one_is_used() -> None:
    def wordings(seed: int) -> list[tuple[str, str]]:
        rows = [row(f"{number}.mp4") for number in range(120)]
        clips = [SelectedClip((one,), {}, {}, "films", "", None, "train") for one in rows]
        instances = [Instance(one.clip_id, "r1", 1, "a dog", "It runs.", 0.0, 2.0, BOXES) for one in rows]
        return [
            (one.task, one.question)
            for one in instance_questions(clips, instances, DatasetSettings(seed=seed))
        ]

    first = wordings(0)
    assert first == wordings(0) != wordings(1)
    assert Counter(task for task, _ in first) == dict.fromkeys(TASKS, 120)
    for task in TASKS:
        assert len({question for of, question in first if of == task}) == len(POOLS[task])
        assert len(set(POOLS[task])) == len(POOLS[task]) >= 5


def test_captions_put_no_mark_of_a_trainer_s_into_a_text() -> None:
    hostile = Instance("c", "r1", 1, "a <video> {times} dog", "It <image> <t3> runs.", 1.0, 2.0, DOG.boxes)
    for one in questions(hostile).values():
        assert "<video>" not in one.question + one.answer
        assert "<image>" not in one.question + one.answer
        assert "<t3>" not in one.question + one.answer
    assert questions(hostile)["dynamic_captioning"].answer == "A (video) {times} dog. It (image) (t3) runs."


def table(data: Path) -> dict[str, dict[str, Any]]:
    return {one["question_id"]: one for one in pq.read_table(data / "instances.parquet").to_pylist()}


def test_each_checked_object_is_asked_about_in_three_ways_in_the_split_of_its_clip(data: Path) -> None:
    rows = table(data)
    assert rows
    splits = {one["clip_id"]: one["split"] for one in pq.read_table(data / "clips.parquet").to_pylist()}
    tasks = Counter((one["clip_id"], one["recipe"], one["track_id"]) for one in rows.values())
    assert set(tasks.values()) == {3}
    assert {one["task"] for one in rows.values()} == set(TASKS)
    for one in rows.values():
        assert one["split"] == splits[one["clip_id"]]
        assert (one["object_start_s"], one["object_end_s"]) == (0.0, 1.0)
        boxes = json.loads(one["boxes"])
        assert len(boxes) == 8
        assert (boxes[0], boxes[-1]) == ([0.0, 0.1, 0.2, 0.3, 0.4], [1.0, 0.2, 0.2, 0.4, 0.4])


def test_the_views_of_trainers_ask_the_same(data: Path, filled: Warehouse, tmp_path: Path) -> None:
    rows = table(data)
    seen: Counter[str] = Counter()
    for split in SPLITS:
        for item in _array(data / f"views/llava/instances_{split}.json"):
            one = rows[item["id"]]
            assert one["split"] == split
            assert [turn["value"] for turn in item["conversations"]] == [
                f"<video>\n{one['question']}",
                one["answer"],
            ]
            assert (item["video"], item["task"]) == (one["media"], one["task"])
            seen["llava"] += 1
        for item in _lines(data / f"views/ms-swift/instances_{split}.jsonl"):
            one = rows[item["id"]]
            asked, answered = item["messages"]
            assert (asked["content"], answered["content"]) == (f"<video>\n{one['question']}", one["answer"])
            assert item["videos"] == [one["media"]]
            seen["ms-swift"] += 1
    build(filled, tmp_path / "frames", settings(media="frames"))
    for split in SPLITS:
        for item in _lines(tmp_path / f"frames/views/trl/instances_{split}.jsonl"):
            one = rows[item["id"]]
            assert item["prompt"] == [{"role": "user", "content": one["question"]}]
            assert item["completion"] == [{"role": "assistant", "content": one["answer"]}]
            seen["trl"] += 1
    assert set(seen.values()) == {len(rows)}
    assert len(seen) == 3
    registry = json.loads((data / "views/llama-factory/dataset_info.json").read_text())
    assert registry["motionsight_instances_train"]["file_name"] == "../llava/instances_train.json"
    assert "Questions about single objects: " in (data / "README.md").read_text()


def _array(path: Path) -> list[dict[str, Any]]:
    return json.loads(path.read_text()) if path.exists() else []


def _lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []
