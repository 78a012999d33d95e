"""Clips as files of a data set: cut into MP4 files, as frames, or as a reference to their source.

    from motionsight_core import Settings, clips_of
    from motionsight_core.dataset.media import write_media

    for clip in clips_of("clips/dog.mp4"):
        print(write_media(clip, "dataset/media", Settings()))

`settings.media` says which of the three.
"""

from __future__ import annotations

from typing import TypeAlias

from motionsight_core.catalog import Clip
from motionsight_core.dataset.media.cut import CutClip, cut_clip
from motionsight_core.dataset.media.frames import FrameFolder, write_frames
from motionsight_core.dataset.media.reference import Reference, reference_to
from motionsight_core.settings import Settings

__all__ = [
    "ClipMedia",
    "CutClip",
    "FrameFolder",
    "Reference",
    "cut_clip",
    "reference_to",
    "write_frames",
    "write_media",
]

ClipMedia: TypeAlias = CutClip | FrameFolder | Reference


def write_media(clip: Clip, folder: str, settings: Settings) -> ClipMedia:
    """A clip as a file or folder below `folder`, as `settings.media.kind` says; named by its clip_id.

    Args:
        folder: on this machine, or `gs://bucket/prefix` or `s3://bucket/prefix`.

    Raises:
        ClipError: the clip cannot be read or decoded; the others are not concerned.
        RunError: nothing can be written there.
    """
    place = f"{folder.rstrip('/')}/{clip.clip_id}"
    if settings.media.kind == "cut":
        return cut_clip(clip, f"{place}.mp4", settings)
    if settings.media.kind == "frames":
        return write_frames(clip, place, settings)
    return reference_to(clip)
