"""The canonical form of a data set: Parquet tables of constant types, with the origin of every row."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from motionsight_core.dataset.assembled import DataSet
from motionsight_core.dataset.clips import SelectedClip
from motionsight_core.dataset.folder import Folder
from motionsight_core.dataset.pools import question
from motionsight_core.dataset.rows import Row

#: Rows in memory as Python objects at a time.
_BATCH = 20_000


def _schema(text: str) -> pa.Schema:
    """A schema from words such as `clip_id uri start_s:f cluster:i`; without a letter a column is text."""
    kinds = {"": pa.string(), "f": pa.float64(), "i": pa.int64()}
    columns = (column.partition(":") for column in text.split())
    return pa.schema([(name, kinds[kind]) for name, _, kind in columns])


_ORIGIN = "uri version start_s:f end_s:f source licence"
CLIPS = _schema(
    "clip_id recipe uri version start_s:f end_s:f annotator object_motion camera_motion clarity:f "
    "motion_score:f source licence cluster:i split grade_object grade_camera score_object:f score_camera:f "
    "scorer media"
)
SFT = _schema(
    "question_id clip_id recipe aspect question answer split media grade score:f scorer annotator " + _ORIGIN
)
PAIRS = _schema(
    "pair_id clip_id aspect split media recipe_a annotator_a text_a recipe_b annotator_b text_b score_a:f "
    "score_b:f scorer " + _ORIGIN
)
PREFERENCES = _schema(
    "pair_id clip_id aspect split media prompt chosen rejected recipe_chosen annotator_chosen "
    "recipe_rejected annotator_rejected votes:i agreement:f " + _ORIGIN
)
INSTANCES = _schema(
    "question_id clip_id recipe track_id:i task question answer split media annotator appearance motion "
    "object_start_s:f object_end_s:f boxes " + _ORIGIN
)
DROPPED = _schema("clip_id recipe uri version start_s:f end_s:f stage reason")

_Rows = Callable[[DataSet], Iterable[dict[str, Any]]]


def write_tables(data: DataSet, folder: Folder) -> list[str]:
    """Write the tables; returns their names. Those of preferences and instances only where there are any."""
    tables: dict[str, tuple[pa.Schema, _Rows]] = {
        "clips.parquet": (CLIPS, _clips),
        "sft.parquet": (SFT, _sft),
        "pairs.parquet": (PAIRS, _pairs),
        "dropped.parquet": (DROPPED, _dropped),
    }
    if data.preferences:
        tables["preferences.parquet"] = (PREFERENCES, _preferences)
    if data.instances:
        tables["instances.parquet"] = (INSTANCES, _instances)
    for name, (schema, rows) in tables.items():
        with folder.writing(name) as file, pq.ParquetWriter(file, schema, compression="zstd") as writer:
            left = iter(rows(data))
            while batch := list(islice(left, _BATCH)):
                writer.write_table(pa.Table.from_pylist(batch, schema))
    return sorted(tables)


def _origin(clip: SelectedClip, row: Row) -> dict[str, Any]:
    return {
        "uri": row.uri,
        "version": row.version,
        "start_s": row.start_s,
        "end_s": row.end_s,
        "source": clip.source,
        "licence": clip.licence,
    }


def _clips(data: DataSet) -> Iterator[dict[str, Any]]:
    for clip in data.clips:
        for row in clip.rows:
            yield _origin(clip, row) | {
                "clip_id": row.clip_id,
                "recipe": row.recipe,
                "annotator": row.annotator,
                "object_motion": row.object_motion,
                "camera_motion": row.camera_motion,
                "clarity": row.clarity,
                "motion_score": row.motion_score,
                "cluster": clip.cluster,
                "split": clip.split,
                "grade_object": clip.grades["object"],
                "grade_camera": clip.grades["camera"],
                "score_object": clip.scores.get((row.recipe, "object")),
                "score_camera": clip.scores.get((row.recipe, "camera")),
                "scorer": data.prepared.scorer,
                "media": data.medium(clip),
            }


def _sft(data: DataSet) -> Iterator[dict[str, Any]]:
    for asked in data.questions:
        first = asked.clip.rows[0]
        yield _origin(asked.clip, first) | {
            "question_id": asked.question_id,
            "clip_id": first.clip_id,
            "recipe": first.recipe,
            "aspect": asked.asked,
            "question": asked.question,
            "answer": asked.answer,
            "split": asked.clip.split,
            "media": data.medium(asked.clip),
            "grade": asked.grade,
            "score": asked.score,
            "scorer": data.prepared.scorer,
            "annotator": first.annotator,
        }


def _pairs(data: DataSet) -> Iterator[dict[str, Any]]:
    for pair in data.pairs:
        yield _origin(pair.clip, pair.a.row) | {
            "pair_id": pair.pair_id,
            "clip_id": pair.clip.clip_id,
            "aspect": pair.aspect,
            "split": pair.clip.split,
            "media": data.medium(pair.clip),
            "recipe_a": pair.a.row.recipe,
            "annotator_a": pair.a.row.annotator,
            "text_a": pair.a.text,
            "recipe_b": pair.b.row.recipe,
            "annotator_b": pair.b.row.annotator,
            "text_b": pair.b.text,
            "score_a": pair.a.score,
            "score_b": pair.b.score,
            "scorer": data.prepared.scorer,
        }


def _preferences(data: DataSet) -> Iterator[dict[str, Any]]:
    for one in data.preferences:
        clip = one.pair.clip
        yield _origin(clip, one.chosen.row) | {
            "pair_id": one.pair.pair_id,
            "clip_id": clip.clip_id,
            "aspect": one.pair.aspect,
            "split": clip.split,
            "media": data.medium(clip),
            "prompt": question(one.pair.aspect, clip.clip_id, data.settings),
            "chosen": one.chosen.text,
            "rejected": one.rejected.text,
            "recipe_chosen": one.chosen.row.recipe,
            "annotator_chosen": one.chosen.row.annotator,
            "recipe_rejected": one.rejected.row.recipe,
            "annotator_rejected": one.rejected.row.annotator,
            "votes": one.votes,
            "agreement": one.agreement,
        }


def _instances(data: DataSet) -> Iterator[dict[str, Any]]:
    for asked in data.instances:
        instance, row = asked.instance, asked.row
        start_s, end_s = asked.span_s
        yield _origin(asked.clip, row) | {
            "question_id": asked.question_id,
            "clip_id": instance.clip_id,
            "recipe": instance.recipe,
            "track_id": instance.track_id,
            "task": asked.task,
            "question": asked.question,
            "answer": asked.answer,
            "split": asked.clip.split,
            "media": data.medium(asked.clip),
            "annotator": row.annotator,
            "appearance": instance.appearance,
            "motion": instance.motion,
            "object_start_s": start_s,
            "object_end_s": end_s,
            "boxes": json.dumps(asked.moments),
        }


def _dropped(data: DataSet) -> Iterator[dict[str, Any]]:
    for drop in data.prepared.drops:
        row = drop.row
        yield {
            "clip_id": row.clip_id,
            "recipe": row.recipe,
            "uri": row.uri,
            "version": row.version,
            "start_s": row.start_s,
            "end_s": row.end_s,
            "stage": drop.stage,
            "reason": drop.reason,
        }
