"""Clusters of near-duplicates, and clips that a benchmark's videos show, by their fingerprints.

Every pair is compared: bits of one frame say much about those of the next and nothing about other clips,
so that no index finds all pairs within a useful distance faster. Half of the frames are enough to tell
most pairs apart, and numpy counts the bits of many pairs at once.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from motionsight_core.dataset.fingerprints import BITS, FRAMES, as_bits

Words = NDArray[np.uint64]

#: Fingerprints that are compared with all others at once.
_ROWS = 32
#: ... with so many of them at a time, which stay in the processor's cache.
_COLUMNS = 4096
#: Frames that are compared first; the others follow where these do not tell two clips apart.
_FIRST = (1, 3, 5, 7)
#: Pairs that are kept before they are made into clusters, 16 bytes each.
_MOST_PAIRS = 4_000_000


def clusters_of(fingerprints: Mapping[str, str], *, distance: float) -> dict[str, int]:
    """Clips in clusters: those within the distance of one another, and of whatever these are within.

    The same clips get the same numbers in whatever order they come. A hundred thousand take about 45 s of one
    core, which all cores share, and 220 MB; twice as many take four times as long.

    Args:
        fingerprints: by clip_id.
        distance: share of differing bits up to which two clips are near-duplicates, 0 to 1.

    Returns:
        The cluster of each clip, numbered from 0 in the order of their smallest clip_id; a clip without
        near-duplicates is a cluster of its own.

    Raises:
        ValueError: one of them is no fingerprint.
    """
    clips = sorted(fingerprints)
    words = _words([fingerprints[clip] for clip in clips])
    different, which = np.unique(words, axis=0, return_inverse=True)
    labels = _connected(different, int(distance * BITS))[which.reshape(-1)]
    # In the order in which they are met, which is that of the clip_ids.
    numbers: dict[int, int] = {}
    return {
        clip: numbers.setdefault(label, len(numbers))
        for clip, label in zip(clips, labels.tolist(), strict=True)
    }


def contaminated(
    fingerprints: Mapping[str, str], benchmark: Mapping[str, str], *, distance: float
) -> dict[str, str]:
    """Clips that show what a benchmark's videos show, so that a model must not be trained on them.

    Args:
        fingerprints: of the clips, by clip_id.
        benchmark: of the benchmark's videos, by name.
        distance: as in `clusters_of`.

    Returns:
        Of each such clip the nearest video; of several equally near ones the first by name.

    Raises:
        ValueError: one of them is no fingerprint.
    """
    if not fingerprints or not benchmark:
        return {}
    clips, videos = sorted(fingerprints), sorted(benchmark)
    there = _words([benchmark[video] for video in videos]).T.copy()
    found: dict[str, str] = {}
    for clip, words in zip(clips, _words([fingerprints[clip] for clip in clips]), strict=True):
        counts = np.bitwise_count(there ^ words[:, None]).sum(axis=0, dtype=np.uint16)
        nearest = int(counts.argmin())
        if counts[nearest] <= int(distance * BITS):
            found[clip] = videos[nearest]
    return found


def _words(fingerprints: Sequence[str]) -> Words:
    """[N, 8] the frames of each fingerprint."""
    raw = b"".join(as_bits(one).to_bytes(BITS // 8, "big") for one in fingerprints)
    return np.frombuffer(raw, ">u8").astype(np.uint64).reshape(-1, FRAMES)


def _connected(words: Words, most: int) -> NDArray[np.int64]:
    """[N] a number for each fingerprint [N, 8], the same for all that pairs of `most` bits connect."""
    labels = np.arange(len(words))
    frames = words.T.copy()
    pairs: list[NDArray[np.int64]] = []
    kept = 0
    # numpy lets other threads work while it counts.
    with ThreadPoolExecutor(os.cpu_count()) as threads:
        for found in _in_order(threads, frames, most):
            pairs.append(found)
            kept += found.shape[1]
            if kept > _MOST_PAIRS:
                labels, pairs, kept = _merged(labels, pairs), [], 0
    return _merged(labels, pairs)


def _in_order(threads: ThreadPoolExecutor, frames: Words, most: int) -> Iterator[NDArray[np.int64]]:
    """The near pairs [2, P] of each block of rows; no more blocks are under way than there are threads."""
    starts = range(0, frames.shape[1], _ROWS)
    at_once = 8 * (os.cpu_count() or 1)
    for first in range(0, len(starts), at_once):
        yield from threads.map(lambda start: _near(frames, start, most), starts[first : first + at_once])


def _near(frames: Words, start: int, most: int) -> NDArray[np.int64]:
    """Pairs [2, P] of the block of rows at `start` and what comes after, up to `most` differing bits."""
    rows = frames[:, start : start + _ROWS]
    # Written to again and again: new memory for each would take longer than the counting.
    spare = _Spare(rows.shape[1])
    found = [np.empty((2, 0), np.int64)]
    for begin in range(start, frames.shape[1], _COLUMNS):
        columns = frames[:, begin : begin + _COLUMNS]
        # All 256 bits would count as none: the second look sees that.
        row, column = np.nonzero(spare.first_counts(rows, columns) <= min(most, 255))
        differing = np.bitwise_count(rows[:, row] ^ columns[:, column]).sum(axis=0, dtype=np.uint16)
        near = differing <= most
        found.append(np.stack([start + row[near], begin + column[near]]))
    return np.concatenate(found, axis=1)


class _Spare:
    """Memory for the comparison of a block of rows with a block of columns."""

    def __init__(self, rows: int) -> None:
        self._differing = np.empty((rows, _COLUMNS), np.uint64)
        self._counted = np.empty((rows, _COLUMNS), np.uint8)
        self._counts = np.empty((rows, _COLUMNS), np.uint8)

    def first_counts(self, rows: Words, columns: Words) -> NDArray[np.uint8]:
        """[R, C] in how many bits of the first frames rows [8, R] differ from columns [8, C]."""
        size = columns.shape[1]
        differing, counted = self._differing[:, :size], self._counted[:, :size]
        counts = self._counts[:, :size]
        counts[...] = 0
        for frame in _FIRST:
            np.bitwise_xor(rows[frame][:, None], columns[frame], out=differing)
            np.bitwise_count(differing, out=counted)
            np.add(counts, counted, out=counts)
        return counts


def _merged(labels: NDArray[np.int64], pairs: Sequence[NDArray[np.int64]]) -> NDArray[np.int64]:
    """Labels [N] after these pairs [2, P] were connected."""
    if not pairs or not len(labels):
        return labels
    row, column = labels[np.concatenate(pairs, axis=1)]
    size = int(labels.max()) + 1
    edges = coo_matrix((np.ones(len(row), np.bool_), (row, column)), shape=(size, size))
    _, merged = connected_components(edges, directed=False)
    return merged[labels].astype(np.int64)
