"""Contents: the demuxer that reads a file, from its first bytes."""

from __future__ import annotations

import io
from typing import BinaryIO

from motionsight_core.errors import ClipError, ForbiddenProtocol, NotAVideo, NoVideoStream
from motionsight_core.video.formats import _mp4, _pictures, _streams

#: What of a file is looked at first: an MXF file may have a run-in of 65,535 bytes.
HEAD_BYTES = (1 << 16) + 4096

#: What a text begins with that names other files, in lower case.
_PLAYLISTS = (
    (b"#extm3u", "an HLS playlist"),
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
#: The first bytes of an MXF header partition's key, which a run-in may precede (SMPTE ST 377-1, 6.5).
_MXF_HEADER = b"\x06\x0e\x2b\x34\x02\x05\x01\x01\x0d\x01\x02\x01\x01\x02"
#: Signatures of containers that say enough by themselves, and the demuxer.
_SIGNATURES = (
    (b"\x1a\x45\xdf\xa3", "matroska"),
    (b"OggS", "ogg"),
    (b"\x30\x26\xb2\x75\x8e\x66\xcf\x11", "asf"),
    (b"FLV\x01", "flv"),
    (_MXF_HEADER, "mxf"),
    (b"\x00\x00\x00\x00\x01\xbc", "gxf"),
    (b"\xb7\xd8\x00\x20\x37\x49\xda\x11\xa6\x4e\x00\x07\xe9\x5e\xad\x8d", "wtv"),
    (b"nut/multimedia container\x00", "nut"),
    (b".RMF\x00\x00\x00", "rm"),
    (b"DKIF\x00\x00", "ivf"),
    (b"YUV4MPEG2 ", "yuv4mpegpipe"),
    (b"\x1f\x07\x00\x3f", "dv"),
    (b"\x1f\x07\x00\xbf", "dv"),
    (b"DAHUA", "dhav"),
    (b"DHAV", "dhav"),
)
_RIFF = {b"AVI ": "avi", b"AVIX": "avi", b"AMV ": "avi", b"CDXA": "mpeg"}
_AUDIO = (
    b"ID3",
    b"fLaC",
    b"#!AMR",
    b"caff\x00\x01",
    b".snd",
    b"MThd",
    *(bytes((0xFF, byte)) for byte in (0xFB, 0xFA, 0xF3, 0xF2, 0xF1, 0xF9)),  # MP3, AAC
    b"\x0b\x77",  # AC-3
)


def demuxer_of(file: BinaryIO) -> str:
    """The FFmpeg demuxer that reads a file.

    Args:
        file: seekable; it is left at any position.

    Raises:
        ForbiddenProtocol: the content is a playlist or manifest.
        NoVideoStream: it is in an audio format.
        NotAVideo: it is a still picture, or anything else.
    """
    file.seek(0)
    head = file.read(HEAD_BYTES)
    return _known(_of_content(head, file) or _behind_damage(head))


def _of_content(head: bytes, file: BinaryIO) -> str | None:
    """The demuxer of undamaged content; None where it is nothing that is known. Errors as `demuxer_of`."""
    if not head:
        raise NotAVideo("The file is empty.")
    text = head.lstrip(b"\xef\xbb\xbf \t\r\n")[:32].lower()
    for mark, what in _PLAYLISTS:
        if text.startswith(mark):
            raise ForbiddenProtocol(f"The file is {what}, which refers to other files; it was not followed.")
    demuxer = _by_signature(head) or _of_pictures(head, file) or _of_stream(head)
    if demuxer is not None:
        return demuxer
    if (
        head.startswith(_AUDIO)
        or (head[:4] in (b"RIFF", b"RF64") and head[8:12] == b"WAVE")
        or _is_aiff(head)
    ):
        raise NoVideoStream("The file holds audio only.")
    return None


def _known(demuxer: str | None) -> str:
    if demuxer is None:
        raise NotAVideo(
            "The content is in no video format that is read, such as MP4, Matroska, AVI, TS, MXF or WebM."
        )
    return demuxer


def sniff(head: bytes) -> str:
    """The demuxer of undamaged content that begins with `head`; errors as `demuxer_of`."""
    return _known(_of_content(head, io.BytesIO(head)))


def holds_video(head: bytes) -> bool:
    """Whether content that begins with `head` is to be opened as a video, whatever its name."""
    try:
        sniff(head)
    except ClipError:
        # Pictures that move, if only other programs can read them, are not left out silently.
        return _is_webp(head) and _pictures.is_animated_webp(head)
    return True


def _by_signature(head: bytes) -> str | None:
    for signature, demuxer in _SIGNATURES:
        if head.startswith(signature):
            return demuxer
    return _RIFF.get(head[8:12]) if head.startswith(b"RIFF") else None


def _of_pictures(head: bytes, file: BinaryIO) -> str | None:
    """The demuxer of formats that hold stills or moving pictures.

    Raises:
        NotAVideo: it is a still picture, or animated but cannot be decoded.
    """
    still: str | None = None
    if _mp4.is_mp4(head):
        still = _mp4.still_picture(head, file)
        demuxer = "mov"
    elif _pictures.is_gif(head):
        still = "GIF" if _pictures.is_single_gif(file) else None
        demuxer = "gif"
    elif _pictures.is_png(head):
        still = None if _pictures.is_animated_png(file) else "PNG"
        demuxer = "apng"
    elif _pictures.is_jpeg(head):
        still = None if _pictures.is_motion_jpeg(file) else "JPEG"
        demuxer = "mjpeg"
    elif _is_webp(head):
        if _pictures.is_animated_webp(head):
            raise NotAVideo(
                "The file is an animated WebP, which FFmpeg cannot decode; convert it, for example to MP4."
            )
        still, demuxer = "WebP", None
    else:
        still, demuxer = _pictures.still_picture(head), None
    if still is not None:
        raise NotAVideo(f"The file is a still picture ({still}).")
    return demuxer


def _of_stream(head: bytes) -> str | None:
    """The demuxer of streams that are recognised by their structure, which may begin anywhere."""
    if (raw := _streams.raw_demuxer(head)) is not None:
        return raw
    if _streams.is_program_stream(head):
        return "mpeg"
    if _streams.is_transport_stream(head):
        return "mpegts"
    return "mxf" if _MXF_HEADER in head else None


def _behind_damage(head: bytes) -> str | None:
    """The demuxer of files whose first bytes are damaged, or preceded by others, where FFmpeg looks for the
    next that it knows. Files of other kinds may have such bytes inside: it takes a name to look here."""
    if _streams.has_ogg_pages(head):
        return "ogg"
    return "gif" if _pictures.has_gif_inside(head) else None


def _is_webp(head: bytes) -> bool:
    return head.startswith(b"RIFF") and head[8:12] == b"WEBP"


def _is_aiff(head: bytes) -> bool:
    return head.startswith(b"FORM") and head[8:12] in (b"AIFF", b"AIFC")
