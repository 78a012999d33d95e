"""What it costs to take a long video in pieces, as ratios to one plain decode of the same file.

    python benchmarks/windows.py [VIDEOS ...] [--window_s 10] [--repeats N]

For each video, interleaved, in this process and on one thread:
  decode     PyAV decodes every frame and throws it away: the floor
  whole      the whole video as one clip: all its products
  windows    all its windows one after the other, each decoded for all products
  half       the windows of the first half; where cost is linear, half of the column before
  scenes     all its scenes in one pass, for all products
  cuts       its scenes in one pass, for none: what looking for cuts alone costs

VIDEOS are files or folders; without them the program renders five minutes in 720p with a cut
every ten seconds.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import cv2

from motionsight_core import Settings, decode
from motionsight_core.catalog import VideoObject, split
from motionsight_core.clip import ALL_PRODUCTS
from motionsight_core.stores import list_objects
from motionsight_core.synthetic import render_catalog
from motionsight_core.video.decoding import decode_scenes, probe

COLUMNS = ("whole", "windows", "half", "scenes", "cuts")


def pure_decode(path: str) -> None:
    """The floor: every frame decoded, none used."""
    with av.open(path) as container:
        stream = container.streams.video[0]
        stream.codec_context.thread_count = 1
        for _ in container.decode(stream):
            pass


def compare(video: VideoObject, window_s: float, repeats: int) -> tuple[float, dict[str, float]]:
    """Median seconds of a plain decode, and the median ratio of each column to it."""
    whole = settings()
    scenes = settings("clips.scenes=true", f"clips.window_s={window_s}")
    duration_s = probe(video)
    (clip,) = split(video, duration_s=duration_s)
    windows = split(video, duration_s=duration_s, window_s=window_s)

    def all_of(clips: Sequence[Any]) -> None:
        # Each worker begins without an index of the video.
        for window in clips:
            decode(window, whole)

    actions: dict[str, Callable[[], object]] = {
        "whole": lambda: decode(clip, whole),
        "windows": lambda: all_of(windows),
        "half": lambda: all_of(windows[: len(windows) // 2]),
        "scenes": lambda: sum(1 for _ in decode_scenes(video, scenes, products=ALL_PRODUCTS)),
        "cuts": lambda: sum(1 for _ in decode_scenes(video, scenes, products=())),
    }
    pure_decode(video.uri)  # the file into the page cache
    floors: list[float] = []
    ratios: dict[str, list[float]] = {name: [] for name in actions}
    for _ in range(repeats):
        floor = seconds(lambda: pure_decode(video.uri))
        floors.append(floor)
        for name, action in actions.items():
            ratios[name].append(seconds(action) / floor)
    return statistics.median(floors), {name: statistics.median(found) for name, found in ratios.items()}


def render_long(folder: Path, *, duration_s: float) -> Path:
    """A long video with hard cuts: a few rendered scenes, repeated packet by packet."""
    parts = folder / "parts"
    render_catalog(parts, count=5, width=1280, height=720, duration_s=10.0)
    sources = sorted(parts.glob("*.mp4"))
    path = folder / "long.mp4"
    with av.open(str(path), "w") as target:
        stream: Any = None
        offset_s = Fraction(0)
        while offset_s < duration_s:
            for source in sources:
                with av.open(str(source)) as container:
                    video = container.streams.video[0]
                    stream = stream or target.add_stream_from_template(video)
                    base = Fraction(video.time_base or 1)
                    for packet in container.demux(video):
                        if packet.dts is None or packet.pts is None:
                            continue
                        packet.stream = stream
                        packet.pts += round(offset_s / base)
                        packet.dts += round(offset_s / base)
                        target.mux(packet)
                    offset_s += Fraction(video.duration or 0) * base
    return path


def settings(*overrides: str) -> Settings:
    return Settings.load(overrides=overrides, environment={})


def seconds(action: Callable[[], object]) -> float:
    """Processor time: other work on the machine does not count."""
    began = time.process_time()
    action()
    return time.process_time() - began


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("videos", nargs="*", metavar="VIDEOS", help="files or folders of videos")
    parser.add_argument("--window_s", type=float, default=10.0)
    parser.add_argument("--duration_s", type=float, default=300.0, help="of the rendered video")
    parser.add_argument("--repeats", type=int, default=3)
    arguments = parser.parse_args()
    # One thread, as in the guarded processes: the ratios are of work, not of idle cores.
    cv2.setNumThreads(1)
    with tempfile.TemporaryDirectory() as folder:
        sources = arguments.videos or [str(render_long(Path(folder), duration_s=arguments.duration_s))]
        print(f"{'video':32} {'decode s':>9}" + "".join(f" {name:>8}" for name in COLUMNS))
        for video in (item for source in sources for item in list_objects(source)):
            if isinstance(video, VideoObject):
                floor, ratios = compare(video, arguments.window_s, arguments.repeats)
                columns = "".join(f" {ratios[name]:7.2f}x" for name in COLUMNS)
                print(f"{Path(video.uri).name[:32]:32} {floor:9.2f}{columns}", flush=True)


if __name__ == "__main__":
    main()
