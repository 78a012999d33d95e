"""Which packet holds which displayed frame, and which packets must be decoded to get some of them.

Demuxing costs a hundredth of a decode. From the packets' timestamps and keyframe marks follows what
a clip's frames are before one is decoded, so that groups of pictures (GOPs) in which nothing is
needed are skipped, and so are the frames that no other frame refers to.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from motionsight_core.video.timeline import NOMINAL_S, usual_step

#: The timestamp of a packet whose frame is never displayed.
NOT_DISPLAYED = np.iinfo(np.int64).max


def _no_frames() -> NDArray[np.intp]:
    return np.zeros(0, np.intp)


def _no_times() -> NDArray[np.float64]:
    return np.zeros(0)


class PacketUse(IntEnum):
    """What to do with a packet of the video stream."""

    SKIP = 0
    REFERENCE = 1
    """Decode if other frames refer to it; its own picture is not wanted."""
    FRAME = 2
    """Decode; its picture is wanted."""


@dataclass(frozen=True, slots=True)
class FrameIndex:
    """The displayed frames of a video, in display order."""

    times_s: NDArray[np.float64]
    """[F] source seconds: from the first frame of the file."""
    duration_s: float
    """From the first frame's start to the last one's end, seconds."""
    pts: NDArray[np.int64]
    """[F] timestamps in the stream's time base; the frames' numbers where `renumbered`."""
    packets: NDArray[np.int64] | None
    """[F] position in decode order of each frame's packet; None where timestamps do not tell, so
    that frames can only be counted while all are decoded."""
    keys: NDArray[np.int64]
    """[K] positions in decode order of the key packets."""
    packet_count: int
    renumbered: bool = False
    """Whether timestamps repeat or start anew, so that packets are decoded under their frames' numbers."""
    mended: NDArray[np.intp] = field(default_factory=_no_frames)
    """[M] numbers of the frames whose timestamps could not be used."""
    joins: NDArray[np.intp] = field(default_factory=_no_frames)
    """[J] numbers of the frames with which another recording begins."""
    lost_s: NDArray[np.float64] = field(default_factory=_no_times)
    """[L] where frames are missing that the file announces or should have, source seconds."""
    origin: int | None = None
    """The first frame's stored timestamp, in the stream's time base."""
    time_base: float = 0.0
    """Seconds."""

    @property
    def fps(self) -> float:
        """Average frame rate, frames per second."""
        return len(self.times_s) / self.duration_s if self.duration_s > 0 else 0.0

    @property
    def end_s(self) -> float:
        """The last frame's end, source seconds."""
        return float(self.times_s[0]) + self.duration_s

    def packet_pts(self) -> NDArray[np.int64]:
        """[packet_count] timestamps of the packets' frames, in decode order; NOT_DISPLAYED without one.

        Raises:
            ValueError: the index was made by decoding.
        """
        if self.packets is None:
            raise ValueError("an index made by decoding knows no packets")
        packet_pts = np.full(self.packet_count, NOT_DISPLAYED)
        packet_pts[self.packets] = self.pts
        return packet_pts

    def without(self, lost: NDArray[np.intp], *, noted: bool) -> FrameIndex:
        """The index without frames that no packet brings, for an index that knows packets.

        Args:
            lost: [L] their numbers.
            noted: whether they are lost; else the packets never held a picture.

        Raises:
            ValueError: the index was made by decoding, or no frame would be left.
        """
        if self.packets is None or len(lost) == len(self.times_s):
            raise ValueError("frames can only be taken out of an index that knows packets and keeps some")
        kept = np.ones(len(self.times_s), np.bool_)
        kept[lost] = False
        numbers = np.cumsum(kept) - 1
        times_s = self.times_s[kept]
        end_s = self.end_s
        if not kept[-1]:
            # The last one is shown until the next would have been, or as long as a usual one.
            next_s = float(self.times_s[np.flatnonzero(kept)[-1] + 1])
            end_s = min(next_s, float(times_s[-1]) + usual_step(np.diff(times_s), NOMINAL_S))
        return replace(
            self,
            times_s=times_s,
            duration_s=end_s - float(times_s[0]),
            pts=np.arange(len(times_s)) if self.renumbered else self.pts[kept],
            packets=self.packets[kept],
            mended=numbers[self.mended[kept[self.mended]]],
            joins=numbers[self.joins[kept[self.joins]]],
            lost_s=np.append(self.lost_s, self.times_s[lost] if noted else []),
        )

    def __repr__(self) -> str:
        return f"FrameIndex({len(self.times_s)} frames, {self.duration_s:.3f} s)"


def plan_packets(index: FrameIndex, wanted: NDArray[np.bool_]) -> NDArray[np.uint8]:
    """What to do with each packet so that exactly the wanted frames come out as in a full decode.

    Args:
        index: with `packets`, else there is nothing to plan.
        wanted: [F] which displayed frames are wanted.

    Returns:
        [packet_count] of PacketUse, in decode order.
    """
    if index.packets is None:
        raise ValueError("an index made by decoding has no packets to plan")
    uses = np.full(index.packet_count, PacketUse.SKIP, np.uint8)
    wanted_packets = np.zeros(index.packet_count, np.bool_)
    wanted_packets[index.packets[wanted]] = True
    if not wanted_packets.any():
        return uses
    packet_pts = index.packet_pts()
    starts = index.keys if index.keys[0] == 0 else np.concatenate(([0], index.keys))
    ends = np.append(starts[1:], index.packet_count)
    # Only the GOPs in which something is wanted are looked at, and those that these lean on: a long
    # video's windows must not each pay for all of it.
    first, last = np.flatnonzero(wanted_packets)[[0, -1]]
    first_gop, gop = np.searchsorted(starts, [first, last], side="right") - 1
    next_leads = False
    while gop >= 0 and (gop >= first_gop or next_leads):
        start, end = starts[gop], ends[gop]
        positions = start + np.flatnonzero(wanted_packets[start:end])
        if len(positions) or next_leads:
            uses[start : end if next_leads else positions[-1] + 1] = PacketUse.REFERENCE
            # Frames that follow the key packet but are displayed before it (an open GOP) refer to the
            # GOP before, which then must be decoded whole.
            next_leads = bool(np.any(packet_pts[positions] < packet_pts[start]))
        gop -= 1
    uses[wanted_packets] = PacketUse.FRAME
    return uses
