"""Catalogs to write reports of: rows in a warehouse, with or without the videos behind them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Literal

from motionsight_core import Settings
from motionsight_core.camera_motion import CameraLabel
from motionsight_core.catalog import Clip
from motionsight_core.record import Box, CameraMove, Failure, InstanceRecord, MotionRecord, ObjectTrack
from motionsight_core.report import write_report
from motionsight_core.warehouse import open_warehouse
from tests.core.warehouse.rows import NOON, Stage, failure, record, run_record

SETTINGS = Settings.load(environment={}, overrides=["runtime.decode_processes=2"])


def row(name: str, **changes: Any) -> MotionRecord:
    """A row of a clip in /clips; the columns are those of `tests.core.warehouse.rows`, but for changes."""
    clip = Clip(f"/clips/{name}", "1-1", 0.0, 4.0)
    values: dict[str, Any] = {"clip_id": clip.clip_id, "end_s": 4.0, "object_tracks": (), "cuts": ()}
    return replace(record(name), **(values | changes))


def move(label: CameraLabel, rate: float = 0.1, *, start_s: float = 0.0, end_s: float = 4.0) -> CameraMove:
    return CameraMove(start_s, end_s, label, rate, 0.9)


def track(*centres: tuple[float, float], track_id: int = 1, label: str = "ball") -> ObjectTrack:
    """A track whose box goes through these centres, one a second."""
    boxes = tuple(Box(float(t), x - 0.05, y - 0.05, x + 0.05, y + 0.05) for t, (x, y) in enumerate(centres))
    return ObjectTrack(track_id, label, 0.9, 0.0, float(len(centres) - 1), boxes)


def varied() -> list[MotionRecord | Failure]:
    """Sixty clips of four sorts and three failures of two: every count can be told from the number."""
    rows: list[MotionRecord | Failure] = []
    for number in range(60):
        at = NOON + timedelta(minutes=number)
        common: dict[str, Any] = {
            "annotated_at": at,
            "motion_score": number / 100,
            "clarity": 0.3 + number / 100,
        }
        name = f"{number:03d}.mp4"
        match number % 4:
            case 0:
                rows.append(row(name, camera_moves=(move("pan_right", 0.15),), **common))
            case 1:
                rows.append(
                    row(
                        name,
                        camera_moves=(move("static", 0.0),),
                        steadiness="static",
                        camera_motion="The camera holds still.",
                        object_motion="A red ball rolls to the right.",
                        object_tracks=(track((0.2, 0.5), (0.5, 0.5), (0.8, 0.5)),),
                        **common,
                    )
                )
            case 2:
                rows.append(
                    row(name, camera_moves=(move("zoom_in", 0.3, end_s=0.8),), steadiness="shaky", **common)
                )
            case _:
                rows.append(
                    row(
                        name,
                        camera_moves=(move("pan_right", 0.3, end_s=2.0), move("tilt_up", 0.2, start_s=2.0)),
                        **common,
                    )
                )
    rows += [failure(f"bad{number}.mp4", clip=False) for number in range(2)]
    rows.append(failure("radio.mp4", clip=False, error="NoVideoStream"))
    return rows


def warehouse_of(folder: Path, rows: Iterable[MotionRecord | Failure | InstanceRecord]) -> str:
    """The address of a new warehouse with these rows and a finished run of ten minutes."""
    warehouse = open_warehouse(f"duckdb:{folder / 'motion.duckdb'}")
    warehouse.start_run(replace(run_record(), started_at=datetime.now(UTC) - timedelta(minutes=10)))
    Stage(warehouse).commit(*rows)
    warehouse.finish_run("run")
    return warehouse.url


def report_of(
    folder: Path,
    rows: Iterable[MotionRecord | Failure | InstanceRecord],
    *,
    frames: Literal["none", "few", "all"] = "none",
    where: str | None = None,
) -> Path:
    """A report of these rows."""
    out = folder / "report.html"
    write_report(warehouse_of(folder, rows), out, where=where, frames=frames, settings=SETTINGS)
    return out
