"""Splits that nothing leaks through: by near-duplicates and source object, by a hash and the seed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal, TypeAlias

from motionsight_core.dataset.hashing import share
from motionsight_core.dataset.rows import Row
from motionsight_core.settings import DatasetSettings

Split: TypeAlias = Literal["train", "validation", "test"]
SPLITS: tuple[Split, ...] = ("train", "validation", "test")


def splits_of(
    rows: Sequence[Row], clusters: Mapping[str, int], settings: DatasetSettings
) -> dict[str, Split]:
    """The split of each object, by its uri.

    Objects that share a cluster, directly or through others, are one group, and a group is in one split: by a
    hash of its first uri and the seed, so that clips of other groups do not move it.

    Args:
        rows: the clips.
        clusters: the cluster of each clip_id that has a fingerprint.
        settings: shares and seed.
    """
    first = _first_of_group(rows, clusters)
    return {uri: _split(name, settings) for uri, name in first.items()}


def _first_of_group(rows: Sequence[Row], clusters: Mapping[str, int]) -> dict[str, str]:
    """The first uri, in order, of each uri's group: connected components, by union-find."""
    above: dict[str, str] = {row.uri: row.uri for row in rows}

    def root(uri: str) -> str:
        while above[uri] != uri:
            above[uri] = above[above[uri]]
            uri = above[uri]
        return uri

    seen: dict[int, str] = {}
    for row in rows:
        cluster = clusters.get(row.clip_id)
        if cluster is not None:
            one, other = root(row.uri), root(seen.setdefault(cluster, row.uri))
            above[max(one, other)] = min(one, other)
    return {uri: root(uri) for uri in above}


def _split(group: str, settings: DatasetSettings) -> Split:
    place = share("split", settings.seed, group)
    if place < settings.test:
        return "test"
    return "validation" if place < settings.test + settings.validation else "train"
