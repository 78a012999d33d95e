"""What a data set's folder gives to train on: rows that name their clips, and the hashes of what was read."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
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
_INSTANCES = "instances.parquet"


@dataclass(frozen=True, slots=True)
class Examples:
    """What a data set gives to one stage."""

    folder: Path
    stage: Stage
    table: pa.Table
    """The split train. SFT: question, answer. DPO: question, chosen, rejected. And the clip's columns."""
    validation: pa.Table
    """The split validation, with the same columns; nothing is learned from it."""
    digests: Mapping[str, str]
    """SHA-256 of the files that were read, by name."""

    def __len__(self) -> int:
        return self.table.num_rows


def read_examples(
    folder: Path, stage: Stage, *, instances: bool = False, validation_rows: int = 0
) -> Examples:
    """The rows of a data set's splits `train` and `validation`; test stays unseen.

    Args:
        folder: of a data set with cut clips, or with references to their sources.
        stage: `sft` reads sft.parquet, `dpo` preferences.parquet.
        instances: SFT: read instances.parquet as well.
        validation_rows: at most so many of the split validation, evenly from all of them.

    Raises:
        UsageError: it is no data set, or there is nothing in it to train on.
    """
    if not (folder / MARKER).is_file():
        raise UsageError(f"{folder} is not a data set: `motionsight dataset {folder}` makes one.")
    own, texts = _TABLES[stage]
    names = [own, _INSTANCES] if instances and stage == "sft" else [own]
    whole = pa.concat_tables([_read(folder, name, texts) for name in names])
    table, validation = (whole.filter(pc.field("split") == split) for split in ("train", "validation"))
    if not table.num_rows:
        raise UsageError(f"{folder / own} has no rows in the split train; build a larger data set.")
    validation = evenly(validation, validation_rows)
    _require_media(folder, pa.concat_tables([table, validation]))
    digests = {file: _digest(folder / file) for file in (MARKER, *names)}
    return Examples(folder, stage, _shaped(table), _shaped(validation), digests)


def evenly(table: pa.Table, count: int) -> pa.Table:
    """At most `count` rows, evenly from all of them."""
    kept = min(count, table.num_rows)
    return table.take(pa.array((place * table.num_rows // kept for place in range(kept)), pa.int64()))


def _read(folder: Path, name: str, texts: Sequence[str]) -> pa.Table:
    if not (folder / name).is_file():
        raise UsageError(_missing(folder, name))
    try:
        return pq.read_table(folder / name, columns=[*texts, *_CLIP, "split"])
    except (pa.ArrowException, OSError, KeyError) as error:
        raise UsageError(
            f"{folder / name} cannot be read ({one_line(error)}); build the data set again."
        ) from None


def _shaped(table: pa.Table) -> pa.Table:
    """The columns that training reads."""
    table = table.drop_columns(["split"])
    return table.rename_columns(["question" if name == "prompt" else name for name in table.column_names])


def _missing(folder: Path, name: str) -> str:
    again = f"build it again with `motionsight dataset {folder}`."
    if name == "preferences.parquet":
        return (
            f"{folder} has no preferences, which DPO learns from: let people choose with `motionsight prefer "
            f"{folder}`, then build the data set again."
        )
    if name == _INSTANCES:
        return (
            f"{folder} has no questions about single objects, which training.instances asks for: annotate "
            f"with instances.captions=true, then {again}"
        )
    return f"{folder} has no {name}: {again}"


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
