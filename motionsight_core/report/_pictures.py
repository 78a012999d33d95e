"""The evidence for a clip: its sampled frames, spotlit and blurred, and how its camera moved.

Made in the same guarded decode as the row itself. Boxes and trails are no part of the pictures: the page
draws them over them, from the row, so that they can be taken off again.
"""

from __future__ import annotations

import base64
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import numpy as np
from numpy.typing import NDArray

from motionsight_core.catalog import Clip
from motionsight_core.clip import DecodedClip
from motionsight_core.errors import ClipError, MotionSightError
from motionsight_core.guarded.pool import shared_decoder
from motionsight_core.measure.types import CameraPath
from motionsight_core.prompts import spotlit_frames
from motionsight_core.record import Box, ObjectTrack
from motionsight_core.report._selection import Row
from motionsight_core.settings import Settings
from motionsight_core.video.jpeg import jpeg_of

#: Frames of a film strip: so many stand side by side on a card.
FRAMES = 6
#: Of each; 480 x 270.
MAX_PIXELS = 129_600
#: Of 100. Blurred and darkened frames have little detail to lose.
_QUALITY = {"sampled": 78, "spotlit": 72, "blurred": 72}


def pictured(rows: Iterable[Row], settings: Settings) -> Iterator[tuple[str, dict[str, Any]]]:
    """clip_id and pictures of each row, in order, decoded side by side.

    The pictures hold `times` (source seconds), `sampled`, `spotlit` and `blurred` (JPEGs in base64;
    `spotlit` is empty where the row has no tracks) and `path`; where a video is gone or cannot be
    decoded any more, they hold the `reason` instead.
    """
    own = _own_settings(settings)
    with ThreadPoolExecutor(settings.runtime.decode_processes) as threads:
        # A few ahead of the one that is written, no more: pictures are large.
        for row, pictures in _ahead(
            threads, lambda row: _of_row(row, own), rows, by=2 * settings.runtime.decode_processes
        ):
            yield row["clip_id"], pictures


def _own_settings(settings: Settings) -> Settings:
    """The settings, with as many and as large frames as a page shows."""
    small = min(MAX_PIXELS, settings.sampling.max_pixels)
    sampling = settings.sampling.model_copy(update={"frames": FRAMES, "fps": None, "max_pixels": small})
    referring = settings.referring.model_copy(update={"max_pixels": small})
    return settings.model_copy(update={"sampling": sampling, "referring": referring})


def _ahead(
    threads: ThreadPoolExecutor, work: Callable[[Row], dict[str, Any]], rows: Iterable[Row], *, by: int
) -> Iterator[tuple[Row, dict[str, Any]]]:
    """Each row with what the work makes of it, in order; `by` rows are in work at a time."""
    begun: deque[tuple[Row, Future[dict[str, Any]]]] = deque()
    for row in rows:
        begun.append((row, threads.submit(work, row)))
        if len(begun) > by:
            first, future = begun.popleft()
            yield first, future.result()
    for first, future in begun:
        yield first, future.result()


def _of_row(row: Row, settings: Settings) -> dict[str, Any]:
    clip = Clip(row["uri"], row["version"], row["start_s"], row["end_s"])
    try:
        decoded = shared_decoder(settings).decode(clip)
        return _drawn(decoded, _tracks(row), settings)
    except MotionSightError as error:
        name = error.name if isinstance(error, ClipError) else type(error).__name__
        return {"error": name, "reason": str(error)}


def _drawn(decoded: DecodedClip, tracks: list[ObjectTrack], settings: Settings) -> dict[str, Any]:
    if decoded.sampled is None or decoded.blurred is None:
        return {"error": "NoFrames", "reason": "The clip has no frame that can be shown."}
    spotlit = spotlit_frames(decoded, tracks, settings).pixels if tracks else ()
    return {
        "times": [round(float(t_s), 3) for t_s in decoded.sampled.times_s],
        "sampled": _files("sampled", decoded.sampled.pixels),
        "spotlit": _files("spotlit", spotlit),
        "blurred": _files("blurred", decoded.blurred.pixels),
        "path": _path(decoded.motion.camera_path) if decoded.motion else None,
    }


def _tracks(row: Row) -> list[ObjectTrack]:
    """The row's tracks, as the prompts take them."""
    return [
        ObjectTrack(**(track | {"boxes": tuple(Box(**box) for box in track["boxes"])}))
        for track in row["object_tracks"] or []
        if track["boxes"]
    ]


def _files(kind: str, frames: Iterable[NDArray[np.uint8]]) -> list[str]:
    files = (jpeg_of(frame, quality=_QUALITY[kind], optimize=True) for frame in frames)
    return [base64.b64encode(file).decode() for file in files]


def _path(path: CameraPath) -> dict[str, list[float]]:
    """The camera's velocities as they were measured; noise below four decimals is left out."""
    names = ("t_s", "pan", "tilt", "zoom", "roll")
    return {name: [round(float(value), 4) for value in getattr(path, name)] for name in names}
