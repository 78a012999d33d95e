"""Which names are those of videos, and which FFmpeg demuxer reads a file, decided by its first bytes.

A playlist or manifest under a video's name makes FFmpeg open other files and network addresses. So
FFmpeg is never asked what a file is: it is told.
"""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import BinaryIO

from motionsight_core.errors import ForbiddenProtocol, NotAVideo, NoVideoStream

#: What is taken for a video when a whole directory or prefix is listed.
VIDEO_SUFFIXES = frozenset(
    [
        ".3gp",
        ".avi",
        ".asf",
        ".flv",
        ".m2ts",
        ".m4v",
        ".mkv",
        ".mov",
        ".mp4",
        ".mpeg",
        ".mpg",
        ".mts",
        ".mxf",
        ".ogv",
        ".ts",
        ".vob",
        ".webm",
        ".wmv",
    ]
)
_HEAD_BYTES = 4096
MP4_BOXES = frozenset(
    b"ftyp styp moov moof mdat mfra sidx free skip wide pnot meta uuid udta prft emsg".split()
)
_PLAYLISTS = (
    (b"#EXTM3U", "an HLS playlist"),
    (b"ffconcat", "an FFmpeg concat list"),
    (b"[playlist]", "a PLS playlist"),
    (b"[reference]", "an ASX playlist"),
    (b"<asx", "an ASX playlist"),
    (b"<?xml", "an XML manifest"),
    (b"<mpd", "a DASH manifest"),
    (b"<smil", "a SMIL manifest"),
    (b"v=0", "an SDP session"),
    (b"rtsptext", "an RTSP reference"),
)
_AUDIO = (b"ID3", b"fLaC", b"#!AMR", b"\xff\xfb", b"\xff\xf1")


def is_video_name(name: str) -> bool:
    """Whether an object's name, or the last part of it, is that of a video and not hidden."""
    last = name.rpartition("/")[2]
    return not last.startswith(".") and PurePosixPath(last).suffix.lower() in VIDEO_SUFFIXES


def demuxer_of(file: BinaryIO) -> str:
    """The FFmpeg demuxer that reads a file, which is left at any position; errors as `sniff`."""
    file.seek(0)
    return sniff(file.read(_HEAD_BYTES))


def sniff(head: bytes) -> str:
    """The FFmpeg demuxer for content that begins with `head`.

    Raises:
        ForbiddenProtocol: the content is a playlist or manifest.
        NoVideoStream: it is an audio format.
        NotAVideo: it is anything else.
    """
    text = head.lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    for mark, what in _PLAYLISTS:
        if text.startswith(mark.lower()):
            raise ForbiddenProtocol(f"The file is {what}, which refers to other files; it was not followed.")
    if head[4:8] in MP4_BOXES:
        return "mov"
    if head.startswith(b"\x1a\x45\xdf\xa3"):
        return "matroska"
    if head.startswith(b"RIFF") and head[8:12] == b"AVI ":
        return "avi"
    if head.startswith(b"FLV\x01"):
        return "flv"
    if head.startswith(b"OggS"):
        return "ogg"
    if head.startswith(b"\x30\x26\xb2\x75\x8e\x66\xcf\x11"):
        return "asf"
    if head.startswith(b"\x00\x00\x01\xba"):
        return "mpeg"
    # Transport streams repeat their sync byte at every packet: 188 bytes, or 192 with a timestamp.
    for packet, sync in ((188, 0), (192, 4)):
        marks = head[sync::packet]
        if len(marks) >= 2 and set(marks) == {0x47}:
            return "mpegts"
    if head.startswith(_AUDIO) or (head.startswith(b"RIFF") and head[8:12] == b"WAVE"):
        raise NoVideoStream("The file holds audio only.")
    if not head:
        raise NotAVideo("The file is empty.")
    raise NotAVideo(
        "The content is in no video format (looked for MP4, Matroska, AVI, TS, FLV, MPEG, Ogg, ASF)."
    )
