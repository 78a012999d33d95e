"""MP4, QuickTime and the still pictures in the same boxes (ISO/IEC 14496-12, and 23008-12 for HEIF)."""

from __future__ import annotations

import os
from typing import BinaryIO

#: Top-level boxes that a file of this family may begin with.
_MP4_BOXES = frozenset(
    b"ftyp styp moov moof mdat mfra sidx free skip wide pnot meta uuid udta prft emsg".split()
)
#: Brands of image sequences: tracks with times, which the demuxer reads as a video.
_SEQUENCE_BRANDS = frozenset(b"msf1 hevc hevx hevm hevs avis avcs jpgs vvis j2is mjp2 mj2s".split())
_STILL_BRANDS = {
    b"heic": "HEIC",
    b"heix": "HEIC",
    b"heim": "HEIC",
    b"heis": "HEIC",
    b"avif": "AVIF",
    b"avci": "HEIF",
    b"jpeg": "HEIF",
    b"vvic": "HEIF",
    b"mif1": "HEIF",
    b"mif2": "HEIF",
    b"jp2 ": "JPEG 2000",
    b"jpx ": "JPEG 2000",
    b"jpm ": "JPEG 2000",
    b"jph ": "JPEG 2000",
    b"jxl ": "JPEG XL",
    b"crx ": "Canon raw",
}
#: Still pictures whose files have a movie box all the same.
_STILLS_WITH_MOVIE_BOX = frozenset({"Canon raw"})
#: A longer first box of an unusual kind is text that happens to have such a word at its fifth byte.
_LONGEST_FIRST_BOX = 1 << 29
_MOST_BOXES = 64


def is_mp4(head: bytes) -> bool:
    """Whether content that begins with `head` is a sequence of boxes of this family."""
    position = 0
    for _ in range(_MOST_BOXES):
        length, kind = int.from_bytes(head[position : position + 4]), head[position + 4 : position + 8]
        if kind in _MP4_BOXES:
            return kind == b"mdat" or length < _LONGEST_FIRST_BOX
        # An unknown box may stand before the first known one; players pass over it. Its name may be damaged:
        # that a length leads to a known one is proof enough.
        if length < 8:
            return False
        position += length
    return False


def still_picture(head: bytes, file: BinaryIO) -> str | None:
    """The format's name if the file is a still picture in boxes; None where it is a video.

    Args:
        head: its first bytes, for which `is_mp4` holds.
        file: seekable; it is looked through for a movie box.
    """
    major, brands = _brands(head)
    if major not in _STILL_BRANDS or brands & _SEQUENCE_BRANDS:
        return None
    if major in (b"mif1", b"mif2"):  # any codec; the compatible brands say which
        major = next((brand for brand in (b"heic", b"avif") if brand in brands), major)
    name = _STILL_BRANDS[major]
    return None if name not in _STILLS_WITH_MOVIE_BOX and _has_movie_box(file) else name


def _brands(head: bytes) -> tuple[bytes, frozenset[bytes]]:
    """The major brand, and all brands; without a file type box none."""
    start = head.find(b"ftyp", 4, 64)
    if start < 0:
        return b"", frozenset()
    length = int.from_bytes(head[start - 4 : start])
    compatible = head[start + 12 : start - 4 + min(length, 1024)]
    major = head[start + 4 : start + 8]
    return major, frozenset([major, *(compatible[at : at + 4] for at in range(0, len(compatible), 4))])


def _has_movie_box(file: BinaryIO) -> bool:
    size = file.seek(0, os.SEEK_END)
    position = 0
    for _ in range(_MOST_BOXES):
        if position + 8 > size:
            return False
        file.seek(position)
        header = file.read(16)
        length, kind = int.from_bytes(header[:4]), header[4:8]
        if kind in (b"moov", b"moof"):
            return True
        if length == 1:  # a 64-bit length follows
            length = int.from_bytes(header[8:16])
        if length < 8:
            return False
        position += length
    return False
