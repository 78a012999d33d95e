"""A small data set of rendered clips, as `motionsight dataset` writes one, to train tiny models on."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from motionsight_core.clip import FrameSequence
from motionsight_core.dataset.clips import SelectedClip
from motionsight_core.dataset.folder import MARKER
from motionsight_core.dataset.grounding import InstanceQuestion, instance_questions
from motionsight_core.dataset.rows import Instance
from motionsight_core.dataset.tables import INSTANCES, PREFERENCES, SFT
from motionsight_core.settings import DatasetSettings, Settings
from motionsight_core.synthetic import render_catalog
from motionsight_core.training.frames import ClipFrames
from tests.core.dataset.rows import row

QUESTION = "How does the camera move in this video?"
#: Said of the clips in turn: words of the tiny tokenizers.
ANSWERS = (
    "The camera pans left.",
    "The car turns right.",
    "A dog runs across the street.",
    "A man walks towards it.",
    "The camera turns right while a dog runs.",
    "No motion.",
    "The man runs left.",
    "Every object begins to turn.",
)


def write_data(folder: Path, count: int = len(ANSWERS)) -> Path:
    """A data set of `count` clips of one second; each is asked about, and has a pair that people decided.

    The last two pairs are held back, in the split test.
    """
    media = folder / "media"
    media.mkdir(parents=True)
    render_catalog(media, count=count, seed=3, width=96, height=64, fps=12.0, duration_s=1.0)
    files = sorted(media.glob("*.mp4"))
    (folder / MARKER).write_text("{}\n")
    clips = [_clip(file, number) for number, file in enumerate(files)]
    _write(folder / "sft.parquet", SFT, [clip | _question(number) for number, clip in enumerate(clips)])
    pairs = [clip | _pair(number) for number, clip in enumerate(clips)]
    for held_back in pairs[-2:]:
        held_back["split"] = "test"
    _write(folder / "preferences.parquet", PREFERENCES, pairs)
    return folder


def write_instances(folder: Path) -> list[InstanceQuestion]:
    """Add to a data set the three questions about one object of each clip, at two moments of it."""
    asked, rows = [], []
    for number, one in enumerate(pq.read_table(folder / "sft.parquet").to_pylist()):
        left = number / 10
        boxes = array("d", [4.1, left, 0.2, left + 0.2, 0.6, 4.8, left + 0.1, 0.3, left + 0.3, 0.7])
        look, motion = (("a dog", "It runs."), ("a man", "It turns right."))[number % 2]
        known = Instance(one["clip_id"], "r1", 1, look, motion, boxes[0], boxes[5], boxes)
        of = row(clip_id=one["clip_id"], start_s=one["start_s"], end_s=one["end_s"])
        clip = SelectedClip((of,), {}, {}, "films", "", None, one["split"])
        questions = instance_questions([clip], [known], DatasetSettings(boxes=2))
        columns = {name: one[name] for name in _clip(Path(), number)}
        rows += [
            columns | {"task": each.task, "question": each.question, "answer": each.answer}
            for each in questions
        ]
        asked += questions
    _write(folder / "instances.parquet", INSTANCES, rows)
    return asked


def hold_back(folder: Path, file: str, count: int = 1) -> list[dict[str, Any]]:
    """Move the last rows of a data set's table that are to be trained on to the split validation."""
    table = pq.read_table(folder / file)
    rows = table.to_pylist()
    held = [one for one in rows if one["split"] == "train"][-count:]
    for one in held:
        one["split"] = "validation"
    _write(folder / file, table.schema, rows)
    return held


def settings(**training: Any) -> Settings:
    """For tiny models on one CPU."""
    chosen = {
        "learning_rate": 3e-3,
        "vision_learning_rate": 3e-3,
        "batch": 4,
        "batch_per_device": 4,
        "workers": 0,
        "gradient_checkpointing": False,
        "log_every": 1,
        "samples": 0,
    }
    return Settings.model_validate({"training": chosen | training, "runtime": {"device": "cpu"}})


def decoded_once(folder: Path, chosen: Settings) -> Callable[[Mapping[str, Any]], FrameSequence]:
    """The frames of a data set's rows, kept: what is tested is how a model learns."""
    frames, kept = ClipFrames(folder, chosen), {}

    def shown(row: Mapping[str, Any]) -> FrameSequence:
        if row["media"] not in kept:
            kept[row["media"]] = frames(row)
        return kept[row["media"]]

    return shown


def _clip(file: Path, number: int) -> dict[str, Any]:
    return {
        "clip_id": f"{number:032x}",
        "uri": f"/source/{file.name}",
        "version": "1-1",
        "start_s": 4.0,
        "end_s": 5.0,
        "media": f"media/{file.name}",
        "split": "train",
    }


def _question(number: int) -> dict[str, Any]:
    return {"question_id": str(number), "aspect": "camera", "question": QUESTION, "answer": ANSWERS[number]}


def _pair(number: int) -> dict[str, Any]:
    """What people prefer of every clip is that "left" is said."""
    left, right = f"{ANSWERS[number]} Left.", f"{ANSWERS[number]} Right."
    return {"pair_id": str(number), "prompt": QUESTION, "chosen": left, "rejected": right}


def _write(file: Path, schema: pa.Schema, rows: list[dict[str, Any]]) -> None:
    pq.write_table(pa.Table.from_pylist(rows, schema), file)
