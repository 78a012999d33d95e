"""Clips as files of the data set: cut, as frames, or nothing but a reference to the source."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from motionsight_core.catalog import Clip
from motionsight_core.errors import ClipError, one_line
from motionsight_core.settings import MediaKind, Settings


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


def write_media(clips: Sequence[Clip], folder: Path, settings: Settings) -> dict[str, str]:
    """Write the media of clips; files that are there and right are left.

    Args:
        clips: which.
        folder: of the data set.
        settings: `media.kind` says in which form; the limits are those of decoding.

    Returns:
        Why a clip could not be written, by clip_id.
    """
    if settings.media.kind == "reference" or not clips:
        return {}
    from motionsight_core.dataset import media  # it brings the encoder's processes

    place = folder / "media"
    place.mkdir(parents=True, exist_ok=True)

    def attempt(clip: Clip) -> str | None:
        try:
            media.write_media(clip, str(place), settings)
        except ClipError as error:
            return f"{error.name}: {one_line(error)}"
        return None

    with ThreadPoolExecutor(settings.runtime.decode_processes) as pool:
        reasons = zip(clips, pool.map(attempt, clips), strict=True)
        return {clip.clip_id: reason for clip, reason in reasons if reason is not None}
