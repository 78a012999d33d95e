"""The files of FAVOR-Bench's caption protocol."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import pytest

from motionsight_core.errors import UsageError
from motionsight_core.evaluation.favor_captions import captions, read_gold

GOLD = {
    "91YZH": {
        "caption": "Camera shakes, the man walks forward.",
        "camera_motion": "Camera shakes, tilts downward",
        "num_subjects": "Single subject",
        "subject_attributes": "Subject 1: Man [plaid shirt]",
        "motion_list": "Subject 1: Man [Walks forward]",
        "chronological_motion_list": "Walks forward (Subject 1)",
    },
    "26k-11-2-3|P1|3561|3966": {"caption": "The right hand turns off the faucet.", "camera_motion": ""},
}


@dataclass(frozen=True)
class Row:
    uri: str
    object_motion: str = "The man walks."
    camera_motion: str = "The camera  is\nstatic."


def test_gold_captions_are_read_by_video(tmp_path: Path) -> None:
    path = tmp_path / "FAVOR_gt_annotations.json"
    path.write_text("\ufeff" + json.dumps(GOLD), encoding="utf-8")
    gold = read_gold(path)
    assert list(gold) == list(GOLD)
    assert gold["91YZH"].camera_motion == "Camera shakes, tilts downward"
    assert gold["91YZH"].chronological_motion_list == "Walks forward (Subject 1)"


def test_descriptions_are_written_as_the_first_step_reads_them(tmp_path: Path) -> None:
    path = tmp_path / "gold.json"
    path.write_text(json.dumps(GOLD), encoding="utf-8")
    written = captions([Row("gs://bucket/favor/91YZH.mp4"), Row("/clips/other.mp4")], read_gold(path))
    assert json.loads(written.content) == [{"91YZH": "The camera is static. The man walks."}]
    assert written.missing == ("26k-11-2-3|P1|3561|3966",)
    assert written.unknown == ("/clips/other.mp4",)


def test_a_file_that_holds_no_gold_captions_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "gold.json"
    with pytest.raises(UsageError, match="There is no file"):
        read_gold(path)
    for content, match in (
        ("[]", "not a JSON object"),
        ("{", "not JSON"),
        ('{"91YZH": 3}', "Of the video '91YZH': It is a number, not a JSON object"),
    ):
        path.write_text(content, encoding="utf-8")
        with pytest.raises(UsageError, match=match):
            read_gold(path)
