"""What it costs to send decoded clips from machines that decode to machines with a GPU.

    python -m benchmarks.packing [CLIPS ...]

Per clip (rendered scenes where none are given): its decode, packing and unpacking as shares of that,
bytes a frame, and how near the frames are to what they were. Each step takes the best of three.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import numpy as np

from motionsight_core.catalog import Clip, VideoObject, split
from motionsight_core.clip import DecodedClip
from motionsight_core.stores import list_objects
from motionsight_core.synthetic import render_catalog
from motionsight_core.video.decoding import decode, probe
from motionsight_core.video.packing import pack, unpack

T = TypeVar("T")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("clips", nargs="*", type=Path, metavar="CLIPS")
    given = parser.parse_args().clips
    with tempfile.TemporaryDirectory() as folder:
        if not given:
            render_catalog(Path(folder), count=4, seed=0)
        print("clip                    size   decode s   pack   unpack   KB a frame     dB   of raw")
        for source in given or [Path(folder)]:
            for clip in _clips(source):
                print(_line(clip))


def _clips(source: Path) -> list[Clip]:
    videos = [item for item in list_objects(str(source)) if isinstance(item, VideoObject)]
    return [clip for video in videos for clip in split(video, duration_s=probe(video))]


def _line(clip: Clip) -> str:
    decode_s, decoded = _timed(lambda: decode(clip))
    pack_s, packed = _timed(lambda: pack(decoded))
    unpack_s, arrived = _timed(lambda: unpack(packed))
    before, after = _pixels(decoded), _pixels(arrived)
    frames = sum(map(len, before))
    wrong = sum(float(np.sum((a.astype(float) - b) ** 2)) for a, b in zip(before, after, strict=True))
    decibels = 10 * np.log10(255**2 * sum(a.size for a in before) / wrong)
    raw = sum(a.nbytes for a in before)
    size = f"{decoded.width}x{decoded.height}"
    return (
        f"{Path(clip.uri).name:20.20} {size:>9} {decode_s:9.3f} {pack_s / decode_s:8.3f} "
        f"{unpack_s / decode_s:8.3f} {len(packed.content) / frames / 1000:10.0f} {decibels:8.1f} "
        f"{len(packed.content) / raw:8.3f}"
    )


def _timed(step: Callable[[], T]) -> tuple[float, T]:
    best_s, result = float("inf"), step()
    for _ in range(3):
        started = time.perf_counter()
        result = step()
        best_s = min(best_s, time.perf_counter() - started)
    return best_s, result


def _pixels(decoded: DecodedClip) -> list[np.ndarray]:
    """Sampled and blurred frames."""
    return [frames.pixels for frames in (decoded.sampled, decoded.blurred) if frames is not None]


if __name__ == "__main__":
    main()
