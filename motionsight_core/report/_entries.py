"""What the page knows of each row before it is opened: what it filters by, sorts by and draws."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from motionsight_core.camera_motion import CAMERA_MOTIONS
from motionsight_core.report._directions import camera_sectors, track_course
from motionsight_core.report._selection import Row, Selection


def entries(selection: Selection) -> list[dict[str, Any]]:
    """An entry for each row of `motion`, in their order; the rows themselves lie elsewhere in the page."""
    newest = selection.newest_recipes()
    return [
        _entry(
            row,
            selection.captions.get((row["clip_id"], row["recipe"]), {}),
            current=row["recipe"] == newest[row["uri"]],
        )
        for row in selection.rows
    ]


def _entry(row: Row, captions: Mapping[int, str], *, current: bool) -> dict[str, Any]:
    aspect = row["height"] / row["width"] if row["width"] else 1.0
    moves = row["camera_moves"] or []
    tracks = [_track(track, aspect, captions) for track in row["object_tracks"] or []]
    return {
        "clip": row["clip_id"],
        "recipe": row["recipe"],
        "current": current,
        "uri": row["uri"],
        "start": row["start_s"],
        "end": row["end_s"],
        "width": row["width"],
        "height": row["height"],
        "fps": row["fps"],
        "codec": row["codec"],
        "object": row["object_motion"] or "",
        "camera": row["camera_motion"] or "",
        "names": row["object_names"] or [],
        "moves": [
            [move["start_s"], move["end_s"], move["label"], move["rate"], move["confidence"]]
            for move in moves
        ],
        "speed": max((_widths(move, aspect) for move in moves), default=0.0),
        "goes": camera_sectors(moves, aspect),
        "steadiness": row["steadiness"],
        "cuts": row["cuts"] or [],
        "dissolves": [[one["start_s"], one["end_s"], one["kind"]] for one in row.get("dissolves") or []],
        "tracks": tracks,
        "score": row["motion_score"],
        "clarity": row["clarity"],
        "annotator": row["annotator"],
        "agreement": row.get("camera_agreement"),
        "notes": row.get("notes") or [],
        "at": row["annotated_at"],
    }


def table(entries: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Entries of one form with their names written once: a third less for a browser to read."""
    names = list(entries[0]) if entries else []
    return {"names": names, "values": [[entry[name] for name in names] for entry in entries]}


def _track(track: dict[str, Any], aspect: float, captions: Mapping[int, str]) -> dict[str, Any]:
    direction, speed = track_course(track["boxes"] or [], aspect)
    caption = captions.get(track["track_id"])
    return {
        "id": track["track_id"],
        "label": track["label"] or "",
        "start": track["start_s"],
        "end": track["end_s"],
        "goes": direction,
        "speed": round(speed, 4),
        **({"told": caption} if caption else {}),
    }


def _widths(move: dict[str, Any], aspect: float) -> float:
    """How fast a move displaces the picture, frame widths per second; 0 for zooms and rolls."""
    motion = CAMERA_MOTIONS.get(move["label"])
    side = {"pan": 1.0, "tilt": aspect}.get(motion.axis, 0.0) if motion else 0.0
    return round((move["rate"] or 0.0) * side, 4)


def failure_entries(failures: Iterable[Row]) -> list[dict[str, Any]]:
    """An entry for each failure."""
    return [
        {
            "uri": failure["uri"],
            "clip": failure["clip_id"],
            "recipe": failure["recipe"],
            "stage": failure["stage"],
            "error": failure["error"],
            "message": failure["message"],
            "at": failure["failed_at"],
        }
        for failure in failures
    ]


def recipe_entries(selection: Selection) -> list[dict[str, Any]]:
    """The recipes of the rows, the newest first: who annotated, and in which settings they differ."""
    newest: dict[str, Row] = {}
    for row in sorted(selection.rows, key=lambda row: row["annotated_at"]):
        newest[row["recipe"]] = row
    ordered = sorted(newest.values(), key=lambda row: row["annotated_at"], reverse=True)
    settings = {
        row["recipe"]: _flat(_parsed(selection.recipe_settings.get(row["recipe"]))) for row in ordered
    }
    differing = _differing(list(settings.values()))
    return [
        {
            "recipe": row["recipe"],
            "annotator": row["annotator"],
            "at": row["annotated_at"],
            "settings": {name: value for name, value in settings[row["recipe"]].items() if name in differing},
        }
        for row in ordered
    ]


#: Settings of operation: they change no row, so they tell no recipe from another.
_OPERATION = ("limits.", "runtime.", "endpoint.", "stores.", "media.")


def _differing(all_settings: Sequence[dict[str, str]]) -> set[str]:
    known = [settings for settings in all_settings if settings]
    names = {name for settings in known for name in settings if not name.startswith(_OPERATION)}
    return {name for name in names if len({settings.get(name) for settings in known}) > 1}


def _parsed(settings: str | dict[str, Any] | None) -> dict[str, Any]:
    found = json.loads(settings) if isinstance(settings, str) and settings else settings
    return found if isinstance(found, dict) else {}


def _flat(settings: dict[str, Any], prefix: str = "") -> dict[str, str]:
    """Nested settings as `section.key` and text."""
    flat: dict[str, str] = {}
    for name, value in settings.items():
        if isinstance(value, dict):
            flat |= _flat(value, f"{prefix}{name}.")
        else:
            flat[prefix + name] = value if isinstance(value, str) else json.dumps(value)
    return flat
