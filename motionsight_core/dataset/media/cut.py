"""Cuts a clip out of its source into an MP4 file of its own, exact to the frame."""

from __future__ import annotations

import json
import os
from contextlib import closing
from dataclasses import asdict, dataclass
from pathlib import Path

from pydantic import TypeAdapter

from motionsight_core.catalog import Clip, VideoObject
from motionsight_core.dataset.media.places import disk_errors, put, unfinished_file
from motionsight_core.errors import ClipError, Corrupt, UsageError
from motionsight_core.guarded.pool import DecoderPool, shared_decoder
from motionsight_core.settings import MediaSettings, Settings
from motionsight_core.stores import list_objects
from motionsight_core.stores.uploads import is_in_bucket, note_of
from motionsight_core.video.clip_file_parts import ClipFileFacts

#: Raise it when the code that writes clips' files changes their bytes, so that old ones are cut again.
_VERSION = 1
_FACTS = TypeAdapter(ClipFileFacts)


@dataclass(frozen=True, slots=True)
class CutClip:
    """A clip's file."""

    path: str
    """An MP4 file, or `gs://...` or `s3://...`."""
    frames: int
    lost_frames: int
    """Frames of the clip that could not be decoded, and are not in the file."""
    width: int
    """Pixels."""
    height: int
    first_s: float
    """When the file's first frame, at 0 in the file, is shown in the source, seconds: what to take from
    times in the source."""
    duration_s: float
    written: bool
    """Whether it was cut now; else it was there already."""


def cut_clip(clip: Clip, path: str, settings: Settings) -> CutClip:
    """Cut a clip into an MP4 file: H.264, 8 bits, 4:2:0, SDR, upright, square pixels, no sound.

    It has exactly the frames that a decode of the clip sees, at their own times, the first one at 0. The
    video is decoded and encoded in a guarded process. The file is decoded once before it is seen under its
    name, and its bytes are the same whenever it is cut. One that is there already, of this clip and with
    these settings, is left as it is.

    Args:
        path: of the file: on this machine, or `gs://bucket/name` or `s3://bucket/name`.

    Raises:
        ClipError: the clip cannot be read, decoded or cut; the others are not concerned.
        RunError: nothing can be written there.
    """
    made_with = _made_with(settings.media)
    decoder = shared_decoder(settings)
    facts = _stored(path, decoder, settings)
    if facts is not None and (facts.clip_id, facts.made_with) == (clip.clip_id, made_with):
        return _cut_clip(path, facts, written=False)
    with unfinished_file(path) as unfinished:
        facts = _write(clip, unfinished, made_with, decoder, path)
        _require_readable(unfinished, facts, decoder)
        note = json.dumps(asdict(facts))
        put(unfinished, path, content_type="video/mp4", note=note, stores=settings.stores)
    return _cut_clip(path, facts, written=True)


def _made_with(media: MediaSettings) -> str:
    return f"x264 crf={media.crf} preset={media.preset} version={_VERSION}"


def _stored(path: str, decoder: DecoderPool, settings: Settings) -> ClipFileFacts | None:
    """What the file that is there already is; None where there is none, or it is none of ours or damaged."""
    if not is_in_bucket(path):
        try:
            return decoder.facts_of_file(_object_at(path)) if Path(path).is_file() else None
        except (ClipError, UsageError):
            return None
    note = note_of(path, stores=settings.stores)
    try:
        return None if note is None else _FACTS.validate_json(note, strict=True)
    except ValueError:
        return None


def _write(clip: Clip, unfinished: Path, made_with: str, decoder: DecoderPool, path: str) -> ClipFileFacts:
    """Write what the guarded process gives, piece by piece."""
    facts: ClipFileFacts | None = None
    size = 0
    with disk_errors(path):
        unfinished.touch(exist_ok=False)
    with closing(decoder.clip_file(clip, made_with=made_with)) as parts:
        for part in parts:
            with disk_errors(path), unfinished.open("r+b") as file:
                file.seek(part.offset)
                file.write(part.data.data)
            facts, size = part.facts, part.size
    # An attempt that failed half-way may have written more than the one that succeeded.
    os.truncate(unfinished, size)
    if facts is None or (facts.clip_id, facts.made_with) != (clip.clip_id, made_with):
        raise Corrupt("The clip's file is not the one that was asked for.")
    return facts


def _require_readable(unfinished: Path, facts: ClipFileFacts, decoder: DecoderPool) -> None:
    """Make sure that a trainer can read the file.

    Raises:
        Corrupt: it cannot be decoded to its last frame.
    """
    video = _object_at(str(unfinished))
    found = decoder.count_frames(video)
    if found != facts.frames:
        raise Corrupt(
            f"Of {facts.frames} frames of the clip's file {found} can be decoded; the file was not kept."
        )


def _object_at(path: str) -> VideoObject:
    (video,) = list_objects(path)
    if not isinstance(video, VideoObject):
        raise UsageError(f"{path!a} is not a name that a file can be read by.")
    return video


def _cut_clip(path: str, facts: ClipFileFacts, *, written: bool) -> CutClip:
    return CutClip(
        path=path,
        frames=facts.frames,
        lost_frames=facts.lost_frames,
        width=facts.width,
        height=facts.height,
        first_s=facts.first_s,
        duration_s=facts.duration_s,
        written=written,
    )
