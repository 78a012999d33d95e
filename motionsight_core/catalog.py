"""Identity: which object, which bytes, which span of it (design contract "identity")."""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Sequence
from dataclasses import dataclass

#: A group of clips of one object holds at most so many, and spans at most so many seconds: a worker that
#: has the object in hand takes them all, and one that dies loses no more.
_GROUP_CLIPS = 32
_GROUP_S = 600.0


@dataclass(frozen=True, slots=True)
class VideoObject:
    """An object in a store, pinned to the version that was listed."""

    uri: str
    version: str
    """What the store says of the bytes; `<mtime_ns>-<size>` for a local file."""


@dataclass(frozen=True, slots=True)
class Clip:
    """A span of one version of a video."""

    uri: str
    version: str
    start_s: float
    """Start in the source, seconds from its first frame."""
    end_s: float
    """End in the source, seconds."""

    @property
    def clip_id(self) -> str:
        """First 32 hex digits of sha256 over uri, version, start and end (3 decimals)."""
        identity = "\0".join((self.uri, self.version, f"{self.start_s:.3f}", f"{self.end_s:.3f}"))
        return hashlib.sha256(identity.encode()).hexdigest()[:32]

    @property
    def object(self) -> VideoObject:
        return VideoObject(self.uri, self.version)


def split(video: VideoObject, *, duration_s: float, window_s: float | None = None) -> list[Clip]:
    """The clips of a video: the whole of it, or windows of `window_s` seconds, the last one shorter.

    A remainder of less than a tenth of a window joins the window before it, so that no clip is too
    short to hold a motion.
    """
    end_s = round(duration_s, 3)
    if window_s is None or end_s <= window_s:
        return [Clip(video.uri, video.version, 0.0, end_s)]
    count = int(end_s // window_s)
    bounds = [round(window_s * index, 3) for index in range(count + 1)]
    if end_s - bounds[-1] >= 0.1 * window_s:
        bounds.append(end_s)
    else:
        bounds[-1] = end_s
    return [Clip(video.uri, video.version, start, end) for start, end in itertools.pairwise(bounds)]


def grouped(clips: Sequence[Clip], *, workers: int) -> list[tuple[Clip, ...]]:
    """The clips of one object as groups of neighbours: what one worker takes in one go.

    Args:
        clips: in order.
        workers: how many are to get something of it, as far as there are clips.
    """
    most = max(1, min(_GROUP_CLIPS, -(-len(clips) // workers)))
    groups: list[list[Clip]] = []
    for clip in clips:
        if not groups or len(groups[-1]) == most or clip.end_s - groups[-1][0].start_s > _GROUP_S:
            groups.append([])
        groups[-1].append(clip)
    return [tuple(group) for group in groups]
