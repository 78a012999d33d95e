"""The little of each container format that is needed to write wicked files: boxes, chunks, elements."""

from __future__ import annotations

import struct
from collections.abc import Callable


def box(kind: bytes, *payload: bytes) -> bytes:
    """An MP4 box (ISO/IEC 14496-12, 4.2)."""
    content = b"".join(payload)
    return struct.pack(">I", len(content) + 8) + kind + content


def with_box(data: bytes, path: list[bytes], change: Callable[[bytes], bytes]) -> bytes:
    """An MP4 whose boxes at `path` have another payload; the sizes around them are put right."""
    out, position = b"", 0
    while position + 8 <= len(data):
        size, kind = struct.unpack_from(">I4s", data, position)
        size = size or len(data) - position
        payload = data[position + 8 : position + size]
        if kind == path[0]:
            payload = change(payload) if len(path) == 1 else with_box(payload, path[1:], change)
        out += box(kind, payload)
        position += size
    return out


SAMPLE_TABLE = [b"moov", b"trak", b"mdia", b"minf", b"stbl"]


def chunk(kind: bytes, *payload: bytes) -> bytes:
    """A RIFF chunk, as AVI has them."""
    content = b"".join(payload)
    return kind + struct.pack("<I", len(content)) + content + bytes(len(content) % 2)


def element(identity: str, payload: bytes) -> bytes:
    """An EBML element (RFC 8794), its identity as hex digits; the size takes 8 bytes."""
    return bytes.fromhex(identity) + (len(payload) | 1 << 56).to_bytes(8) + payload


def with_segment_tail(mkv: bytes, extra: bytes) -> bytes:
    """A Matroska file whose segment, which has an 8-byte size, holds further elements at its end."""
    place = mkv.index(b"\x18\x53\x80\x67") + 4
    size = int.from_bytes(mkv[place : place + 8]) + len(extra)
    return mkv[:place] + size.to_bytes(8) + mkv[place + 8 :] + extra


def with_avi_stream(avi: bytes, header: bytes, data: bytes) -> bytes:
    """An AVI with a further stream's header, and a chunk of data before all others."""
    header_end = 20 + struct.unpack_from("<I", avi, 16)[0]
    place = avi.index(b"movi", header_end)
    movi_size = struct.unpack_from("<I", avi, place - 4)[0] + len(data)
    return (
        avi[:4]
        + struct.pack("<I", len(avi) - 8 + len(header) + len(data))
        + avi[8:16]
        + struct.pack("<I", header_end - 20 + len(header))
        + avi[20:header_end]
        + header
        + avi[header_end : place - 4]
        + struct.pack("<I", movi_size)
        + b"movi"
        + data
        + avi[place + 4 :]
    )


def flv_tag(kind: int, payload: bytes) -> bytes:
    """A tag of an FLV file at time 0."""
    head = bytes([kind]) + len(payload).to_bytes(3) + bytes(7)
    return head + payload + (len(payload) + 11).to_bytes(4)


FLV_HEADER = b"FLV\x01\x01\x00\x00\x00\x09\x00\x00\x00\x00"


class Bits:
    """Writes the bit strings of H.264 headers."""

    def __init__(self) -> None:
        self._bits = ""

    def fixed(self, value: int, width: int) -> Bits:
        self._bits += f"{value:0{width}b}"
        return self

    def golomb(self, *values: int) -> Bits:
        for value in values:
            digits = f"{value + 1:b}"
            self._bits += "0" * (len(digits) - 1) + digits
        return self

    def to_bytes(self) -> bytes:
        padded = self._bits + "1"
        padded += "0" * (-len(padded) % 8)
        return int(padded, 2).to_bytes(len(padded) // 8)


def h264_headers(*, width: int, height: int) -> bytes:
    """An avcC record (ISO/IEC 14496-15, 5.3.3) that announces frames of this size."""
    sps = Bits().fixed(0x67, 8).fixed(66, 8).fixed(0, 8).fixed(51, 8)
    # id, frame numbers, picture order, references, gaps; then the size in macroblocks
    sps.golomb(0, 0, 2, 1).fixed(0, 1).golomb(width // 16 - 1, height // 16 - 1)
    sps.fixed(1, 1).fixed(1, 1).fixed(0, 1).fixed(0, 1)
    pps = (
        Bits().fixed(0x68, 8).golomb(0, 0).fixed(0, 2).golomb(0, 0, 0).fixed(0, 3).golomb(0, 0, 0).fixed(0, 3)
    )
    records = b""
    for count, unit in ((b"\xe1", sps.to_bytes()), (b"\x01", pps.to_bytes())):
        records += count + len(unit).to_bytes(2) + unit
    return b"\x01\x42\x00\x33\xff" + records
