"""What a clip's file costs and how large it is, as ratios to a pure decode and to the source.

    python benchmarks/cutting.py [CLIPS ...] [--repeats N]

For each clip and preset of x264 at the default quality, in this process, on one thread, processor time:
  cut   decode, convert and encode, over a decode whose frames are thrown away
  size  bytes of the file over those of the source
  psnr  of the luma, dB, against the source's frames

CLIPS are files or folders; without them the program renders two scenes in 720p.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import av
import cv2
import numpy as np

from motionsight_core import Clip, Settings, clips_of
from motionsight_core.synthetic import render_catalog
from motionsight_core.video.clip_file import clip_file
from motionsight_core.video.pixels import plane

PRESETS = ("ultrafast", "veryfast", "medium")


def pure_decode(path: str) -> None:
    """The floor: every frame decoded, none used."""
    with av.open(path) as container:
        stream = container.streams.video[0]
        stream.codec_context.thread_count = 1
        for _ in container.decode(stream):
            pass


def cut(clip: Clip, settings: Settings, target: Path) -> None:
    with target.open("wb") as file:
        for part in clip_file(clip, settings, made_with="benchmark"):
            file.seek(part.offset)
            file.write(part.data.data)


def psnr(source: str, target: Path) -> float:
    """Of the luma, over all frames, dB; for planar sources of 8 bits without rotation."""
    errors = []
    with av.open(source) as one, av.open(str(target)) as other:
        for ours, theirs in zip(one.decode(video=0), other.decode(video=0), strict=True):
            # Planes as they are coded: a conversion to grey would depend on what each file says of its range.
            before, after = plane(ours, 0), plane(theirs, 0)
            height, width = after.shape
            errors.append(float(np.mean((before[:height, :width].astype(np.float32) - after) ** 2)))
    return 10 * float(np.log10(255**2 / np.mean(errors)))


def processor_s(action: Callable[[], object]) -> float:
    began = time.process_time()
    action()
    return time.process_time() - began


def over_decode(clip: Clip, settings: Settings, target: Path) -> float:
    """Processor time of a cut over that of a decode."""
    return processor_s(lambda: cut(clip, settings, target)) / processor_s(lambda: pure_decode(clip.uri))


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("clips", nargs="*", metavar="CLIPS", help="files or folders of videos")
    parser.add_argument("--repeats", type=int, default=3)
    arguments = parser.parse_args()
    cv2.setNumThreads(1)
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder) / "cut.mp4"
        if not arguments.clips:
            render_catalog(Path(folder) / "scenes", count=2, width=1280, height=720, duration_s=3.0)
        sources = arguments.clips or [str(Path(folder) / "scenes")]
        print(f"{'clip':32} {'preset':10} {'cut':>7} {'size':>6} {'psnr':>6}")
        for clip in (clip for source in sources for clip in clips_of(source, Settings())):
            pure_decode(clip.uri)  # the file into the page cache
            for preset in PRESETS:
                settings = Settings.load(environment={}, overrides=[f"media.preset={preset}"])
                ratios = [over_decode(clip, settings, target) for _ in range(arguments.repeats)]
                size = target.stat().st_size / Path(clip.uri).stat().st_size
                row = f"{statistics.median(ratios):6.1f}x {size:5.2f}x {psnr(clip.uri, target):6.1f}"
                print(f"{Path(clip.uri).name[:32]:32} {preset:10} {row}", flush=True)


if __name__ == "__main__":
    main()
