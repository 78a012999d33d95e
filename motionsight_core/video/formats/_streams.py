"""Streams without a file's header: transport and program streams, and raw coded pictures."""

from __future__ import annotations

import re
from collections.abc import Iterator

_START_CODE = re.compile(rb"\x00\x00\x01")
#: Start codes that are looked at; what tells the formats apart comes first.
_MOST_START_CODES = 400

_SYNC = 0x47
#: Length of a transport packet, and where its sync byte stands: plain, with a time before it (M2TS), with
#: error correction after it.
_TRANSPORT_PACKETS = ((188, 0), (192, 4), (204, 0))
#: Bytes in which a plain stream's packets must all be whole.
_WHOLE_BYTES = 4096
#: Packets in a row that say that a stream begins before or after its first bytes.
_PACKETS_IN_A_ROW = 8
#: How far into a file the first whole packet may be.
_FARTHEST_PACKET = 8192
_PRINTABLE = frozenset(b"\t\n\v\f\r\x1b" + bytes(range(0x20, 0x7F)))

_PACK = b"\x00\x00\x01\xba"
_OGG_PAGE = b"OggS\x00"


def _places(mark: bytes, head: bytes) -> Iterator[int]:
    """Where a mark stands in `head`, one place after the other."""
    at = head.find(mark)
    while at >= 0:
        yield at
        at = head.find(mark, at + 1)


def is_transport_stream(head: bytes) -> bool:
    """Whether `head` is of an MPEG transport stream, which may begin inside a packet.

    One sync byte says little, since any content has some: they must stand at equal distances, before
    headers that are valid, in packets that are not text.
    """
    for length, sync in _TRANSPORT_PACKETS:
        starts = range(sync, min(len(head), _WHOLE_BYTES) - 3, length)
        if len(starts) >= 2 and all(_is_transport_packet(head, start) for start in starts):
            return True
    for at in _places(bytes([_SYNC]), head[:_FARTHEST_PACKET]):
        for length, _ in _TRANSPORT_PACKETS:
            last = at + (_PACKETS_IN_A_ROW - 1) * length
            if last + 188 <= len(head) and all(
                _is_transport_packet(head, start) for start in range(at, last + 1, length)
            ):
                return True
    return False


def _is_transport_packet(head: bytes, start: int) -> bool:
    """ISO/IEC 13818-1, 2.4.3.2: the sync byte, and an adaptation field control that is not reserved."""
    packet = head[start : start + 188]
    return packet[0] == _SYNC and bool(packet[3] & 0x30) and not _PRINTABLE.issuperset(packet)


def is_program_stream(head: bytes) -> bool:
    """Whether `head` is of an MPEG program stream, also where the first pack begins later."""
    return any(at == 0 or _is_pack(head, at) for at in _places(_PACK, head))


def _is_pack(head: bytes, start: int) -> bool:
    """A pack header (ISO/IEC 13818-2.5.3.3, 11172-1 2.4.3.2) and another start code at its end."""
    first = head[start + 4 : start + 5]
    if first and first[0] & 0xC4 == 0x44:
        stuffing = head[start + 13] & 7 if start + 13 < len(head) else 0
        following = start + 14 + stuffing
    elif first and first[0] & 0xF1 == 0x21:
        following = start + 12
    else:
        return False
    return (
        head[following : following + 3] == b"\x00\x00\x01" and head[following + 3 : following + 4] >= b"\xb9"
    )


def has_ogg_pages(head: bytes) -> bool:
    """Whether two pages of Ogg (RFC 3533, 6) follow each other anywhere in `head`."""
    for at in _places(_OGG_PAGE, head):
        segments = head[at + 26] if at + 26 < len(head) else 0
        body = at + 27 + segments
        following = body + sum(head[at + 27 : body])
        if head.startswith(_OGG_PAGE, following):
            return True
    return False


def raw_demuxer(head: bytes) -> str | None:
    """The demuxer of raw coded pictures that begin with a start code, or with a temporal delimiter of AV1."""
    if head.startswith(b"\x12\x00") and head[2:3] and head[2] & 0xFB == 0x0A:
        return "obu"
    if head.lstrip(b"\x00")[:1] != b"\x01" or not head.startswith(b"\x00\x00"):
        return None
    codes = list(_start_codes(head))
    if not codes:
        return None
    for demuxer, is_it in (
        ("mpegvideo", _is_mpeg_video),
        ("m4v", _is_mpeg4),
        ("h264", _is_h264),
        ("hevc", _is_hevc),
        ("vvc", _is_vvc),
    ):
        if is_it(codes):
            return demuxer
    return None


def _start_codes(head: bytes) -> Iterator[tuple[int, int]]:
    """The two bytes after each start code."""
    for count, match in enumerate(_START_CODE.finditer(head)):
        if count == _MOST_START_CODES or match.end() + 2 > len(head):
            return
        yield head[match.end()], head[match.end() + 1]


def _is_mpeg_video(codes: list[tuple[int, int]]) -> bool:
    """MPEG-1 and MPEG-2 video begin with a sequence header."""
    return codes[0][0] == 0xB3


def _is_mpeg4(codes: list[tuple[int, int]]) -> bool:
    """MPEG-4 Visual: a video object layer comes before the first picture."""
    kinds = [kind for kind, _ in codes]
    if not (kinds[0] in (0xB0, 0xB5) or kinds[0] < 0x30):
        return False
    layer = next((at for at, kind in enumerate(kinds) if 0x20 <= kind < 0x30), None)
    # Between them only: sequence (B0), user data (B2), group (B3), visual object (B5), video object (00-1F).
    return (
        layer is not None
        and all(kind < 0x20 or kind in (0xB0, 0xB2, 0xB5) for kind in kinds[:layer])
        and 0xB6 in kinds[layer:]
    )


def _is_h264(codes: list[tuple[int, int]]) -> bool:
    """Annex B of H.264: units whose forbidden bit is 0, and both kinds of parameter set among them."""
    units = [first for first, _ in codes if first < 0x80]
    # A parameter set is always referred to (nal_ref_idc).
    sets = {first & 0x1F for first in units if first & 0x60}
    return codes[0][0] < 0x80 and _are_nearly_all(units, codes) and {7, 8} <= sets


def _is_hevc(codes: list[tuple[int, int]]) -> bool:
    """Annex B of H.265: units of the base layer, and both kinds of parameter set among them."""
    units = [first >> 1 for first, second in codes if not first & 0x81 and 0 < second < 8]
    return codes[0][0] < 0x80 and _are_nearly_all(units, codes) and {33, 34} <= set(units)


def _is_vvc(codes: list[tuple[int, int]]) -> bool:
    """Annex B of H.266: likewise, the kind in the second byte."""
    units = [second >> 3 for first, second in codes if first == 0 and second & 7]
    return codes[0][0] < 0x80 and _are_nearly_all(units, codes) and {15, 16} <= set(units)


def _are_nearly_all(units: list[int], codes: list[tuple[int, int]]) -> bool:
    """Whether most units are valid: a few damaged ones do not make a stream another format's."""
    return len(units) >= 0.8 * len(codes)
