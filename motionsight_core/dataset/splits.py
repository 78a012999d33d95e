"""Splits that nothing leaks through: by near-duplicates and source object, by a hash and the seed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal, Protocol, TypeAlias

from motionsight_core.dataset.hashing import share
from motionsight_core.dataset.rows import Row
from motionsight_core.settings import DatasetSettings

Split: TypeAlias = Literal["train", "validation", "test"]
SPLITS: tuple[Split, ...] = ("train", "validation", "test")


class OfObject(Protocol):
    """A clip, as far as its group is concerned."""

    @property
    def uri(self) -> str: ...

    @property
    def clip_id(self) -> str: ...


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
    return {uri: _split(name, settings) for uri, name in groups_of(rows, clusters).items()}


def groups_of(clips: Sequence[OfObject], clusters: Mapping[str, int]) -> dict[str, str]:
    """The first uri, in order, of each uri's group: connected components, by union-find.

    Args:
        clips: each of an object.
        clusters: the cluster of each clip_id that has a fingerprint.
    """
    above: dict[str, str] = {clip.uri: clip.uri for clip in clips}

    def root(uri: str) -> str:
        while above[uri] != uri:
            above[uri] = above[above[uri]]
            uri = above[uri]
        return uri

    seen: dict[int, str] = {}
    for clip in clips:
        cluster = clusters.get(clip.clip_id)
        if cluster is not None:
            one, other = root(clip.uri), root(seen.setdefault(cluster, clip.uri))
            above[max(one, other)] = min(one, other)
    return {uri: root(uri) for uri in above}


def _split(group: str, settings: DatasetSettings) -> Split:
    place = share("split", settings.seed, group)
    if place < settings.test:
        return "test"
    return "validation" if place < settings.test + settings.validation else "train"
