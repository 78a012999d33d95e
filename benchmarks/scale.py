"""What a catalog costs beside its videos: planning, staging and committing N objects, and running again.

    python -m benchmarks.scale [--sizes 100 1000 10000]

Objects are empty local files. Opening and decoding them is replaced by what one real clip gave, so what is
left is the work of the plan, of Beam, of staging and of the warehouse. Each size runs in a process of its
own, twice: the second time everything is known.

Seconds are wall-clock; memory is what the process's highest resident size grew by after everything was
imported and one clip had been decoded.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

SIZES = (100, 1_000, 10_000)


def measure(count: int, folder: Path) -> dict[str, Any]:
    """Both runs over `count` empty files; seconds by step, MB by the end of it."""
    import flows.run as run
    import motionsight_core.motionsight as method
    import transforms._decode as decoding
    import transforms._plan as planning
    from motionsight_core import Clip, Settings, clips_of, decode
    from motionsight_core.decoding import DecodedClip
    from motionsight_core.guard import close_shared_decoders
    from motionsight_core.scenes import render_catalog
    from motionsight_core.warehouse import open_warehouse
    from transforms.shard import annotate_shard

    settings = Settings.load(environment={})
    render_catalog(folder / "scene", count=1, width=320, height=180, duration_s=3.0)
    example = decode(clips_of(str(folder / "scene"), settings)[0], settings, products=("motion",))
    close_shared_decoders()

    class Stub:
        def probe(self, video: object) -> float:
            return example.clip.end_s

        def decode(self, clip: Clip, *, products: object) -> DecodedClip:
            return replace(example, clip=clip)

    stub = Stub()
    annotator = method.MotionSight(settings)
    row = annotator.describe([example])[0]
    assert isinstance(row, method.MotionRecord), row

    def describe(sight: method.MotionSight, clips: Any) -> list[Any]:
        return [
            replace(row, clip_id=one.clip.clip_id, uri=one.clip.uri, version=one.clip.version)
            for one in clips
        ]

    method.MotionSight.describe = describe  # pyright: ignore[reportAttributeAccessIssue]
    for module in (planning, decoding, method):
        module.shared_decoder = lambda chosen: stub  # pyright: ignore[reportAttributeAccessIssue]

    objects = folder / "objects"
    for number in range(count):
        place = objects / f"{number // 1000:05d}"
        if number % 1000 == 0:
            place.mkdir(parents=True)
        (place / f"{number:08d}.mp4").touch()

    warehouse = f"duckdb:{folder / 'motion.duckdb'}"
    spent: dict[str, float] = {}
    idle_mb = resident_mb()
    with run.opened_run(str(objects), warehouse=warehouse, settings=settings, force=False) as opened:
        with timed(spent, "plan"):
            plan = run.plan_run(opened)
        plan_mb = resident_mb()
        place = open_warehouse(warehouse)
        for shard in plan.shards:
            with timed(spent, "stage"):
                manifest = annotate_shard(shard, settings, place, run_id=opened.run_id)
            with timed(spent, "commit"):
                place.commit(manifest)
        record = run.finish_run(opened)
    assert record.annotated == count, record
    first_mb = resident_mb()
    with timed(spent, "second run"):
        again = run.run_catalog(str(objects), warehouse=warehouse, settings=settings)
    assert (again.record.annotated, again.record.skipped) == (0, count), again.record
    return {
        "count": count,
        "spent": spent,
        "mb": {"idle": idle_mb, "plan": plan_mb, "run": first_mb, "again": resident_mb()},
        "warehouse_mb": (folder / "motion.duckdb").stat().st_size / 1e6,
    }


@contextmanager
def timed(spent: dict[str, float], step: str) -> Iterator[None]:
    started = time.perf_counter()
    yield
    spent[step] = spent.get(step, 0.0) + time.perf_counter() - started


def resident_mb() -> float:
    """The most that this process has had in memory, MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e6


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--sizes", type=int, nargs="+", default=SIZES)
    parser.add_argument("--measure", type=int, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.measure:
        with tempfile.TemporaryDirectory() as folder:
            print(json.dumps(measure(arguments.measure, Path(folder))))
        return
    print(f"{'objects':>8} {'plan':>8} {'stage':>8} {'commit':>8} {'all':>8}   again      memory  warehouse")
    print(
        f"{'':8} {'ms/clip':>8} {'ms/clip':>8} {'ms/clip':>8} {'ms/clip':>8}       s          MB         MB"
    )
    for size in arguments.sizes:
        command = [sys.executable, "-m", "benchmarks.scale", "--measure", str(size)]
        done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
        found = json.loads(done.stdout.splitlines()[-1])
        spent, mb = found["spent"], found["mb"]
        each = [1000 * spent[step] / size for step in ("plan", "stage", "commit")]
        steps = " ".join(f"{ms:8.2f}" for ms in [*each, sum(each)])
        grown = f"{mb['again'] - mb['idle']:11.0f}"
        print(
            f"{size:8} {steps} {spent['second run']:7.1f} {grown} {found['warehouse_mb']:10.1f}", flush=True
        )


if __name__ == "__main__":
    main()
