"""Pairs of descriptions of one clip, as a data set's `pairs.parquet` holds them."""

from __future__ import annotations

import os
import stat
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TypeAlias

import pyarrow as pa
import pyarrow.parquet as pq

from motionsight_core.errors import UsageError

Aspect: TypeAlias = Literal["object", "camera"]
Side: TypeAlias = Literal["a", "b"]

_FILE = "pairs.parquet"
_COLUMNS = ("pair_id", "clip_id", "aspect", "media", "text_a", "text_b")
_MEDIA = "media"


@dataclass(frozen=True, slots=True)
class Pair:
    """Two descriptions of the same motion of the same clip."""

    pair_id: str
    clip_id: str
    aspect: Aspect
    media: str
    """The clip's file, relative to the data set's folder; one in a bucket is copied or mounted there."""
    text_a: str
    text_b: str

    def text(self, side: Side) -> str:
        """The description of one side of the pair."""
        return self.text_a if side == "a" else self.text_b


def read_pairs(directory: str | Path) -> list[Pair]:
    """The pairs of a data set, in the file's order.

    Raises:
        UsageError: there is no `pairs.parquet`, or it does not hold pairs.
    """
    path = Path(directory) / _FILE
    try:
        table = pq.ParquetFile(path).read(columns=list(_COLUMNS))
    except FileNotFoundError:
        raise UsageError(
            f"There is no {path}; build the data set with `motionsight dataset {directory}`."
        ) from None
    except (OSError, pa.ArrowException) as error:
        raise UsageError(
            f"{path} cannot be read as pairs: {str(error).splitlines()[0]}; build the data set again."
        ) from None
    missing = [name for name in _COLUMNS if name not in table.column_names]
    if missing:
        raise UsageError(f"{path} lacks the column {missing[0]}; build the data set again.")
    pairs = [_pair(path, row) for row in table.to_pylist()]
    if len({pair.pair_id for pair in pairs}) != len(pairs):
        raise UsageError(f"{path} holds a pair_id twice; build the data set again.")
    return pairs


def media_file(directory: str | Path, pair: Pair) -> Path | None:
    """The file of a pair's clip; None where it is no file below the data set's `media` folder.

    Links are followed first, so that neither `..` nor a link leads elsewhere.
    """
    root = os.path.realpath(Path(directory) / _MEDIA)
    try:
        path = os.path.realpath(Path(directory) / pair.media, strict=True)
        is_file = stat.S_ISREG(os.stat(path).st_mode)  # noqa: PTH116 of what the links lead to
    except (OSError, ValueError):
        return None
    return Path(path) if is_file and path.startswith(root + os.sep) else None


def pairs_with_clips(directory: str | Path, pairs: Sequence[Pair]) -> list[Pair]:
    """The pairs whose clip is a file below the data set's `media` folder, in their order.

    Raises:
        UsageError: there is none.
    """
    if not pairs:
        raise UsageError(
            f"{directory} holds no pairs: a pair takes a clip that two recipes describe differently, the "
            "first of them with a score of C_H; annotate, score and build it again."
        )
    shown = [pair for pair in pairs if media_file(directory, pair)]
    if not shown:
        raise UsageError(
            f"No pair of {directory} has its clip in {Path(directory) / _MEDIA}; build "
            "the data set with --media cut, or copy its clips there from their bucket."
        )
    return shown


def _pair(path: Path, row: dict[str, Any]) -> Pair:
    if row["aspect"] not in ("object", "camera"):
        raise UsageError(f"{path} holds the aspect {row['aspect']!r}; it is object or camera.")
    empty = [name for name in _COLUMNS if not isinstance(row[name], str)]
    if empty:
        raise UsageError(f"{path} holds a pair without {empty[0]}; build the data set again.")
    address, clip_file = str(row["media"]), f"{row['clip_id']}.mp4"
    if "://" in address and address.endswith(f"/{clip_file}"):
        # It is in a bucket, and copied or mounted below the folder.
        row = row | {"media": f"{_MEDIA}/{clip_file}"}
    return Pair(**row)
