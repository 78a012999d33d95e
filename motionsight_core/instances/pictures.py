"""Pictures of single objects: sharp crops, and frames with every object in a numbered box."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from motionsight_core.clip import FrameSequence
from motionsight_core.measure.clarity import clarity
from motionsight_core.prompts.crop import crop
from motionsight_core.record import ObjectTrack
from motionsight_core.referring import boxes_at
from motionsight_core.settings import Settings
from motionsight_core.video.pixels import reduced

#: Crops by which an object is looked at.
CROPS = 4
#: RGB of boxes, in turn; the number stands on a ground of the same colour, as in set-of-mark prompting
#: (arXiv 2310.11441).
COLOURS = (
    (230, 25, 75),
    (60, 180, 75),
    (0, 130, 200),
    (245, 130, 48),
    (145, 30, 180),
    (0, 128, 128),
    (170, 110, 40),
    (128, 0, 0),
)
_WHITE = (255, 255, 255)
_FONT = cv2.FONT_HERSHEY_SIMPLEX


def seen_at(track: ObjectTrack, times_s: NDArray[np.float64]) -> NDArray[np.intp]:
    """Positions of the sampled frames in which a track is."""
    return np.flatnonzero(~np.isnan(boxes_at([track], times_s)[0, :, 0]))


def sharp_crops(sampled: FrameSequence, track: ObjectTrack, settings: Settings) -> FrameSequence:
    """The object cut out of the frames in which it is sharpest and largest, in order of time.

    Args:
        sampled: V_s, as large as it is at hand.
        track: in at least one of the frames.
        settings: `focus.padding` is the margin, `sampling.max_pixels` the most pixels of a crop.

    Returns:
        At most CROPS pictures of one size.
    """
    frames = seen_at(track, sampled.times_s)
    boxes = boxes_at([track], sampled.times_s)[0]
    best = sorted(frames, key=lambda frame: -_worth(sampled.pixels[frame], boxes[frame]))[:CROPS]
    kept = np.array(sorted(best))
    margin = settings.focus.padding * np.array([-1.0, -1.0, 1.0, 1.0])
    regions = np.clip(boxes[kept] + margin, 0.0, 1.0)
    pixels = crop(sampled.pixels[kept], regions, max_pixels=settings.sampling.max_pixels)
    return FrameSequence(pixels, sampled.times_s[kept])


def boxed_frames(sampled: FrameSequence, tracks: Sequence[ObjectTrack], settings: Settings) -> FrameSequence:
    """The sampled frames as the MLLM sees them, with a box and its number around each track where it is.

    Args:
        sampled: V_s.
        tracks: all of the clip; a box has its track's number.
        settings: `sampling.max_pixels`.
    """
    # In a new array: reduced frames may be the sampled ones themselves.
    drawn = reduced(sampled.pixels, max_pixels=settings.sampling.max_pixels).copy()
    height, width = drawn.shape[1:3]
    thickness = max(1, round(max(width, height) / 250))
    boxes = boxes_at(tracks, sampled.times_s) * (width - 1, height - 1, width - 1, height - 1)
    for place, track in enumerate(tracks):
        colour = COLOURS[place % len(COLOURS)]
        for frame in np.flatnonzero(~np.isnan(boxes[place, :, 0])):
            x0, y0, x1, y1 = (round(float(side)) for side in boxes[place, frame])
            cv2.rectangle(drawn[frame], (x0, y0), (x1, y1), colour, thickness)
            _write_number(drawn[frame], (x0, y0), str(track.track_id), colour)
    return FrameSequence(drawn, sampled.times_s)


def _worth(pixels: NDArray[np.uint8], box: NDArray[np.float64]) -> float:
    """How much of an object a frame [H, W, 3] shows: its sharpness, and its size before that of a speck."""
    height, width = pixels.shape[:2]
    x0, y0, x1, y1 = np.clip(np.rint(box * (width, height, width, height)), 0, None).astype(int)
    inside = pixels[y0 : max(y1, y0 + 1), x0 : max(x1, x0 + 1)]
    if not inside.size:
        return 0.0
    luma = np.asarray(cv2.cvtColor(np.ascontiguousarray(inside), cv2.COLOR_RGB2GRAY), np.uint8)
    return (0.05 + clarity(luma)) * inside.size**0.5


def _write_number(
    image: NDArray[np.uint8], corner: tuple[int, int], number: str, colour: tuple[int, int, int]
) -> None:
    scale = max(0.4, max(image.shape[:2]) / 1000)
    (width, height), _ = cv2.getTextSize(number, _FONT, scale, 1)
    width, height = width + 4, height + 4
    # Above the box, where it hides nothing of a small object; in any case within the frame.
    x = min(max(corner[0], 0), max(image.shape[1] - width, 0))
    y = corner[1] - height if corner[1] >= height else min(max(corner[1], 0), max(image.shape[0] - height, 0))
    cv2.rectangle(image, (x, y), (x + width - 1, y + height - 1), colour, cv2.FILLED)
    cv2.putText(image, number, (x + 2, y + height - 3), _FONT, scale, _WHITE, 1, cv2.LINE_AA)
