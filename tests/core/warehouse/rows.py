"""Rows to put into a warehouse, and what the tests do with one."""

from __future__ import annotations

import io
import uuid
from collections.abc import Sequence
from dataclasses import asdict, is_dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeAlias

import pyarrow as pa
import pyarrow.parquet as pq

from motionsight_core.catalog import Clip
from motionsight_core.record import (
    FAILURE_SCHEMA,
    MOTION_SCHEMA,
    SPLIT_SCHEMA,
    Box,
    CameraMove,
    Failure,
    FailureStage,
    FingerprintRecord,
    InstanceRecord,
    MotionRecord,
    ObjectTrack,
    PartitionRecord,
    PredictionRecord,
    PreferenceRecord,
    RunRecord,
    ScoreRecord,
)
from motionsight_core.warehouse import (
    FINGERPRINTS,
    INSTANCES,
    PREDICTIONS,
    PREFERENCES,
    SCORES,
    Manifest,
    Table,
    Warehouse,
)

#: A dict is a row of splits.
StagedRow: TypeAlias = (
    MotionRecord
    | Failure
    | PredictionRecord
    | ScoreRecord
    | FingerprintRecord
    | InstanceRecord
    | PreferenceRecord
    | dict[str, Any]
)
_NEWEST: dict[str, tuple[type, Table]] = {
    "prediction": (PredictionRecord, PREDICTIONS),
    "score": (ScoreRecord, SCORES),
    "fingerprint": (FingerprintRecord, FINGERPRINTS),
    "instance": (InstanceRecord, INSTANCES),
    "preference": (PreferenceRecord, PREFERENCES),
}

NOON = datetime(2026, 1, 2, 12, 0, tzinfo=UTC)


def record(
    name: str = "a.mp4", *, at: datetime = NOON, recipe: str = "r1", text: str = "Nothing moves."
) -> MotionRecord:
    clip = Clip(f"/clips/{name}", "1-1", 0.0, 2.0)
    track = ObjectTrack(
        1, "moving region", 0.9, 0.0, 1.0, (Box(0.0, 0.1, 0.2, 0.3, 0.4), Box(1.0, 0.2, 0.2, 0.4, 0.4))
    )
    return MotionRecord(
        clip_id=clip.clip_id,
        recipe=recipe,
        uri=clip.uri,
        version=clip.version,
        start_s=0.0,
        end_s=2.0,
        width=320,
        height=180,
        fps=25.0,
        codec="h264",
        object_motion=text,
        camera_motion="The camera pans right.",
        object_names=("ball",),
        camera_moves=(
            CameraMove(0.0, 1.5, "pan_right", 0.1, 0.9),
            CameraMove(1.0, 2.0, "zoom_in", 0.05, 0.8),
        ),
        steadiness="smooth",
        cuts=(0.5,),
        object_tracks=(track,),
        motion_score=0.1,
        clarity=0.8,
        annotator="measured",
        run_id="run",
        annotated_at=at,
    )


def failure(
    name: str = "bad.mp4",
    *,
    at: datetime = NOON,
    clip: bool = True,
    error: str = "Truncated",
    stage: FailureStage | None = None,
) -> Failure:
    uri = f"/clips/{name}"
    clip_id = Clip(uri, "1-1", 0.0, 2.0).clip_id if clip else None
    stage = stage or ("decode" if clip else "plan")
    return Failure(uri, "1-1", clip_id, "r1", stage, error, "It ends early.", "run", at)


def split(name: str, clips: int) -> dict[str, Any]:
    return {"uri": f"/clips/{name}", "version": "1-1", "recipe": "r1", "clips": clips}


def partition(number: int, *, backfill: str = "b1", state: Any = "pending", **values: Any) -> PartitionRecord:
    counts: dict[str, Any] = {"videos": 10, "annotated": 0, "skipped": 0, "failed": 0} | values
    return PartitionRecord(backfill, number, "gs://clips/", "r1", state, **counts)


def run_record(run_id: str = "run") -> RunRecord:
    return RunRecord(
        run_id, "/clips", "r1", '{"annotator": "measured"}', datetime.now(UTC), None, 0, 0, 0, 0, 0.0
    )


def prediction(question: str = "q1", *, reply: str | None = "B", **changes: Any) -> PredictionRecord:
    """The answer to a question, as a row."""
    values: dict[str, Any] = {
        "benchmark": "motionbench",
        "annotations": "f" * 64,
        "question_id": question,
        "recipe": "r1",
        "route": "label",
        "uri": "/clips/a.mp4",
        "version": "1-1",
        "clip_id": "c" * 32,
        "category": "Camera Motion",
        "aspect": "camera",
        "reply": reply,
        "choice": reply,
        "error": None if reply else "BadReply",
        "run_id": "run",
        "answered_at": datetime.now(UTC),
    }
    return PredictionRecord(**(values | changes))


