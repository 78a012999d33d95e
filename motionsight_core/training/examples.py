"""What a data set's folder gives to train on: rows that name their clips, and the hashes of what was read."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeAlias

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from motionsight_core.dataset.folder import MARKER
from motionsight_core.errors import UsageError, one_line

Stage: TypeAlias = Literal["sft", "dpo"]

#: Columns of a clip: its media in the data set, and its span in the source.
_CLIP = ("media", "uri", "version", "start_s", "end_s", "clip_id")
_TABLES: Mapping[Stage, tuple[str, tuple[str, ...]]] = {
    "sft": ("sft.parquet", ("question", "answer")),
    "dpo": ("preferences.parquet", ("prompt", "chosen", "rejected")),
}


@dataclass(frozen=True, slots=True)
class Examples:
    """The training split of a data set, for one stage."""

    folder: Path
    stage: Stage
    table: pa.Table
    """SFT: question, answer. DPO: question, chosen, rejected. With the columns of the clip."""
    digests: Mapping[str, str]
    """SHA-256 of the files that were read, by name."""

    def __len__(self) -> int:
        return self.table.num_rows


def read_examples(folder: Path, stage: Stage) -> Examples:
    """The rows of a data set's split `train`; validation and test stay unseen.

    Args:
        folder: of a data set with cut clips, or with references to their sources.
        stage: `sft` reads sft.parquet, `dpo` preferences.parquet.

    Raises:
        UsageError: it is no data set, or there is nothing in it to train on.
    """
    if not (folder / MARKER).is_file():
        raise UsageError(f"{folder} is not a data set: `motionsight dataset {folder}` makes one.")
    name, texts = _TABLES[stage]
    if not (folder / name).is_file():
        raise UsageError(_missing(folder, name))
    try:
        table = pq.read_table(folder / name, columns=[*texts, *_CLIP, "split"])
    except (pa.ArrowException, OSError, KeyError) as error:
        raise UsageError(
            f"{folder / name} cannot be read ({one_line(error)}); build the data set again."
        ) from None
    table = table.filter(pc.field("split") == "train").drop_columns(["split"])
    if not table.num_rows:
        raise UsageError(f"{folder / name} has no rows in the split train; build a larger data set.")
    _require_media(folder, table)
    names = ["question" if column == "prompt" else column for column in table.column_names]
    digests = {file: _digest(folder / file) for file in (MARKER, name)}
    return Examples(folder, stage, table.rename_columns(names), digests)


def _missing(folder: Path, name: str) -> str:
    if name == "preferences.parquet":
        return (
            f"{folder} has no preferences, which DPO learns from: let people choose with `motionsight prefer "
            f"{folder}`, then build the data set again."
        )
    return f"{folder} has no {name}: build it again with `motionsight dataset {folder}`."


def _require_media(folder: Path, table: pa.Table) -> None:
    for clip in table.group_by(["media", "uri"]).aggregate([]).to_pylist():
        medium = clip["media"]
        if medium == clip["uri"] or "://" in medium:
            continue
        if not medium.endswith(".mp4"):
            raise UsageError(
                f"The clips of {folder} are folders of frames, and training decodes videos: build the data "
                "set with --media cut."
            )
        if not (folder / medium).is_file():
            raise UsageError(
                f"{folder / medium} is missing: build the data set again with `motionsight dataset {folder}`."
            )


def _digest(file: Path) -> str:
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()
