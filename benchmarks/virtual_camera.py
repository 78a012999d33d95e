"""How right the camera's moves are on real pictures: what a still camera took, seen by one that moves in it.

    python -m benchmarks.virtual_camera VIDEO ... [--seconds 4] [--every 5] [--tracks]

What a video shows, people and wind and noise, is real; how the camera moves is known, since a window of two
thirds of the picture moves over it: pans, tilts, zooms, rolls, two at once, one after the other, with and
without shake. The videos must come from a camera that stands still; pieces of them are taken from the start
on, `--every` so many seconds. Prints how many sets of labels are right for each motion, and how far the rates
are off; with `--tracks` what is found to move in each.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
from numpy.typing import NDArray

from benchmarks._scenes_drawn import measured
from motionsight_core.measure import MotionMeasurement
from motionsight_core.synthetic.scene import Encoding
from motionsight_core.synthetic.video_file import write_video

Picture = NDArray[np.uint8]

#: Width of the video that the virtual camera takes, pixels, and of what it sees, share of the picture.
WIDTH = 640
SEEN = 0.65


@dataclass(frozen=True, slots=True)
class Pose:
    """Where the virtual camera looks."""

    right: float = 0.0
    """From the middle of the picture, widths of what it sees."""
    up: float = 0.0
    """The same in heights."""
    zoom: float = 0.0
    """Natural log of the scale."""
    clockwise: float = 0.0
    """Degrees."""


@dataclass(frozen=True, slots=True)
class Motion:
    """What the virtual camera does."""

    pose_at: Callable[[float], Pose]
    """Its pose at so many seconds before (below 0) or after the middle of a piece."""
    rates: Mapping[str, float]
    """The labels that are right, with the rates in the units of `camera_moves`."""


def shaken(pose_at: Callable[[float], Pose]) -> Callable[[float], Pose]:
    """The same from a hand that shakes, by 0.8 % of the width and 2 % of the height."""

    def pose(at_s: float) -> Pose:
        calm = pose_at(at_s)
        right, up = (
            0.007 * np.sin(first * at_s) + 0.005 * np.sin(second * at_s + 1)
            for first, second in ((11.9, 19.5), (14.5, 23.2))
        )
        return Pose(calm.right + float(right), calm.up + float(up), calm.zoom, calm.clockwise)

    return pose


def still(at_s: float) -> Pose:
    return Pose()


def pan(at_s: float) -> Pose:
    return Pose(right=0.06 * at_s)


MOTIONS: dict[str, Motion] = {
    "static": Motion(still, {"static": 0.0}),
    "slow pan": Motion(lambda at_s: Pose(right=0.02 * at_s), {"pan_right": 0.02}),
    "pan right": Motion(lambda at_s: Pose(right=0.1 * at_s), {"pan_right": 0.1}),
    "pan left": Motion(lambda at_s: Pose(right=-0.05 * at_s), {"pan_left": 0.05}),
    "tilt up": Motion(lambda at_s: Pose(up=0.05 * at_s), {"tilt_up": 0.05}),
    "tilt down": Motion(lambda at_s: Pose(up=-0.1 * at_s), {"tilt_down": 0.1}),
    "zoom in": Motion(lambda at_s: Pose(zoom=0.08 * at_s), {"zoom_in": 0.08}),
    "zoom out": Motion(lambda at_s: Pose(zoom=-0.05 * at_s), {"zoom_out": 0.05}),
    "roll": Motion(lambda at_s: Pose(clockwise=3 * at_s), {"roll_cw": 3.0}),
    "pan and zoom": Motion(
        lambda at_s: Pose(right=0.05 * at_s, zoom=0.08 * at_s), {"pan_right": 0.05, "zoom_in": 0.08}
    ),
    "pan, then tilt": Motion(
        lambda at_s: Pose(right=0.08 * min(at_s, 0.0), up=-0.08 * max(at_s, 0.0)),
        {"pan_right": 0.08, "tilt_down": 0.08},
    ),
    "shake": Motion(shaken(still), {"static": 0.0}),
    "shaken pan": Motion(shaken(pan), {"pan_right": 0.06}),
}


def size_of(picture: Picture) -> tuple[int, int]:
    """Width and height of what the virtual camera takes of a picture [H, W, 3]: of its shape, and even."""
    height, width = picture.shape[:2]
    return WIDTH, round(WIDTH * height / width) // 2 * 2


def seen(picture: Picture, pose: Pose) -> Picture:
    """What the virtual camera sees of a picture [H, W, 3], WIDTH pixels wide and of the same shape."""
    height, width = picture.shape[:2]
    scale = SEEN * width / WIDTH * float(np.exp(-pose.zoom))
    size = size_of(picture)
    turn = scale * cv2.getRotationMatrix2D((0, 0), -pose.clockwise, 1.0)[:, :2]
    # What lies in the middle of the view is not scaled: a pan goes as far at any zoom.
    looked_at = np.array([width * (0.5 + SEEN * pose.right), height * (0.5 - SEEN * pose.up)])
    corner = looked_at - turn @ (np.array(size) / 2)
    view = cv2.warpAffine(
        picture,
        np.column_stack([turn, corner]),
        size,
        flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
        borderMode=cv2.BORDER_REFLECT,
    )
    return np.asarray(view, np.uint8)


def pieces(video: Path, seconds: float, every: float) -> Iterator[tuple[float, float, list[Picture]]]:
    """Start, frames per second and pictures [H, W, 3] of the pieces of a video."""
    with av.open(str(video)) as container:
        stream = container.streams.video[0]
        fps = float(stream.average_rate or 25)
        count, step = round(seconds * fps), max(1, round(every * fps))
        first, pictures = 0, []
        for number, frame in enumerate(container.decode(stream)):
            if number < first:
                continue
            pictures.append(np.asarray(frame.to_ndarray(format="rgb24"), np.uint8))
            if len(pictures) == count:
                yield first / fps, fps, pictures
                first, pictures = first + step, pictures[step:]


def taken(pictures: list[Picture], fps: float, motion: Motion, path: Path) -> MotionMeasurement:
    """What is measured of a piece as the virtual camera takes it."""
    middle_s = len(pictures) / fps / 2
    views = (
        seen(picture, motion.pose_at(number / fps - middle_s)) for number, picture in enumerate(pictures)
    )
    write_video(views, path, size=size_of(pictures[0]), fps=fps, encoding=Encoding())
    return measured(path)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("videos", type=Path, nargs="+", metavar="VIDEO")
    parser.add_argument("--seconds", type=float, default=4.0, help="length of a piece")
    parser.add_argument("--every", type=float, default=5.0, help="from the start of one piece to the next")
    parser.add_argument("--tracks", action="store_true", help="list what moves")
    options: Any = parser.parse_args()
    cv2.setNumThreads(1)
    right: dict[str, list[bool]] = {name: [] for name in MOTIONS}
    errors: dict[str, list[float]] = {name: [] for name in MOTIONS}
    with tempfile.TemporaryDirectory() as folder:
        for video in options.videos:
            for start_s, fps, pictures in pieces(video, options.seconds, options.every):
                for name, motion in MOTIONS.items():
                    found = taken(pictures, fps, motion, Path(folder, "taken.mp4"))
                    said = {move.label for move in found.camera_moves}
                    right[name].append(said == set(motion.rates))
                    errors[name] += [
                        abs(move.rate / motion.rates[move.label] - 1)
                        for move in found.camera_moves
                        if motion.rates.get(move.label)
                    ]
                    if options.tracks or not right[name][-1]:
                        tracks = ", ".join(f"{one.label} ({one.score:.2f})" for one in found.tracks)
                        print(
                            f"{video.name} from {start_s:.1f} s, {name}: {', '.join(sorted(said))}; {tracks}"
                        )
    print(f"\n{'motion':16}{'right':>9}{'rates off by (median)':>24}")
    for name in MOTIONS:
        off = f"{statistics.median(errors[name]):.1%}" if errors[name] else ""
        print(f"{name:16}{f'{sum(right[name])} of {len(right[name])}':>9}{off:>24}")
    total = [one for answers in right.values() for one in answers]
    off = [one for values in errors.values() for one in values]
    print(f"{'all':16}{f'{sum(total)} of {len(total)}':>9}{f'{statistics.median(off):.1%}':>24}")


if __name__ == "__main__":
    main()
