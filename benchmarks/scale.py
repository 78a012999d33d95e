"""What a catalog costs beside its videos: planning, staging and committing N objects, and running again.

    python -m benchmarks.scale [--sizes 100 1000 10000 100000] [--real 1000]

Objects are empty local files. Opening and decoding them is replaced by what one real clip gave, so what is
left is the work of the plan, of Beam, of staging and of the warehouse. Each size runs in a process of its
own, twice: the second time everything is known.

`--real N` annotates N small rendered videos as a run does, and as a plain loop over the same decoding
processes does, and prints the one over the other.

Seconds are wall-clock; memory is what the process's highest resident size grew by up to the end of a step,
after everything was imported and one clip had been decoded.
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
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

SIZES = (100, 1_000, 10_000)


def measure(count: int, folder: Path) -> dict[str, Any]:
    """Both runs over `count` empty files; seconds by step, MB by the end of it."""
    import flows.runs.run as run
    import motionsight_core.motionsight as method
    import transforms._decode as decoding
    import transforms._plan as planning
    from motionsight_core import Clip, Settings, clips_of, decode
    from motionsight_core.clip import DecodedClip
    from motionsight_core.guarded.pool import close_shared_decoders
    from motionsight_core.synthetic import render_catalog
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

    method.MotionSight.describe = describe  # pyrefly: ignore[bad-assignment]
    for module in (planning, decoding, method):
        module.shared_decoder = lambda chosen: stub  # pyrefly: ignore[bad-assignment]

    objects = folder / "objects"
    for number in range(count):
        place = objects / f"{number // 1000:05d}"
        if number % 1000 == 0:
            place.mkdir(parents=True)
        (place / f"{number:08d}.mp4").touch()

    warehouse = f"duckdb:{folder / 'motion.duckdb'}"
    spent: dict[str, float] = {}
    mb = {"idle": resident_mb()}
    with run.opened_run(str(objects), warehouse=warehouse, settings=settings, force=False) as opened:
        with timed(spent, "plan"):
            plan = run.plan_run(opened)
        mb["plan"] = resident_mb()
        place = open_warehouse(warehouse)
        for shard in plan.shards:
            with timed(spent, "stage"):
                manifest = annotate_shard(shard, settings, place, run_id=opened.run_id)
            with timed(spent, "commit"):
                place.commit(manifest)
        record = run.finish_run(opened)
    assert record.annotated == count, record
    mb["run"] = resident_mb()
    with timed(spent, "second run"):
        again = run.run_catalog(str(objects), warehouse=warehouse, settings=settings)
    assert (again.record.annotated, again.record.skipped) == (0, count), again.record
    return {
        "count": count,
        "spent": spent,
        "mb": {step: peak - mb["idle"] for step, peak in (mb | {"again": resident_mb()}).items()},
        "warehouse_mb": (folder / "motion.duckdb").stat().st_size / 1e6,
    }


def measure_real(count: int, folder: Path) -> dict[str, Any]:
    """Seconds that `count` small videos take as a run, and as a plain loop over the same processes."""
    import flows.runs.run as run
    from motionsight_core import MotionSight, Settings
    from motionsight_core.catalog import VideoObject, split
    from motionsight_core.guarded.pool import shared_decoder
    from motionsight_core.stores import list_objects
    from motionsight_core.synthetic import render_catalog

    settings = Settings.load(environment={})
    render_catalog(folder / "scenes", count=12, width=320, height=180, duration_s=2.0)
    scenes = sorted((folder / "scenes").glob("*.mp4"))
    for number in range(count):
        place = folder / "objects" / f"{number:06d}.mp4"
        place.parent.mkdir(exist_ok=True)
        place.hardlink_to(scenes[number % len(scenes)])
    source = str(folder / "objects")
    decoder, sight = shared_decoder(settings), MotionSight(settings)

    def annotate(video: VideoObject) -> None:
        duration_s = decoder.probe(video)
        for clip in split(video, duration_s=duration_s):
            sight.describe([decoder.decode(clip, products=sight.products)])

    spent: dict[str, float] = {}
    listed = [item for item in list_objects(source) if isinstance(item, VideoObject)]
    with ThreadPoolExecutor(2 * settings.runtime.decode_processes) as threads:
        list(threads.map(annotate, listed[:50]))  # the processes have started
        with timed(spent, "loop"):
            list(threads.map(annotate, listed))
    with timed(spent, "run"):
        result = run.run_catalog(source, warehouse=f"duckdb:{folder / 'motion.duckdb'}", settings=settings)
    assert result.record.annotated == count, result.record
    return {"count": count, "spent": spent}


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
    parser.add_argument("--sizes", type=int, nargs="*", default=SIZES)
    parser.add_argument("--real", type=int, metavar="N")
    parser.add_argument("--measure", type=int, help=argparse.SUPPRESS)
    parser.add_argument("--measure-real", type=int, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.measure or arguments.measure_real:
        with tempfile.TemporaryDirectory() as folder:
            found = (
                measure(arguments.measure, Path(folder))
                if arguments.measure
                else measure_real(arguments.measure_real, Path(folder))
            )
        print(json.dumps(found))
        return
    if arguments.sizes:
        print(f"{'':8} {'milliseconds a clip':^35} {'s':>6} {'memory, MB more':>23} {'MB':>9}")
        print(
            f"{'objects':>8} {'plan':>8} {'stage':>8} {'commit':>8} {'all':>8} {'again':>6} "
            f"{'plan':>7} {'run':>7} {'again':>7} {'warehouse':>9}"
        )
    for size in arguments.sizes:
        found = in_a_process("--measure", size)
        spent, mb = found["spent"], found["mb"]
        each = [1000 * spent[step] / size for step in ("plan", "stage", "commit")]
        steps = " ".join(f"{ms:8.2f}" for ms in [*each, sum(each)])
        memory = " ".join(f"{mb[step]:7.0f}" for step in ("plan", "run", "again"))
        print(
            f"{size:8} {steps} {spent['second run']:6.1f} {memory} {found['warehouse_mb']:9.1f}", flush=True
        )
    if arguments.real:
        spent = in_a_process("--measure-real", arguments.real)["spent"]
        loop, whole = (1000 * spent[step] / arguments.real for step in ("loop", "run"))
        print(
            f"{arguments.real} real videos: {whole:.1f} ms a clip as a run, {loop:.1f} as a plain loop: "
            f"{whole / loop:.2f} times as long"
        )


def in_a_process(option: str, size: int) -> dict[str, Any]:
    """What a measurement printed that had a process of its own."""
    command = [sys.executable, "-m", "benchmarks.scale", option, str(size)]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    return json.loads(done.stdout.splitlines()[-1])


if __name__ == "__main__":
    main()
