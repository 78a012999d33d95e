"""Formats of pictures, some of which can hold one picture or many."""

from __future__ import annotations

import re
from typing import BinaryIO

#: Signature -> the format's name.
_STILLS = (
    (b"II*\x00", "TIFF"),
    (b"MM\x00*", "TIFF"),
    (b"II+\x00", "TIFF"),
    (b"MM\x00+", "TIFF"),
    (b"8BPS\x00", "Photoshop"),
    (b"\xff\x0a", "JPEG XL"),
    (b"\xff\x4f\xff\x51", "JPEG 2000"),
    (b"\x76\x2f\x31\x01", "OpenEXR"),
    (b"SDPX", "DPX"),
    (b"XPDS", "DPX"),
    (b"DDS |\x00\x00\x00", "DDS"),
    (b"qoif", "QOI"),
    (b"#?RADIANCE", "Radiance HDR"),
    (b"<svg", "SVG"),
)
_GIF = re.compile(rb"GIF8[79]a")
_PNG = b"\x89PNG\r\n\x1a\n"
_BLOCK_EXTENSION, _BLOCK_PICTURE, _BLOCK_END = 0x21, 0x2C, 0x3B
_JPEG_END, _JPEG_SCAN, _JPEG_APP2 = 0xD9, 0xDA, 0xE2
#: Markers that no length follows: TEM and the restart markers.
_JPEG_BARE = frozenset([0x01, *range(0xD0, 0xD8)])
#: The longest first picture of a raw Motion JPEG stream, bytes.
_LONGEST_JPEG = 32 << 20
_CHUNK = 1 << 16


def still_picture(head: bytes) -> str | None:
    """The name of the format if content that begins with `head` is in one that holds stills only."""
    for signature, name in _STILLS:
        if head.startswith(signature):
            return name
    if head.startswith(b"BM") and head[6:10] == bytes(4) and head[14:18] in _BMP_HEADERS:
        return "BMP"
    if head.startswith(b"\x00\x00\x01\x00") and head[4:6] != bytes(2) and head[9:10] == b"\x00":
        return "ICO"
    if head[:1] == b"P" and head[1:2] in b"123456" and head[2:3] in b" \t\r\n#":
        return "PNM"
    return None


#: Sizes of the headers that a BMP can have, as they are written.
_BMP_HEADERS = frozenset(size.to_bytes(4, "little") for size in (12, 16, 40, 52, 56, 64, 108, 124))


def is_gif(head: bytes) -> bool:
    return _GIF.match(head) is not None


def has_gif_inside(head: bytes) -> bool:
    """Whether a GIF's header, and a block after it, stand anywhere in `head`."""
    for found in _GIF.finditer(head):
        flags = head[found.end() + 4 : found.end() + 5]
        block = found.end() + 7 + _color_table(flags)
        if head[block : block + 1] and head[block] in (_BLOCK_EXTENSION, _BLOCK_PICTURE):
            return True
    return False


def is_png(head: bytes) -> bool:
    return head.startswith(_PNG)


def is_jpeg(head: bytes) -> bool:
    return head.startswith(b"\xff\xd8\xff")


def is_single_gif(file: BinaryIO) -> bool:
    """Whether a GIF ends after its first picture."""
    file.seek(10)
    flags = file.read(3)[:1]
    file.seek(13 + _color_table(flags))
    pictures = 0
    while kind := file.read(1):
        if kind[0] == _BLOCK_END:
            return pictures == 1
        if kind[0] == _BLOCK_PICTURE:
            pictures += 1
            if pictures == 2:
                return False
            descriptor = file.read(9)
            file.seek(_color_table(descriptor[8:9]) + 1, 1)
        elif kind[0] == _BLOCK_EXTENSION:
            file.seek(1, 1)
        else:
            return False
        while length := file.read(1):  # blocks of at most 255 bytes, the last one empty
            if length[0] == 0:
                break
            file.seek(length[0], 1)
    return False


def _color_table(flags: bytes) -> int:
    """Bytes of the color table that a descriptor's flags announce."""
    return 3 << ((flags[0] & 7) + 1) if flags and flags[0] & 0x80 else 0


def is_animated_png(file: BinaryIO) -> bool:
    """Whether a PNG has an animation control chunk (acTL) of more than one frame before its picture."""
    file.seek(len(_PNG))
    while len(header := file.read(8)) == 8:
        length, kind = int.from_bytes(header[:4]), header[4:]
        if kind == b"acTL":
            return int.from_bytes(file.read(4)) > 1
        if kind in (b"IDAT", b"IEND"):
            return False
        file.seek(length + 4, 1)  # and its checksum
    return False


def is_animated_webp(head: bytes) -> bool:
    """Whether a RIFF file of WebP has the animation flag in its extended header."""
    return head[12:16] == b"VP8X" and len(head) > 20 and bool(head[20] & 2)


def is_motion_jpeg(file: BinaryIO) -> bool:
    """Whether another picture follows the first one at once, as in a raw Motion JPEG stream.

    Not so where the first one says that it has others beside it (CIPA DC-007, multi-picture format): a
    phone's picture with a depth or gain map.
    """
    if not _seek_first_scan(file):
        return False
    held, read = b"", 0
    while read < _LONGEST_JPEG and (chunk := file.read(_CHUNK)):
        read += len(chunk)
        data = held + chunk
        end = data.find(bytes((0xFF, _JPEG_END)))
        if end >= 0:
            # Some writers pad a picture to an even length.
            following = (data[end + 2 :] + file.read(8)).lstrip(b"\x00")
            return is_jpeg(following)
        held = data[-1:]
    return False


def _seek_first_scan(file: BinaryIO) -> bool:
    """Go to where the first picture's coded data begin; false where there are none, or it has companions."""
    file.seek(2)
    while len(marker := file.read(2)) == 2 and marker[0] == 0xFF:
        if marker[1] == 0xFF:  # a fill byte
            file.seek(-1, 1)
            continue
        if marker[1] in _JPEG_BARE:
            continue
        length = int.from_bytes(file.read(2))
        if length < 2:
            return False
        if marker[1] == _JPEG_SCAN:
            return True
        content = file.read(length - 2)
        if marker[1] == _JPEG_APP2 and content.startswith(b"MPF\x00"):
            return False
    return False
