"""What a watch knows of the objects it has seen, so that a round costs what is new and not what is there.

It is only a memory: a watch that begins without it asks the warehouse, and does the same.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from motionsight_core.catalog import VideoObject
from motionsight_core.planning.plan import Plan
from motionsight_core.planning.shards import Shard
from motionsight_core.stores import Candidate, Listed, UnlistedObject, modified_s

#: The longest pause before an object that failed for a reason outside of it is tried again, seconds.
_LONGEST_PAUSE_S = 3600.0


@dataclass(slots=True)
class _Tried:
    times: int
    again_at_s: float


class WatchedObjects:
    """Lets pass what may need work: neither finished nor half-written, nor tried a moment ago.

    Args:
        pause_s: before an object that failed is tried again; doubles with each try, up to an hour.
        settle_s: a local file is taken for whole when it was not modified for so long. Stores show
            whole objects only.
        clock: seconds since the epoch.
    """

    def __init__(self, *, pause_s: float, settle_s: float, clock: Callable[[], float] = time.time) -> None:
        self._pause_s, self._settle_s, self._clock = pause_s, settle_s, clock
        self._finished: set[bytes] = set()
        self._tried: dict[bytes, _Tried] = {}
        self._first_seen_s: dict[bytes, float] = {}
        self._passed: set[bytes] = set()
        self.listed = 0
        """Objects in the last listing."""
        self.unsettled = 0
        """Of these, how many may still be written."""

    def to_look_at(self, listing: Iterable[Listed]) -> Iterator[Listed]:
        """The part of a round's listing that is to be planned."""
        self._passed.clear()
        self.listed = self.unsettled = 0
        seen_fresh: dict[bytes, float] = {}
        now_s = self._clock()
        for item in listing:
            self.listed += 1
            key = _key(item)
            if key in self._finished:
                continue
            if not isinstance(item, UnlistedObject) and not self._is_settled(item, key, now_s, seen_fresh):
                self.unsettled += 1
                continue
            tried = self._tried.get(key)
            if tried is not None and now_s < tried.again_at_s:
                continue
            self._passed.add(key)
            yield item
        self._first_seen_s = seen_fresh

    def planned(self, plan: Plan) -> None:
        """Of what passed, whatever the plan leaves out is finished."""
        for shard in plan.shards:
            self._passed.difference_update(_key(video) for video in shard.videos)
        self._finished |= self._passed
        for key in self._passed:
            self._tried.pop(key, None)
        self._passed = set()

    def committed(self, shard: Shard) -> None:
        """The shard's objects were tried; the next plan will know with what result."""
        now_s = self._clock()
        for video in shard.videos:
            times = self._tried[key].times + 1 if (key := _key(video)) in self._tried else 1
            pause_s = min(self._pause_s * 2 ** min(times - 1, 30), _LONGEST_PAUSE_S)
            # The first look again comes with the next round: nearly all are finished then.
            self._tried[key] = _Tried(times, now_s + pause_s if times > 1 else now_s)

    def _is_settled(
        self, video: VideoObject | Candidate, key: bytes, now_s: float, seen_fresh: dict[bytes, float]
    ) -> bool:
        if "://" in video.uri:
            return True
        modified = modified_s(video.version)
        if modified is not None and modified <= now_s - self._settle_s:
            return True
        # Clocks differ: a time that lies ahead says nothing, but the same version seen for long does.
        first_seen_s = self._first_seen_s.get(key, now_s)
        seen_fresh[key] = first_seen_s
        return now_s - first_seen_s >= self._settle_s > 0


def _key(item: Listed) -> bytes:
    return hashlib.sha256(f"{item.uri}\0{item.version}".encode("utf-8", "surrogatepass")).digest()[:16]
