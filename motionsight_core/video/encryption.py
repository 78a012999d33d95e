"""Videos that are protected: without their key nothing of them can be decoded."""

from __future__ import annotations

from typing import BinaryIO, NoReturn

from av.packet import Packet
from av.video.stream import VideoStream

from motionsight_core.errors import Corrupt, Encrypted

#: The sample entry of iTunes' protected MP4 (FairPlay).
_PROTECTED_TAGS = frozenset({"drmi"})
_TS_PACKET = 188
#: Transport packets that are looked at.
_TS_LOOKED_AT = 20_000


def require_clear(stream: VideoStream) -> None:
    """Make sure that a stream does not say that it is protected.

    Raises:
        Encrypted: it does: WebM's ContentEncryption, which FFmpeg tells as metadata, or FairPlay.
    """
    if stream.codec_context.codec_tag in _PROTECTED_TAGS or "enc_key_id" in stream.metadata:
        _refuse()


def require_clear_packet(packet: Packet[VideoStream]) -> None:
    """Make sure that a packet does not say that it is protected.

    Raises:
        Encrypted: it does (Common Encryption, ISO/IEC 23001-7).
    """
    if packet.has_sidedata("encryption_info"):
        _refuse()


def refuse_undecodable(file: BinaryIO, demuxer: str) -> NoReturn:
    """Say why not one frame of a video came out of the decoder.

    Raises:
        Encrypted: its transport packets are scrambled (ISO/IEC 13818-1, 2.4.3.3).
        Corrupt: it is not known why.
    """
    if demuxer == "mpegts" and _is_scrambled(file):
        _refuse()
    raise Corrupt("Not one frame of the video can be decoded.")


def _is_scrambled(file: BinaryIO) -> bool:
    """Whether most packets with a payload are marked as scrambled."""
    file.seek(0)
    content = file.read(_TS_LOOKED_AT * _TS_PACKET)
    start = content.find(0x47)
    flags = content[start + 3 :: _TS_PACKET] if start >= 0 else b""
    return 2 * sum(flag >> 6 in (2, 3) for flag in flags) > len(flags)


def _refuse() -> NoReturn:
    raise Encrypted("The video is encrypted (DRM): without its key it cannot be decoded.")
