"""Data sets to ask about, with stand-ins for their videos, and a model that writes questions about them."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from motionsight_core.camera_motion import CameraLabel
from motionsight_core.record import CameraMove, MotionRecord
from motionsight_core.warehouse import Warehouse, open_warehouse
from tests.core.dataset.rows import bits_of, build, named, settings
from tests.core.mllm.scripted import Answer, said, says
from tests.core.warehouse.rows import Stage, fingerprint

LABELS = ("pan_left", "pan_right", "tilt_up", "tilt_down", "zoom_in", "zoom_out", "roll_cw", "roll_ccw")


def panning(name: str, label: CameraLabel = "pan_left", **changes: Any) -> MotionRecord:
    """A row of a camera that makes one move."""
    plain: dict[str, Any] = {
        "camera_moves": (CameraMove(0.0, 2.0, label, 0.1, 0.95),),
        "cuts": (),
        "object_tracks": (),
        "objects_at_once": 0,
        "objects_in_all": 0,
        "object_motion": f"Thing {name} rolls.",
        "camera_motion": f"The camera of {name} moves: {label}.",
    }
    return named(name, **(plain | changes))


def data_set(
    folder: Path, rows: Sequence[MotionRecord], *, same: Sequence[Sequence[str]] = (), media: str = "cut"
) -> Warehouse:
    """A data set in folder/data, of rows in a warehouse beside it.

    Args:
        folder: of both.
        rows: the clips.
        same: names of clips that are near-duplicates of one another; all are kept.
        media: what the clips are.
    """
    warehouse = open_warehouse(f"duckdb:{folder / 'motionsight.duckdb'}")
    alike = {name: names[0] for names in same for name in names}
    marks = [
        fingerprint(row.clip_id, bits_of(alike.get(name, name)), uri=row.uri)
        for row in rows
        for name in (row.uri.removeprefix("/clips/"),)
    ]
    Stage(warehouse).commit(*rows, *marks)
    build(warehouse, folder / "data", settings(media=media, duplicates="keep"))
    return warehouse


def writes(request: dict[str, Any]) -> Answer:
    """Two questions about the clip whose name stands in its descriptions."""
    return says(json.dumps({"questions": [question(name_in(request)), question(name_in(request), "speed")]}))


def name_in(request: dict[str, Any]) -> str:
    found = re.search(r"Thing (\S+) rolls", said(request))
    assert found, said(request)
    return found[1]


def question(name: str, what: str = "direction", **changes: Any) -> dict[str, Any]:
    """A question as a model writes it."""
    asked = {
        "category": "Motion Recognition",
        "question": f"What of the {what} of thing {name} is seen?",
        "answer": f"The {what} of {name}",
        "wrong": [f"The {what} of one", f"The {what} of two", f"The {what} of six"],
    }
    return asked | changes
