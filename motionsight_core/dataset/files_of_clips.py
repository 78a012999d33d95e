"""Clips as files of the data set: cut, as frames, or nothing but a reference to the source."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from motionsight_core.catalog import Clip
from motionsight_core.errors import ClipError, RunError, one_line
from motionsight_core.settings import MediaSettings, Settings

#: The folder of a data set in which clips are, or into which those of a bucket are copied or mounted.
MEDIA = "media"
#: Questions that a bucket is asked at once.
_REQUESTS = 16


def media_name(clip: Clip, media: MediaSettings) -> str:
    """What views call a clip's media: a file or folder below the data set's, or the uri of the source."""
    if media.kind == "reference":
        return clip.uri
    return f"{MEDIA}/{_file(clip, media)}"


def media_address(clip: Clip, media: MediaSettings) -> str:
    """What tables call a clip's media: as `media_name`, or its address in a bucket."""
    if media.root is None or media.kind == "reference":
        return media_name(clip, media)
    return f"{media.root}/{_file(clip, media)}"


def media_paths(folder: Path, clips: Iterable[Clip], settings: Settings) -> dict[str, tuple[str, ...]]:
    """The files of clips, as views name them: one, or a frame's each in their order; by clip_id.

    Raises:
        RunError: the frames in a bucket cannot be counted.
    """
    media = settings.media
    if media.kind != "frames":
        return {clip.clip_id: (media_name(clip, media),) for clip in clips}
    if media.root is not None:
        return _frames_in_bucket(list(clips), media.root, settings)
    return {
        clip.clip_id: tuple(
            f"{media_name(clip, media)}/{frame.name}"
            for frame in sorted((folder / media_name(clip, media)).glob("*.jpg"))
        )
        for clip in clips
    }


def write_media(clips: Sequence[Clip], folder: Path, settings: Settings) -> dict[str, str]:
    """Write the media of clips; files that are there and right are left.

    Args:
        clips: which.
        folder: of the data set; they go to its folder `media`, unless `media.root` names a bucket.
        settings: `media.kind` says in which form; the limits are those of decoding.

    Returns:
        Why a clip could not be written, by clip_id.

    Raises:
        RunError: nothing can be written there.
    """
    if settings.media.kind == "reference" or not clips:
        return {}
    from motionsight_core.dataset import media  # it brings the encoder's processes

    place = settings.media.root or str(folder / MEDIA)
    if settings.media.root is None:
        (folder / MEDIA).mkdir(parents=True, exist_ok=True)

    def attempt(clip: Clip) -> str | None:
        try:
            media.write_media(clip, place, settings)
        except ClipError as error:
            return f"{error.name}: {one_line(error)}"
        return None

    with ThreadPoolExecutor(settings.runtime.decode_processes) as pool:
        reasons = zip(clips, pool.map(attempt, clips), strict=True)
        return {clip.clip_id: reason for clip, reason in reasons if reason is not None}


def _file(clip: Clip, media: MediaSettings) -> str:
    return f"{clip.clip_id}.mp4" if media.kind == "cut" else clip.clip_id


def _frames_in_bucket(clips: Sequence[Clip], root: str, settings: Settings) -> dict[str, tuple[str, ...]]:
    from motionsight_core.dataset.media.frames import frame_file, frames_at

    def names(clip: Clip) -> tuple[str, ...]:
        count = frames_at(f"{root}/{clip.clip_id}", clip, settings)
        if count is None:
            raise RunError(f"{root}/{clip.clip_id} lost its frames; run this again to write them anew.")
        return tuple(f"{media_name(clip, settings.media)}/{frame_file(number)}" for number in range(count))

    with ThreadPoolExecutor(_REQUESTS) as pool:
        return {clip.clip_id: found for clip, found in zip(clips, pool.map(names, clips), strict=True)}
