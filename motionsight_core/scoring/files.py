"""Scores in a file, as another scorer gives them: CSV or Parquet."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, get_args

import pyarrow as pa
import pyarrow.csv as pc
import pyarrow.parquet as pq

from motionsight_core.errors import UsageError
from motionsight_core.scoring.descriptions import ScoredAspect

_SCHEMA = pa.schema(
    [(name, pa.string()) for name in ("clip_id", "recipe", "aspect", "scorer")] + [("score", pa.float64())]
)


@dataclass(frozen=True, slots=True)
class ScoreInFile:
    """The score of one of the two descriptions of a row of `motion`."""

    clip_id: str
    recipe: str
    aspect: ScoredAspect
    scorer: str
    score: float
    """0 to 1."""


def read_scores(source: Path | IO[bytes], name: str) -> list[ScoreInFile]:
    """The scores of a file with the columns clip_id, recipe, aspect, scorer and score; others are ignored.

    Args:
        source: `*.parquet`, or else CSV with a header, in UTF-8.
        name: what errors call it.

    Raises:
        UsageError: it cannot be read, lacks a column, or holds what is no score; it says which row.
    """
    try:
        if isinstance(source, Path) and source.suffix.lower() == ".parquet":
            table = pq.ParquetFile(source).read(columns=_SCHEMA.names)
        else:
            convert = pc.ConvertOptions(column_types=_SCHEMA)
            table = pc.read_csv(source, convert_options=convert)
        if missing := [column for column in _SCHEMA.names if column not in table.column_names]:
            raise UsageError(
                f"{name} lacks the column {missing[0]}; scores have the columns {', '.join(_SCHEMA.names)}."
            )
        table = table.select(_SCHEMA.names).cast(_SCHEMA)
    except (OSError, pa.ArrowException) as error:
        reason = getattr(error, "strerror", None) or str(error).splitlines()[0]
        raise UsageError(f"{name} cannot be read as scores: {reason}.") from None
    return list(_checked(table.to_pylist(), name))


def _checked(rows: list[dict[str, Any]], name: str) -> Iterator[ScoreInFile]:
    if not rows:
        raise UsageError(f"{name} holds no score.")
    seen: dict[tuple[str, ...], int] = {}
    for number, row in enumerate(rows, start=1):
        for column in ("clip_id", "recipe", "scorer"):
            if not row[column] or not row[column].isprintable():
                raise UsageError(f"Row {number} of {name} has no valid {column}.")
        if row["aspect"] not in get_args(ScoredAspect):
            raise UsageError(
                f"Row {number} of {name} has the aspect {row['aspect']!r}, not object or camera."
            )
        if row["score"] is None:
            raise UsageError(f"Row {number} of {name} has no score; leave such rows out.")
        if not 0 <= row["score"] <= 1:
            raise UsageError(f"Row {number} of {name} has the score {row['score']}; scores are 0 to 1.")
        key = (row["clip_id"], row["recipe"], row["aspect"], row["scorer"])
        if key in seen:
            raise UsageError(f"Rows {seen[key]} and {number} of {name} score the same description.")
        seen[key] = number
        yield ScoreInFile(**row)
