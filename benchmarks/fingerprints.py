"""How far edited copies of clips are from their originals, and what comparing a hundred thousand costs.

    python -m benchmarks.fingerprints [--seeds 911,912] [--clips FOLDER] [--cost]

Copies are encoded where the encoding is the edit, and made of the original's frames otherwise.
"""

from __future__ import annotations

import argparse
import io
import itertools
import resource
import statistics
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TypeAlias

import av
import cv2
import numpy as np
from numpy.typing import NDArray

from motionsight_core.dataset.clusters import clusters_of
from motionsight_core.dataset.fingerprints import distance, fingerprint_of
from motionsight_core.synthetic import render_catalog

Frames: TypeAlias = list[NDArray[np.uint8]]

#: Frames of a clip that are read at most, and their width.
_MOST, _WIDTH = 450, 480
_LUMA_WIDTH = 320


def read(video: str | io.BytesIO) -> tuple[Frames, float]:
    """Frames [H, W, 3] RGB, and their rate."""
    frames: Frames = []
    container: Any = av.open(video)
    with container:
        stream = container.streams.video[0]
        for frame in itertools.islice(container.decode(stream), _MOST):
            frames.append(narrowed(frame.to_ndarray(format="rgb24"), _WIDTH))
        return frames, float(stream.average_rate or 25)


def narrowed(pixels: Any, width: int) -> NDArray[np.uint8]:
    if pixels.shape[1] <= width:
        return pixels
    height = round(pixels.shape[0] * width / pixels.shape[1] / 2) * 2
    return np.asarray(cv2.resize(pixels, (width, height), interpolation=cv2.INTER_AREA), np.uint8)


def encoded(frames: Frames, rate: float, crf: int, *, size: float = 1.0) -> Frames:
    height, width = (int(side * size) // 2 * 2 for side in frames[0].shape[:2])
    file = io.BytesIO()
    with av.open(file, "w", format="mp4") as container:
        stream: Any = container.add_stream(
            "libx264", rate=round(rate), options={"crf": str(crf), "preset": "ultrafast"}
        )
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        for pixels in frames:
            small = cv2.resize(pixels, (width, height), interpolation=cv2.INTER_AREA)
            frame = av.VideoFrame.from_ndarray(np.asarray(small, np.uint8), "rgb24")
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    file.seek(0)
    return read(file)[0]


def cropped(frames: Frames, share: float) -> Frames:
    height, width = frames[0].shape[:2]
    y, x = round(height * share), round(width * share)
    return [frame[y : height - y, x : width - x] for frame in frames]


def lit(frames: Frames, gain: float, level: int) -> Frames:
    return [np.clip(frame * np.float32(gain) + level, 0, 255).astype(np.uint8) for frame in frames]


def edits(frames: Frames, rate: float) -> Iterator[tuple[str, Frames]]:
    for crf in (18, 28, 40):
        yield f"crf {crf}", encoded(frames, rate, crf)
    yield "half the size, crf 23", encoded(frames, rate, 23, size=0.5)
    yield "quarter of the size, crf 28", encoded(frames, rate, 28, size=0.25)
    yield "half the rate", frames[::2]
    for share in (0.025, 0.05):
        yield f"{share:.1%} cropped a side", cropped(frames, share)
    yield "brighter by 30", lit(frames, 1.0, 30)
    yield "contrast 0.7", lit(frames, 0.7, 0)
    yield "contrast 1.4", lit(frames, 1.4, -20)
    yield "mirrored", [frame[:, ::-1] for frame in frames]
    for trim_s in (0.2, 0.4, 1.0, 2.0):
        count = round(trim_s * rate)
        if len(frames) - count > rate:
            yield f"begins {trim_s} s later", frames[count:]
            yield f"ends {trim_s} s earlier", frames[:-count]


def fingerprint(frames: Frames) -> str:
    chosen = [frames[(2 * place + 1) * len(frames) // 16] for place in range(8)]
    lumas = [cv2.cvtColor(np.ascontiguousarray(frame), cv2.COLOR_RGB2GRAY) for frame in chosen]
    return fingerprint_of([narrowed(luma, _LUMA_WIDTH) for luma in lumas])


def table(videos: list[Path]) -> None:
    """Print the distances."""
    found: dict[str, list[float]] = defaultdict(list)
    originals: list[str] = []
    for video in videos:
        frames, rate = read(str(video))
        originals.append(fingerprint(frames))
        for name, edited in edits(frames, rate):
            found[name].append(distance(originals[-1], fingerprint(edited)))
    found["another clip"] = [distance(a, b) for a, b in itertools.combinations(originals, 2)]
    print(f"{len(videos)} clips\n\n| edit | least | median | largest | within .15 | .2 | .25 |")
    print("| --- | --- | --- | --- | --- | --- | --- |")
    for name, far in found.items():
        shares = " | ".join(f"{sum(one <= most for one in far)}/{len(far)}" for most in (0.15, 0.2, 0.25))
        print(f"| {name} | {min(far):.3f} | {statistics.median(far):.3f} | {max(far):.3f} | {shares} |")


def cost(count: int = 100_000) -> None:
    """Print what it takes to cluster fingerprints of which a half are of clips in which nothing moves."""
    rng = np.random.default_rng(1)
    moving = rng.integers(0, 256, (count // 2, 64), np.uint8)
    still = np.tile(rng.integers(0, 256, (count - count // 2, 8), np.uint8), (1, 8))
    bits = np.concatenate([moving, still])
    fingerprints = {f"{index:032x}": one.tobytes().hex() for index, one in enumerate(bits)}
    began, worked = time.perf_counter(), time.process_time()
    clusters = len(set(clusters_of(fingerprints, distance=0.2).values()))
    took, cpu = time.perf_counter() - began, time.process_time() - worked
    memory_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    print(
        f"{count} fingerprints, {clusters} clusters: {took:.0f} s, {cpu:.0f} s of processors, {memory_mb} MB"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", default="911,912", help="of rendered scenes, twelve each")
    parser.add_argument("--clips", type=Path, help="a folder of other videos, in their place")
    parser.add_argument("--cost", action="store_true", help="what clustering costs, in place of the table")
    chosen = parser.parse_args()
    if chosen.cost:
        cost()
        return
    with tempfile.TemporaryDirectory() as folder:
        for seed in () if chosen.clips else chosen.seeds.split(","):
            render_catalog(Path(folder) / seed, count=12, seed=int(seed))
        table(sorted((chosen.clips or Path(folder)).rglob("*.mp4")))


if __name__ == "__main__":
    main()
