"""Data sets for people to choose from: pairs written by hand, and clips of a second."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

TRUE, FALSE = "The ball rolls to the right.", "The ball jumps up and down."


def pair(number: int, aspect: str = "object", **changes: Any) -> dict[str, Any]:
    """A row of `pairs.parquet`; a describes the clip rightly, b does not."""
    clip_id = hashlib.sha256(str(number).encode()).hexdigest()[:32]
    pair_id = hashlib.sha256(f"{clip_id}\0{aspect}\0r1\0r2".encode()).hexdigest()[:16]
    return {
        "pair_id": pair_id,
        "clip_id": clip_id,
        "aspect": aspect,
        "split": "train",
        "media": f"media/{clip_id}.mp4",
        "recipe_a": "r1",
        "annotator_a": "secret-model-one",
        "text_a": f"{TRUE} ({number})",
        "recipe_b": "r2",
        "annotator_b": "secret-model-two",
        "text_b": f"{FALSE} ({number})",
        "score_a": 0.9,
        "score_b": 0.4,
    } | changes


def write_dataset(folder: Path, pairs: Iterable[Mapping[str, Any]], clip: Path) -> Path:
    """A data set of these pairs, whose clips are all alike."""
    (folder / "media").mkdir(parents=True)
    rows = [dict(row) for row in pairs]
    pq.write_table(pa.Table.from_pylist(rows), folder / "pairs.parquet")
    for row in rows:
        if row["media"] == f"media/{row['clip_id']}.mp4":
            shutil.copy(clip, folder / row["media"])
    return folder
