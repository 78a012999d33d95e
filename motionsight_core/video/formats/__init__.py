"""Which names are those of videos, and which FFmpeg demuxer reads a file, decided by its first bytes.

A playlist or manifest under a video's name makes FFmpeg open other files and network addresses. So
FFmpeg is never asked what a file is: it is told. What is read, and what is not, stands in docs/stores.md.
"""

from __future__ import annotations

from motionsight_core.video.formats._contents import HEAD_BYTES, demuxer_of, holds_video, sniff
from motionsight_core.video.formats._names import VIDEO_SUFFIXES, is_hidden, is_video_name, suffix_of

__all__ = [
    "HEAD_BYTES",
    "VIDEO_SUFFIXES",
    "demuxer_of",
    "holds_video",
    "is_hidden",
    "is_video_name",
    "sniff",
    "suffix_of",
]
