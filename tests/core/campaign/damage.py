"""What becomes of files on bad disks, in broken downloads and in careless copies."""

from __future__ import annotations

import random
from collections.abc import Callable

from tests.core.hostile.mutations import (
    duplicated,
    endless_sizes,
    flipped_bits,
    flipped_header,
    reordered,
    truncated,
    zero_sizes,
    zeroed_middle,
)

Damage = Callable[[bytes, random.Random], bytes]


def few_bits(data: bytes, rng: random.Random) -> bytes:
    """One to five bits are wrong."""
    mutant = bytearray(data)
    for _ in range(rng.randrange(1, 6)):
        mutant[rng.randrange(len(mutant))] ^= 1 << rng.randrange(8)
    return bytes(mutant)


def changed_bytes(data: bytes, rng: random.Random) -> bytes:
    """Up to a hundred bytes are wrong, in the first part or anywhere."""
    mutant = bytearray(data)
    end = rng.choice([len(mutant), min(len(mutant), 1500)])
    for _ in range(rng.choice([1, 3, 10, 100])):
        mutant[rng.randrange(end)] = rng.randrange(256)
    return bytes(mutant)


def cut_anywhere(data: bytes, rng: random.Random) -> bytes:
    """The end is missing, or all but the beginning is."""
    return data[: rng.randrange(1, len(data))]


def last_bytes_missing(data: bytes, rng: random.Random) -> bytes:
    """A download that ended a little too early."""
    return data[: -rng.choice([1, 4, 8, 100, 500])]


def beginning_missing(data: bytes, rng: random.Random) -> bytes:
    """A recording that is taken from its middle."""
    return data[rng.randrange(1, len(data) // 2) :]


def zeroed_runs(data: bytes, rng: random.Random) -> bytes:
    """Sectors of the disk that could not be read."""
    return _with_sectors(data, rng, lambda size: bytes(size))


def noisy_runs(data: bytes, rng: random.Random) -> bytes:
    """Sectors that hold something else."""
    return _with_sectors(data, rng, rng.randbytes)


def _with_sectors(data: bytes, rng: random.Random, content: Callable[[int], bytes]) -> bytes:
    mutant = bytearray(data)
    size = rng.choice([16, 188, 512])
    for _ in range(rng.randrange(1, 6)):
        start = rng.randrange(len(data) // size + 1) * size
        length = min(size, len(data) - start)
        mutant[start : start + length] = content(length)
    return bytes(mutant)


def removed_part(data: bytes, rng: random.Random) -> bytes:
    """A stretch of up to a fifth was never written."""
    start = rng.randrange(len(data))
    return data[:start] + data[start + rng.randrange(1, max(2, len(data) // 5)) :]


def inserted_bytes(data: bytes, rng: random.Random) -> bytes:
    """Something was written in between."""
    start = rng.randrange(len(data))
    return data[:start] + rng.randbytes(rng.choice([1, 7, 188, 600])) + data[start:]


def garbage_in_front(data: bytes, rng: random.Random) -> bytes:
    """Something stands before the file's first byte."""
    return rng.randbytes(rng.choice([1, 100, 188])) + data


def garbage_behind(data: bytes, rng: random.Random) -> bytes:
    """Something stands after the file's last byte."""
    return data + rng.randbytes(rng.choice([1, 100, 5000]))


def joined_twice(data: bytes, rng: random.Random) -> bytes:
    """The file was appended to itself."""
    return data + data


DAMAGES: tuple[Damage, ...] = (
    few_bits,
    flipped_bits,
    flipped_header,
    changed_bytes,
    cut_anywhere,
    truncated,
    last_bytes_missing,
    beginning_missing,
    zeroed_runs,
    zeroed_middle,
    noisy_runs,
    removed_part,
    reordered,
    duplicated,
    inserted_bytes,
    garbage_in_front,
    garbage_behind,
    joined_twice,
    zero_sizes,
    endless_sizes,
)


def damaged(data: bytes, *, name: str, number: int) -> tuple[str, bytes]:
    """The `number`-th damage of a file, always the same: what was done, and the bytes."""
    damage = DAMAGES[number % len(DAMAGES)]
    return damage.__name__, damage(data, random.Random(f"{name} {number}"))
