"""What a data set costs without media: select, grade, split, export.

    python -m benchmarks.dataset --rows 100000

The rows are of two annotators, scored, with texts of the usual length and fingerprints; half of the clips are
scored by `high` or more, so that there are pairs. Building runs in a process of its own, whose peak memory is
given. With --without-fingerprints the search for near-duplicates is left out. --objects is how many captioned
objects, of fifty boxes each, a clip has.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from motionsight_core.catalog import Clip
from motionsight_core.dataset.build import build_dataset
from motionsight_core.settings import Settings
from motionsight_core.warehouse import (
    FINGERPRINTS,
    INSTANCES,
    MOTION,
    SCORES,
    Manifest,
    Table,
    open_warehouse,
)

_NOW = datetime(2026, 1, 1, tzinfo=UTC)
_TEXT = "A person in the left third of the picture walks to the right and then stops; thing {} passes behind."
_BATCH = 10_000


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--without-fingerprints", action="store_true")
    parser.add_argument("--objects", type=int, default=0)
    parser.add_argument("--build", help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.build:
        print(json.dumps(_built(Path(chosen.build))))
        return
    with tempfile.TemporaryDirectory() as folder:
        began = time.perf_counter()
        _fill(
            Path(folder),
            chosen.rows // 2,
            fingerprints=not chosen.without_fingerprints,
            objects=chosen.objects,
        )
        print(f"{chosen.rows:,} rows made in {time.perf_counter() - began:.0f} s")
        for attempt in ("first", "second"):
            command = [sys.executable, "-m", "benchmarks.dataset", "--build", folder]
            done = subprocess.run(command, check=True, capture_output=True, text=True)
            print(f"{attempt} build: {done.stdout.strip()}")


def _built(folder: Path) -> dict[str, Any]:
    settings = Settings.layered(
        {
            "dataset": {
                "sources": [{"prefix": "gs://", "high_object": 0.6, "high_camera": 0.7}],
            }
        }
    )
    began, cpu = time.perf_counter(), time.process_time()
    data = build_dataset(f"duckdb:{folder / 'motion.duckdb'}", folder / "set", settings, media=_none).data
    digest = hashlib.sha256()
    for path in sorted((folder / "set").rglob("*")):
        if path.is_file():
            digest.update(path.read_bytes())
    return {
        "wall_s": round(time.perf_counter() - began, 1),
        "cpu_s": round(time.process_time() - cpu, 1),
        "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
        "clips": len(data.clips),
        "questions": len(data.questions),
        "pairs": len(data.pairs),
        "instances": len(data.instances),
        "dropped": len(data.prepared.drops),
        "digest": digest.hexdigest()[:16],
    }


def _none(clips: Sequence[Clip], folder: Path, settings: Settings) -> dict[str, str]:
    """Media are what is not measured here."""
    return {}


def _fill(folder: Path, clips: int, *, fingerprints: bool, objects: int) -> None:
    warehouse = open_warehouse(f"duckdb:{folder / 'motion.duckdb'}")
    for begin in range(0, clips, _BATCH):
        numbers = range(begin, min(clips, begin + _BATCH))
        manifest = Manifest(
            f"a{begin}",
            "run",
            "r1",
            motion_files=_file(
                folder, MOTION, (row for number in numbers for row in _motion(number, objects))
            ),
            failure_files=(),
            annotated=2 * len(numbers),
            failed=0,
            skipped=0,
            score_files=_file(folder, SCORES, (row for number in numbers for row in _scores(number))),
            fingerprint_files=_file(folder, FINGERPRINTS, map(_fingerprint, numbers)) if fingerprints else (),
            instance_files=_file(
                folder, INSTANCES, (row for number in numbers for row in _instances(number, objects))
            ),
        )
        warehouse.commit(manifest)


def _file(folder: Path, table: Table, rows: Iterator[dict[str, Any]]) -> tuple[str, ...]:
    path = folder / f"{table.name}.parquet"
    pq.write_table(pa.Table.from_pylist(list(rows), schema=table.schema), path)
    return (str(path),)


def _clip(number: int) -> Clip:
    start_s = number % 4 * 5.0
    return Clip(f"gs://bucket/clips/{number // 4:06d}.mp4", "1700000000000000", start_s, start_s + 5.0)


def _chance(*parts: object) -> float:
    return int(hashlib.sha256(repr(parts).encode()).hexdigest()[:8], 16) / 2**32


def _motion(number: int, objects: int) -> Iterator[dict[str, Any]]:
    clip = _clip(number)
    for recipe in ("r1", "r2"):
        yield {
            "clip_id": clip.clip_id,
            "recipe": recipe,
            "uri": clip.uri,
            "version": clip.version,
            "start_s": clip.start_s,
            "end_s": clip.end_s,
            "width": 1280,
            "height": 720,
            "fps": 25.0,
            "codec": "h264",
            "object_motion": _TEXT.format(f"{number} of {recipe}") * 2,
            "camera_motion": f"The camera pans right, then tilts up, says {recipe}.",
            "object_names": [],
            "camera_moves": [],
            "steadiness": "smooth",
            "cuts": [],
            "object_tracks": [_track(clip, track_id) for track_id in range(objects)],
            "motion_score": _chance("motion", number) / 10,
            "clarity": _chance("clarity", number),
            "annotator": recipe,
            "run_id": "run",
            "annotated_at": _NOW,
        }


def _track(clip: Clip, track_id: int) -> dict[str, Any]:
    boxes = [
        {"t_s": clip.start_s + place / 10, "x0": place / 100, "y0": 0.2, "x1": place / 100 + 0.2, "y1": 0.6}
        for place in range(50)
    ]
    span = {"start_s": boxes[0]["t_s"], "end_s": boxes[-1]["t_s"]}
    return {"track_id": track_id, "label": "dog", "score": 0.9, **span, "boxes": boxes}


def _instances(number: int, objects: int) -> Iterator[dict[str, Any]]:
    clip = _clip(number)
    for track_id in range(objects):
        yield {
            "clip_id": clip.clip_id,
            "recipe": "r1",
            "uri": clip.uri,
            "track_id": track_id,
            "appearance": f"a brown dog with the number {number}",
            "motion": "It runs in from the right, stops, and leaves the picture at the left.",
            "checked": True,
            "run_id": "run",
            "written_at": _NOW,
        }


def _scores(number: int) -> Iterator[dict[str, Any]]:
    clip = _clip(number)
    for recipe in ("r1", "r2"):
        for aspect in ("object", "camera"):
            yield {
                "clip_id": clip.clip_id,
                "recipe": recipe,
                "uri": clip.uri,
                "scorer": "transformers:scorer",
                "aspect": aspect,
                "score": _chance("score", number, recipe, aspect),
                "run_id": "run",
                "scored_at": _NOW,
            }


def _fingerprint(number: int) -> dict[str, Any]:
    clip = _clip(number)
    bits = hashlib.sha512(f"{number - number % 50 if number % 50 < 3 else number}".encode()).hexdigest()
    return {"clip_id": clip.clip_id, "uri": clip.uri, "bits": bits, "taken_at": _NOW}


if __name__ == "__main__":
    main()
