"""What a clip costs before any model sees it, as ratios to a pure decode of the same file.

    python benchmarks/preprocess.py [CLIPS ...] [--repeats N]

For each clip, interleaved and in this process, on one thread:
  decode       PyAV decodes every frame and throws it away: the floor
  preparation  sampled, blurred and spotlit frames
  measured     the measured annotation with naming.model=none: decode, measure, describe
  named        the same with names by the packaged detector
Then, for all clips, the throughput of two guarded decoding processes over that of one.

CLIPS are files or folders; without them the program renders a few scenes in 720p.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from queue import Empty, SimpleQueue

import av
import cv2

from motionsight_core import Clip, MotionSight, Settings, clips_of, decode
from motionsight_core.guarded.pool import DecoderPool, close_shared_decoders
from motionsight_core.prompts import spotlit_frames
from motionsight_core.synthetic import render_catalog

SETTINGS = Settings.load(environment={})
UNNAMED = Settings.load(environment={}, overrides=["naming.model=none"])


def pure_decode(path: str) -> None:
    """The floor: every frame decoded, none used."""
    with av.open(path) as container:
        stream = container.streams.video[0]
        stream.codec_context.thread_count = 1
        for _ in container.decode(stream):
            pass


def compare(clip: Clip, repeats: int) -> tuple[float, float, float, float]:
    """Median seconds of a decode; median ratios of preparation, and of annotation without and with names."""
    motion = decode(clip, SETTINGS, products=("motion",)).motion
    assert motion is not None

    def prepare() -> None:
        decoded = decode(clip, SETTINGS, products=("sampled", "blurred"))
        spotlit_frames(decoded, motion.tracks, SETTINGS)

    def annotate(settings: Settings) -> None:
        sight = MotionSight(settings)
        sight.describe([decode(clip, settings, products=sight.products)])

    pure_decode(clip.uri)  # the file into the page cache
    floors, preparations, measured, named = [], [], [], []
    for _ in range(repeats):
        floor = seconds(lambda: pure_decode(clip.uri))
        floors.append(floor)
        preparations.append(seconds(prepare) / floor)
        measured.append(seconds(lambda: annotate(UNNAMED)) / floor)
        named.append(seconds(lambda: annotate(SETTINGS)) / floor)
    floor, *ratios = map(statistics.median, (floors, preparations, measured, named))
    return floor, ratios[0], ratios[1], ratios[2]


def scaling(clips: Sequence[Clip], repeats: int) -> float:
    """Throughput of two decoding processes over that of one, median of interleaved repeats."""
    work = list(clips) * max(1, 24 // len(clips))
    ratios = []
    pools = {count: DecoderPool(with_processes(count)) for count in (1, 2)}
    for pool in pools.values():
        throughput(pool, clips, 2)  # processes started, imports done
    for _ in range(repeats):
        one, two = (throughput(pools[count], work, count) for count in (1, 2))
        ratios.append(two / one)
    for pool in pools.values():
        pool.close()
    return statistics.median(ratios)


def with_processes(count: int) -> Settings:
    return Settings.load(overrides=[f"runtime.decode_processes={count}"], environment={})


def throughput(pool: DecoderPool, clips: Sequence[Clip], threads: int) -> float:
    """Clips per second, measured annotation, `threads` callers."""
    sight = MotionSight(SETTINGS)
    queue: SimpleQueue[Clip] = SimpleQueue()
    for clip in clips:
        queue.put(clip)

    def work() -> None:
        while True:
            try:
                clip = queue.get_nowait()
            except Empty:
                return
            sight.describe([pool.decode(clip, products=sight.products)])

    workers = [threading.Thread(target=work) for _ in range(threads)]

    def run() -> None:
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()

    return len(clips) / seconds(run)


def seconds(action: Callable[[], object]) -> float:
    began = time.perf_counter()
    action()
    return time.perf_counter() - began


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("clips", nargs="*", metavar="CLIPS", help="files or folders of videos")
    parser.add_argument("--repeats", type=int, default=5)
    arguments = parser.parse_args()
    # One thread, as in the guarded processes: the ratios are of work, not of idle cores.
    cv2.setNumThreads(1)
    with tempfile.TemporaryDirectory() as folder:
        if not arguments.clips:
            render_catalog(Path(folder), count=4, width=1280, height=720, duration_s=6.0)
        clips = [clip for source in arguments.clips or [folder] for clip in clips_of(source, SETTINGS)]
        close_shared_decoders()
        print(f"{'clip':32} {'decode s':>9} {'preparation':>12} {'measured':>9} {'named':>9}")
        for clip in clips:
            floor, preparation, measured, named = compare(clip, arguments.repeats)
            ratios = f"{preparation:11.2f}x {measured:8.2f}x {named:8.2f}x"
            print(f"{Path(clip.uri).name[:32]:32} {floor:9.3f} {ratios}", flush=True)
        print(f"two decoding processes over one: {scaling(clips, min(3, arguments.repeats)):.2f}x")


if __name__ == "__main__":
    one_thread = {"OPENBLAS_NUM_THREADS": "1"}  # read when NumPy is imported; so in the guarded processes
    if not one_thread.items() <= os.environ.items():
        os.execve(sys.executable, [sys.executable, *sys.orig_argv[1:]], {**os.environ, **one_thread})  # noqa: S606
    main()
