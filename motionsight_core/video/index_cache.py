"""The last frame indices of this process, so that a video's windows do not each demux all of it."""

from __future__ import annotations

import os
import threading
from collections import OrderedDict
from collections.abc import Callable
from typing import BinaryIO

from motionsight_core.catalog import VideoObject
from motionsight_core.settings import LimitSettings
from motionsight_core.video.frame_index import FrameIndex
from motionsight_core.video.indexing import index_by_decoding, index_frames

Indexer = Callable[[BinaryIO, LimitSettings], FrameIndex]

#: Videos that the threads of a worker have in hand at once.
_MOST_INDICES = 32
#: Frames of all that are kept, at some 24 bytes each; the newest index is kept in any case.
_MOST_FRAMES = 2_000_000


class IndexCache:
    """Frame indices by object and version, the least recently used one leaving first.

    A version names the bytes, and their number is compared as well, so that an index is never used on
    other bytes than it was made of.
    """

    def __init__(self) -> None:
        self._kept: OrderedDict[tuple[object, ...], FrameIndex] = OrderedDict()
        self._lock = threading.Lock()

    def of_packets(self, video: VideoObject, file: BinaryIO, limits: LimitSettings) -> FrameIndex:
        """As `index_frames`."""
        return self._get(index_frames, video, file, limits)

    def of_decoding(self, video: VideoObject, file: BinaryIO, limits: LimitSettings) -> FrameIndex:
        """As `index_by_decoding`."""
        return self._get(index_by_decoding, video, file, limits)

    def _get(self, make: Indexer, video: VideoObject, file: BinaryIO, limits: LimitSettings) -> FrameIndex:
        size = file.seek(0, os.SEEK_END)
        key = (make, video, size, limits.max_frames, limits.max_frame_pixels)
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
                return self._kept[key]
        index = make(file, limits)
        with self._lock:
            self._kept[key] = index
            self._kept.move_to_end(key)
            while len(self._kept) > 1 and (len(self._kept) > _MOST_INDICES or self._frames() > _MOST_FRAMES):
                self._kept.popitem(last=False)
        return index

    def _frames(self) -> int:
        return sum(len(index.times_s) for index in self._kept.values())
