"""Clips as files of the data set: cut, as frames, or nothing but a reference to the source."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeAlias

from motionsight_core.catalog import Clip
from motionsight_core.errors import ClipError, one_line
from motionsight_core.settings import MediaKind, Settings

#: Writes one clip to a path; raises ClipError where it cannot. A file that is there and right is left.
Writer: TypeAlias = Callable[[Clip, str, Settings], Any]


def media_name(clip: Clip, media: MediaKind) -> str:
    """What the data set calls a clip's media: a file or folder in it, or the uri of the source."""
    if media == "cut":
        return f"media/{clip.clip_id}.mp4"
    return f"media/{clip.clip_id}" if media == "frames" else clip.uri


def media_paths(folder: Path, clip: Clip, media: MediaKind) -> tuple[str, ...]:
    """The files of a clip, as the data set names them: one, or a frame's each in their order."""
    name = media_name(clip, media)
    if media != "frames":
        return (name,)
    return tuple(f"{name}/{frame.name}" for frame in sorted((folder / name).glob("*.jpg")))


def write_media(
    clips: Sequence[Clip],
    folder: Path,
    settings: Settings,
    *,
    writer: Writer | None = None,
) -> dict[str, str]:
    """Write the media of clips.

    Args:
        clips: which.
        folder: of the data set.
        settings: `media.kind` says in which form; the limits are those of decoding.
        writer: what writes one; by default that of the form.

    Returns:
        Why a clip could not be written, by clip_id.
    """
    media = settings.media.kind
    if media == "reference" or not clips:
        return {}
    write = writer or _writer(media)
    (folder / "media").mkdir(parents=True, exist_ok=True)

    def attempt(clip: Clip) -> str | None:
        try:
            write(clip, str(folder / media_name(clip, media)), settings)
        except ClipError as error:
            return f"{error.name}: {one_line(error)}"
        return None

    with ThreadPoolExecutor(settings.runtime.decode_processes) as pool:
        reasons = zip(clips, pool.map(attempt, clips), strict=True)
        return {clip.clip_id: reason for clip, reason in reasons if reason is not None}


def _writer(media: MediaKind) -> Writer:
    from motionsight_core.dataset import media as files

    return files.cut_clip if media == "cut" else files.write_frames
