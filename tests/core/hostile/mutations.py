"""Valid files of several codecs and containers, and what damage or malice does to their bytes."""

from __future__ import annotations

import random
import struct
from collections.abc import Callable, Iterator
from pathlib import Path

from tests.videos import moving_texture, write_video

#: name: (encoder, its options). Seven codecs, six containers.
VALID = {
    "h264.mp4": ("libx264", {"x264-params": "keyint=8:bframes=2"}),
    "hevc.mkv": ("libx265", {"x265-params": "log-level=none:keyint=8"}),
    "vp9.webm": ("libvpx-vp9", {"deadline": "realtime", "cpu-used": "8"}),
    "av1.mp4": ("libsvtav1", {"preset": "12", "svtav1-params": "lp=1"}),
    "mpeg4.avi": ("mpeg4", {}),
    "mpeg2.ts": ("mpeg2video", {}),
    "flv1.flv": ("flv", {}),
}
#: Marks of what holds other parts or tables, in any of the containers.
_MARKS = [b"moov", b"trak", b"mdat", b"stbl", b"stsz", b"stco", b"stts", b"avcC", b"av1C", b"edts"]
_MARKS += [
    b"LIST",
    b"movi",
    b"idx1",
    b"strh",
    b"strf",
    b"\x16\x54\xae\x6b",
    b"\x1f\x43\xb6\x75",
    b"\x00\x00\x01",
]


def flipped_bits(data: bytes, rng: random.Random) -> bytes:
    """Bits anywhere."""
    mutant = bytearray(data)
    for _ in range(40):
        mutant[rng.randrange(len(mutant))] ^= 1 << rng.randrange(8)
    return bytes(mutant)


def flipped_header(data: bytes, rng: random.Random) -> bytes:
    """Bits of the first and of the last bytes, where the tables are."""
    mutant = bytearray(data)
    for _ in range(12):
        place = rng.randrange(min(700, len(data)))
        mutant[rng.choice([place, -1 - place])] ^= 1 << rng.randrange(8)
    return bytes(mutant)


def truncated(data: bytes, rng: random.Random) -> bytes:
    """The end is missing."""
    return data[: rng.randrange(len(data) // 10, len(data) * 9 // 10)]


def reordered(data: bytes, rng: random.Random) -> bytes:
    """Two parts have changed places."""
    first, second, third = sorted(rng.sample(range(16, len(data)), 3))
    return data[:first] + data[second:third] + data[first:second] + data[third:]


def duplicated(data: bytes, rng: random.Random) -> bytes:
    """A part comes twice."""
    start, end = sorted(rng.sample(range(len(data)), 2))
    return data[:end] + data[start:end] + data[end:]


def zero_sizes(data: bytes, rng: random.Random) -> bytes:
    """What stands before and behind the marks of parts, where sizes are, is zero."""
    return _with_sizes(data, b"\x00\x00\x00\x00", rng)


def endless_sizes(data: bytes, rng: random.Random) -> bytes:
    """The same, the largest numbers there are."""
    return _with_sizes(data, b"\xff\xff\xff\xff", rng)


def _with_sizes(data: bytes, size: bytes, rng: random.Random) -> bytes:
    mutant = bytearray(data)
    places = [place for mark in _MARKS for place in _all(data, mark) if 8 < place < len(data) - 12]
    for place in rng.sample(places, min(3, len(places))):
        where = rng.choice([place - 4, place + 4])
        mutant[where : where + 4] = size
    return bytes(mutant)


def _all(data: bytes, mark: bytes) -> Iterator[int]:
    place = data.find(mark)
    while place >= 0:
        yield place
        place = data.find(mark, place + 1)


def zeroed_middle(data: bytes, rng: random.Random) -> bytes:
    """A hole, as a broken copy leaves it."""
    start = rng.randrange(len(data) // 4, len(data) // 2)
    return data[:start] + bytes(len(data) // 4) + data[start + len(data) // 4 :]


MUTATIONS: list[Callable[[bytes, random.Random], bytes]] = [
    flipped_bits,
    flipped_header,
    truncated,
    reordered,
    duplicated,
    zero_sizes,
    endless_sizes,
    zeroed_middle,
]


def valid_files(folder: Path) -> dict[str, bytes]:
    """One small file for each entry of VALID."""
    frames = moving_texture(24, width=96, height=64)
    return {
        name: write_video(folder / name, frames, codec=codec, options=options).read_bytes()
        for name, (codec, options) in VALID.items()
    }


def mutants(valid: dict[str, bytes]) -> Iterator[tuple[str, bytes]]:
    """Every mutation of every file, and each file under its neighbour's header."""
    for name, data in valid.items():
        for mutate in MUTATIONS:
            yield f"{mutate.__name__} {name}", mutate(data, random.Random(f"{name} {mutate.__name__}"))
    names = list(valid)
    for name, other in zip(names, names[1:] + names[:1], strict=True):
        length = struct.calcsize("64s")
        yield f"head of {other} on {name}", valid[other][:length] + valid[name][length:]
