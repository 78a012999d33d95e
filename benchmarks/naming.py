"""What tracks are called: of rendered scenes, whose drawings should hardly get a name, and of real clips.

    python benchmarks/naming.py [CLIPS ...] [--count N] [--seed S]

Prints for each shape that is drawn how many tracks it has, and what they are called; then the tracks of
CLIPS, which are files or folders. No threshold was chosen on the seeds from 9001 on.
"""

from __future__ import annotations

import argparse
import tempfile
from collections import Counter, defaultdict
from pathlib import Path

import numpy as np

from motionsight_core import Settings, clips_of, decode
from motionsight_core.measure import MotionMeasurement
from motionsight_core.synthetic.random_scenes import random_scene
from motionsight_core.synthetic.rendering import render

SETTINGS = Settings.load(environment={})


def measured(path: Path) -> list[MotionMeasurement]:
    """Of each clip of a source."""
    found = (decode(clip, SETTINGS, products=("motion",)).motion for clip in clips_of(str(path), SETTINGS))
    return [motion for motion in found if motion is not None]


def names_of_scenes(count: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    labels: defaultdict[str, Counter[str]] = defaultdict(Counter)
    seen, scenes = 0, 0
    with tempfile.TemporaryDirectory() as folder:
        while scenes < count:
            scene = random_scene(rng, width=640, height=360)
            if not scene.sprites:
                continue
            scenes += 1
            path = Path(folder, f"{scenes}.mp4")
            render(scene, path)
            (motion,) = measured(path)
            labels[scene.sprites[0].shape].update(track.label for track in motion.tracks)
            seen += len(motion.detections)
            path.unlink()
    print(f"{count} rendered scenes with an object, seed {seed}; frames seen: {seen / count:.1f} a scene")
    for shape, counts in sorted(labels.items()):
        print(f"  {shape:8} {', '.join(f'{label} {number}' for label, number in counts.most_common())}")


def names_of_clips(sources: list[str]) -> None:
    for source in sources:
        for clip in clips_of(source, SETTINGS):
            motion = decode(clip, SETTINGS, products=("motion",)).motion
            scores = {name.track_id: name for name in motion.names} if motion else {}
            print(Path(clip.uri).name)
            for track in motion.tracks if motion else ():
                name = scores.get(track.track_id)
                score = f"{name.score:.2f}, {name.frames} frames agree" if name else ""
                print(f"  {track.start_s:6.1f} to {track.end_s:6.1f} s  {track.label:14} {score}")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("clips", nargs="*", metavar="CLIPS", help="files or folders of videos")
    parser.add_argument("--count", type=int, default=60)
    parser.add_argument("--seed", type=int, default=9001)
    arguments = parser.parse_args()
    if arguments.count:
        names_of_scenes(arguments.count, arguments.seed)
    names_of_clips(arguments.clips)


if __name__ == "__main__":
    main()
