"""Identity: which object, which bytes, which span of it (design contract "identity")."""

from __future__ import annotations

import hashlib
import itertools
from dataclasses import dataclass


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