def score(clip_id: str = "c" * 32, value: float = 0.75, **changes: Any) -> ScoreRecord:
    """The score of a description, as a row."""
    values: dict[str, Any] = {
        "clip_id": clip_id,
        "recipe": "r1",
        "uri": "/clips/a.mp4",
        "scorer": "transformers:scorer",
        "aspect": "camera",
        "score": value,
        "run_id": "run",
        "scored_at": datetime.now(UTC),
    }
    return ScoreRecord(**(values | changes))


def fingerprint(clip_id: str = "c" * 32, bits: str = "0f" * 64, **changes: Any) -> FingerprintRecord:
    """What a clip looks like, as a row."""
    values: dict[str, Any] = {
        "clip_id": clip_id,
        "uri": "/clips/a.mp4",
        "bits": bits,
        "taken_at": datetime.now(UTC),
    }
    return FingerprintRecord(**(values | changes))


def instance(track_id: int = 1, *, checked: bool = True, **changes: Any) -> InstanceRecord:
    """What a track shows, as a row."""
    values: dict[str, Any] = {
        "clip_id": "c" * 32,
        "recipe": "r1",
        "uri": "/clips/a.mp4",
        "track_id": track_id,
        "appearance": "a brown dog",
        "motion": "It runs in from the right.",
        "checked": checked,
        "run_id": "run",
        "written_at": datetime.now(UTC),
    }
    return InstanceRecord(**(values | changes))


def preference(pair_id: str = "p1", choice: str = "a", **changes: Any) -> PreferenceRecord:
    """What a person prefers, as a row."""
    values: dict[str, Any] = {
        "pair_id": pair_id,
        "annotator": "ann",
        "aspect": "camera",
        "left_side": "b",
        "choice": choice,
        "seconds": 3.5,
        "chosen_at": datetime.now(UTC),
    }
    return PreferenceRecord(**(values | changes))


class Stage:
    """Stages rows as the pipeline does, wherever the warehouse wants them."""

    def __init__(self, warehouse: Warehouse) -> None:
        self.warehouse = warehouse
        staging = warehouse.staging
        # On this machine beside the staging area: what stands in it belongs to runs that are locked.
        self.folder = f"{staging}/run" if staging.startswith("gs://") else f"{Path(staging).parent}/staged"

    def manifest(self, *rows: StagedRow, skipped: int = 0, attempt: str | None = None) -> Manifest:
        """A manifest of these rows, in files."""
        attempt = attempt or uuid.uuid4().hex
        motion = [row.to_row() for row in rows if isinstance(row, MotionRecord)]
        failures = [row.to_row() for row in rows if isinstance(row, Failure)]
        splits = [row for row in rows if isinstance(row, dict)]
        others = {
            f"{name}_files": self.file(
                table.name,
                [asdict(row) for row in rows if isinstance(row, kind) and is_dataclass(row)],
                table.schema,
            )
            for name, (kind, table) in _NEWEST.items()
        }
        return Manifest(
            attempt,
            "run",
            "r1",
            motion_files=self.file("motion", motion, MOTION_SCHEMA),
            failure_files=self.file("failures", failures, FAILURE_SCHEMA),
            annotated=len(motion),
            failed=len(failures),
            skipped=skipped,
            split_files=self.file("splits", splits, SPLIT_SCHEMA),
            **others,
        )

    def commit(self, *rows: StagedRow, skipped: int = 0) -> None:
        self.warehouse.commit(self.manifest(*rows, skipped=skipped))

    def file(self, name: str, rows: Sequence[dict[str, Any]], schema: pa.Schema) -> tuple[str, ...]:
        """The path of a Parquet file of these rows; none where there are no rows."""
        if not rows:
            return ()
        path = f"{self.folder}/{name}-{uuid.uuid4().hex}.parquet"
        content = io.BytesIO()
        pq.write_table(pa.Table.from_pylist(list(rows), schema=schema), content, compression="zstd")
        if path.startswith("gs://"):
            put_object(path, content.getvalue())
        else:
            Path(path).parent.mkdir(parents=True, exist_ok=True)
            Path(path).write_bytes(content.getvalue())
        return (path,)


def put_object(path: str, content: bytes) -> None:
    from google.auth.credentials import AnonymousCredentials
    from google.cloud.storage import Client

    bucket, _, name = path.removeprefix("gs://").partition("/")
    Client("test", AnonymousCredentials()).bucket(bucket).blob(name).upload_from_string(content)


def table(warehouse: Warehouse, name: str) -> list[tuple]:
    return sorted(warehouse.query(f"SELECT * FROM {name}").rows, key=repr)  # noqa: S608
