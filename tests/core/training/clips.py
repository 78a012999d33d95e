"""A small data set of rendered clips, as `motionsight dataset` writes one, to train tiny models on."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from motionsight_core.clip import FrameSequence
from motionsight_core.dataset.folder import MARKER
from motionsight_core.dataset.tables import PREFERENCES, SFT
from motionsight_core.settings import Settings
from motionsight_core.synthetic import render_catalog
from motionsight_core.training.frames import ClipFrames

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


def write_data(
    folder: Path,
    count: int = len(ANSWERS),
    *,
    width: int = 96,
    height: int = 64,
    fps: float = 12.0,
    duration_s: float = 1.0,
) -> Path:
    """A data set of `count` clips; each is asked about, and has a pair that people decided.

    The last two pairs are held back, in the split test.
    """
    media = folder / "media"
    media.mkdir(parents=True)
    render_catalog(media, count=count, seed=3, width=width, height=height, fps=fps, duration_s=duration_s)
    files = sorted(media.glob("*.mp4"))
    (folder / MARKER).write_text("{}\n")
    clips = [_clip(file, number) for number, file in enumerate(files)]
    _write(folder / "sft.parquet", SFT, [clip | _question(number) for number, clip in enumerate(clips)])
    pairs = [clip | _pair(number) for number, clip in enumerate(clips)]
    for held_back in pairs[-2:]:
        held_back["split"] = "test"
    _write(folder / "preferences.parquet", PREFERENCES, pairs)
    return folder


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
