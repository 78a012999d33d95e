"""What Prefect and Beam cost over plain Python calls, for the same clips, beyond their start-up.

    python -m benchmarks.orchestration [--clips 200] [--repeats 3]

The plain calls: threads over the decoding processes, `MotionSight.describe`, rows into one Parquet file,
one commit. Beside them the command line's run (Beam) and the flow `annotate_catalog` (Beam and Prefect) on
a server of its own. Each is measured once with a tenth of the clips and once with all of them, in turns;
what the tenth takes holds the start-up, so the time of the other nine tenths is the cost of the work. All
run in one process with warm imports and decoding processes.
"""

from __future__ import annotations

import argparse
import os
import statistics
import tempfile
import time
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path


def plain(source: str, warehouse: str) -> int:
    """Annotate a folder with calls of the core alone; returns how many clips."""
    from datetime import UTC, datetime

    import pyarrow as pa
    import pyarrow.parquet as pq

    from flows.runs.run import begin_run, finish_run, new_run
    from motionsight_core import MotionSight, Settings
    from motionsight_core.catalog import VideoObject, split
    from motionsight_core.guarded.pool import shared_decoder
    from motionsight_core.planning.plan import plan_catalog
    from motionsight_core.record import MOTION_SCHEMA, MotionRecord
    from motionsight_core.stores import list_objects
    from motionsight_core.warehouse import Manifest, open_warehouse

    settings = Settings.load(environment={})
    run, place = new_run(source, warehouse=warehouse, settings=settings), open_warehouse(warehouse)
    plan = plan_catalog(list_objects(source), settings, place, run_id=run.run_id)
    begin_run(run, plan, datetime.now(UTC))
    decoder, sight = shared_decoder(settings), MotionSight(settings, run_id=run.run_id)

    def annotate(video: VideoObject) -> list[MotionRecord]:
        clips = split(video, duration_s=decoder.probe(video))
        rows = sight.describe([decoder.decode(clip, products=sight.products) for clip in clips])
        return [row for row in rows if isinstance(row, MotionRecord)]

    videos = [video for shard in plan.shards for video in shard.videos]
    with ThreadPoolExecutor(2 * settings.runtime.decode_processes) as threads:
        rows = [row.to_row() for found in threads.map(annotate, videos) for row in found]
    staged = Path(f"{warehouse.removeprefix('duckdb:')}.parquet")
    pq.write_table(pa.Table.from_pylist(rows, schema=MOTION_SCHEMA), staged, compression="zstd")
    place.commit(
        Manifest(
            attempt_id=uuid.uuid4().hex,
            run_id=run.run_id,
            recipe=settings.recipe(),
            motion_files=(str(staged),),
            failure_files=(),
            annotated=len(rows),
            failed=0,
            skipped=0,
        )
    )
    return finish_run(run).annotated


def through_beam(source: str, warehouse: str) -> int:
    """The run of `motionsight annotate`."""
    from flows.runs.run import run_catalog
    from motionsight_core import Settings

    return run_catalog(source, warehouse=warehouse, settings=Settings.load(environment={})).record.annotated


def through_prefect(source: str, warehouse: str) -> int:
    """The flow, on the server that PREFECT_API_URL or a test harness gives."""
    from flows.annotate import annotate_catalog
    from motionsight_core import Settings

    return annotate_catalog(
        source, warehouse=warehouse, settings=Settings.load(environment={})
    ).record.annotated


WAYS: tuple[Callable[[str, str], int], ...] = (plain, through_beam, through_prefect)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--clips", type=int, default=200)
    parser.add_argument("--repeats", type=int, default=3)
    arguments = parser.parse_args()
    os.environ.setdefault("PREFECT_LOGGING_LEVEL", "ERROR")

    from prefect.testing.utilities import prefect_test_harness

    with tempfile.TemporaryDirectory() as folder, prefect_test_harness(server_startup_timeout=120):
        few, many = catalogs(Path(folder), clips=arguments.clips)
        seconds: dict[str, list[tuple[float, float]]] = {way.__name__: [] for way in WAYS}
        for way in WAYS:  # imports, decoding processes, the server's first answers
            timed(way, few, Path(folder))
        for _ in range(arguments.repeats):
            for way in WAYS:
                short, whole = (timed(way, source, Path(folder)) for source in (few, many))
                seconds[way.__name__].append((short, whole))
    fresh = arguments.clips - max(1, arguments.clips // 10)
    floor = statistics.median(whole - short for short, whole in seconds["plain"])
    print(f"{arguments.clips} clips, medians of {arguments.repeats}\n")
    print(f"{'':16} {'all, s':>8} {'start-up, s':>12} {'ms a clip':>10} {'of plain':>9}")
    for name, found in seconds.items():
        work = statistics.median(whole - short for short, whole in found)
        whole = statistics.median(whole for _, whole in found)
        start = whole - work * arguments.clips / fresh
        print(f"{name:16} {whole:8.1f} {start:12.1f} {1000 * work / fresh:10.1f} {work / floor:9.2f}")


def catalogs(folder: Path, *, clips: int) -> tuple[str, str]:
    """Two folders of rendered videos: a tenth of them, and all."""
    from motionsight_core.synthetic import render_catalog

    render_catalog(folder / "scenes", count=12)
    scenes = sorted((folder / "scenes").glob("*.mp4"))
    for name, count in (("few", max(1, clips // 10)), ("many", clips)):
        for number in range(count):
            place = folder / name / f"{number:06d}.mp4"
            place.parent.mkdir(exist_ok=True)
            place.hardlink_to(scenes[number % len(scenes)])
    return str(folder / "few"), str(folder / "many")


def timed(way: Callable[[str, str], int], source: str, folder: Path) -> float:
    """Seconds that one way takes for a source, into a warehouse that is not there yet."""
    warehouse = f"duckdb:{folder / uuid.uuid4().hex}.duckdb"
    started = time.perf_counter()
    annotated = way(source, warehouse)
    seconds = time.perf_counter() - started
    assert annotated == len(list(Path(source).iterdir())), annotated
    return seconds


if __name__ == "__main__":
    main()
