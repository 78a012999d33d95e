"""The sampled frames of a clip as JPEG files, for trainers that read no video."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from motionsight_core.catalog import Clip
from motionsight_core.clip import FrameSequence
from motionsight_core.dataset.media.places import disk_errors, put, unfinished_file
from motionsight_core.errors import Corrupt, one_line
from motionsight_core.guarded.pool import shared_decoder
from motionsight_core.settings import Settings, StoreSettings
from motionsight_core.stores.uploads import is_in_bucket, note_of
from motionsight_core.video.jpeg import jpeg_of

#: Written last: a folder without it is not complete.
TIMES_FILE = "times.json"
_FRAME_FILES = "frame_*.jpg"
#: Raise it when the files change.
_VERSION = 1


@dataclass(frozen=True, slots=True)
class FrameFolder:
    """A folder with a clip's sampled frames, `frame_0000.jpg` and so on, and `times.json`."""

    path: str
    frames: int
    first_s: float
    """The clip's start in the source, seconds."""
    duration_s: float
    written: bool
    """Whether it was written now; else it was there already."""


def write_frames(clip: Clip, path: str, settings: Settings) -> FrameFolder:
    """Write the sampled frames of a clip (`settings.sampling`) as JPEG files of quality 90.

    `times.json` says of each file when its frame is shown, in seconds from the clip's start. A folder that is
    complete, of this clip and with these settings, is left as it is.

    Args:
        path: of the folder: on this machine, or below `gs://bucket/` or `s3://bucket/`.

    Raises:
        ClipError: the clip cannot be read or decoded; the others are not concerned.
        RunError: nothing can be written there.
    """
    frames = frames_at(path, clip, settings)
    if frames is None:
        sampled = shared_decoder(settings).decode(clip, products=["sampled"]).sampled
        if sampled is None:
            raise Corrupt("Not one frame of the clip can be decoded.")
        _write(sampled, clip, path, _note(clip, settings), settings.stores)
        frames = len(sampled)
        written = True
    else:
        written = False
    return FrameFolder(path, frames, clip.start_s, clip.end_s - clip.start_s, written)


def frames_at(path: str, clip: Clip, settings: Settings) -> int | None:
    """How many frames lie in a folder; None where it is not complete, or of other settings or another clip.

    Raises:
        RunError: the bucket does not answer.
    """
    return _stored(path, _note(clip, settings), settings.stores)


def frames_in(folder: Path) -> list[tuple[bytes, float]]:
    """The JPEG files of a folder's frames, and when each is shown, seconds after the clip's start.

    Raises:
        Corrupt: the folder is not whole.
    """
    try:
        frames = json.loads((folder / TIMES_FILE).read_text())["frames"]
        # A name alone: nothing outside of the folder is read.
        return [((folder / Path(frame["file"]).name).read_bytes(), float(frame["t_s"])) for frame in frames]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise Corrupt(f"{folder} is no whole folder of frames ({one_line(error)}).") from None


def frame_file(number: int) -> str:
    """The name of a frame's file, counted from 0."""
    return f"frame_{number:04d}.jpg"


def _note(clip: Clip, settings: Settings) -> str:
    return f"{clip.clip_id} {_made_with(settings)}"


def _made_with(settings: Settings) -> str:
    chosen: dict[str, Any] = {
        "sampling": settings.sampling.model_dump(mode="json"),
        "max_pixels": settings.referring.max_pixels,
        "scenes": settings.clips.scenes,
        "version": _VERSION,
    }
    return hashlib.sha256(json.dumps(chosen, sort_keys=True).encode()).hexdigest()[:16]


def _write(sampled: FrameSequence, clip: Clip, path: str, note: str, stores: StoreSettings) -> None:
    if not is_in_bucket(path):
        _empty(Path(path))
    names = [frame_file(number) for number in range(len(sampled))]
    for name, pixels in zip(names, sampled.pixels, strict=True):
        _put(jpeg_of(pixels), f"{path}/{name}", "image/jpeg", note, stores)
    times = [round(float(time_s) - clip.start_s, 6) for time_s in sampled.times_s]
    content = {
        "made_of": note,
        "clip_id": clip.clip_id,
        "frames": [{"file": name, "t_s": t_s} for name, t_s in zip(names, times, strict=True)],
    }
    # The number of frames stands in the note, so that one request tells whether the folder is complete.
    text = json.dumps(content, indent=1) + "\n"
    _put(text.encode(), f"{path}/{TIMES_FILE}", "application/json", f"{note} {len(names)}", stores)


def _put(content: bytes, path: str, content_type: str, note: str, stores: StoreSettings) -> None:
    with unfinished_file(path) as unfinished:
        with disk_errors(path):
            unfinished.write_bytes(content)
        put(unfinished, path, content_type=content_type, note=note, stores=stores)


def _empty(folder: Path) -> None:
    """Remove the frames of an earlier writing; its times first, so that it is not taken for complete."""
    with disk_errors(str(folder)):
        for file in (folder / TIMES_FILE, *folder.glob(_FRAME_FILES)):
            file.unlink(missing_ok=True)


def _stored(path: str, note: str, stores: StoreSettings) -> int | None:
    """How many frames there are already; None where the folder is not there, not complete or not the same."""
    if is_in_bucket(path):
        found, _, count = (note_of(f"{path}/{TIMES_FILE}", stores=stores) or "").rpartition(" ")
        return int(count) if found == note and count.isdigit() else None
    try:
        content = json.loads((Path(path) / TIMES_FILE).read_text())
        names = [frame["file"] for frame in content["frames"]]
        complete = content["made_of"] == note and all((Path(path) / name).is_file() for name in names)
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return len(names) if complete else None
