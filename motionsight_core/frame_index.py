"""Which packet holds which displayed frame, and which packets must be decoded to get some of them.

Demuxing costs a hundredth of a decode. From the packets' timestamps and keyframe marks follows what
a clip's frames are before one is decoded, so that groups of pictures (GOPs) in which nothing is
needed are skipped, and so are the frames that no other frame refers to.
"""

from __future__ import annotations

from array import array
from dataclasses import dataclass
from enum import IntEnum
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from motionsight_core.container import decoded, open_video, packets
from motionsight_core.errors import Corrupt, TooLarge
from motionsight_core.settings import LimitSettings

#: No video shows one frame for longer, time-lapse and slides included; a damaged timestamp does.
_LONGEST_FRAME_S = 600.0
#: The timestamp of a packet whose frame is never displayed.
NOT_DISPLAYED = np.iinfo(np.int64).max


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
    """[F] seconds from the first frame."""
    duration_s: float
    """From the first frame's start to the last one's end, seconds."""
    pts: NDArray[np.int64]
    """[F] timestamps in the stream's time base."""
    packets: NDArray[np.int64] | None
    """[F] position in decode order of each frame's packet; None where timestamps do not tell, so
    that frames can only be counted while all are decoded."""
    keys: NDArray[np.int64]
    """[K] positions in decode order of the key packets."""
    packet_count: int

    @property
    def fps(self) -> float:
        """Average frame rate, frames per second."""
        return len(self.times_s) / self.duration_s if self.duration_s > 0 else 0.0

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

    def __repr__(self) -> str:
        return f"FrameIndex({len(self.times_s)} frames, {self.duration_s:.3f} s)"


def index_frames(file: BinaryIO, limits: LimitSettings) -> FrameIndex:
    """Index a video by demuxing it; by decoding it where the packets carry no sound timestamps.

    Raises:
        ClipError: the file cannot be opened, holds no frame, or more than `limits.max_frames`.
    """
    pts, last_duration = array("q"), 0
    shown, keys = array("q"), array("q")
    position = 0
    usable = True
    with open_video(file, limits) as (container, stream):
        time_base = float(stream.time_base or 0)
        rate = float(stream.average_rate or stream.guessed_rate or 25)
        for packet in packets(container, stream):
            if position >= limits.max_frames:
                raise TooLarge(f"The video has more than {limits.max_frames} frames (limits.max_frames).")
            if packet.is_keyframe:
                keys.append(position)
            if packet.pts is None:
                usable = False
            elif not packet.is_discard:  # outside the edit list: decoded, never displayed
                pts.append(packet.pts)
                shown.append(position)
                last_duration = packet.duration or last_duration
            position += 1
    order = np.argsort(np.frombuffer(pts, np.int64), kind="stable") if pts else np.zeros(0, np.int64)
    timestamps = np.frombuffer(pts, np.int64)[order] if pts else np.zeros(0, np.int64)
    if not usable or not _is_a_clock(timestamps, time_base):
        return index_by_decoding(file, limits)
    return _index(
        timestamps,
        time_base=time_base,
        rate=rate,
        last_duration=last_duration,
        packets=np.frombuffer(shown, np.int64)[order],
        keys=np.frombuffer(keys, np.int64) if keys else np.zeros(1, np.int64),
        packet_count=position,
    )


def index_by_decoding(file: BinaryIO, limits: LimitSettings) -> FrameIndex:
    """Index what really comes out of the decoder: for missing timestamps and damaged streams.

    Raises:
        Corrupt: not one frame can be decoded.
    """
    pts: list[int | None] = []
    count = 0
    with open_video(file, limits) as (container, stream):
        time_base = float(stream.time_base or 0)
        rate = float(stream.average_rate or stream.guessed_rate or 25)
        step = max(1, round(1 / (rate * time_base))) if time_base else 1
        for packet in packets(container, stream):
            count += 1
            if count > limits.max_frames:
                raise TooLarge(f"The video has more than {limits.max_frames} frames (limits.max_frames).")
            pts.extend(frame.pts for frame in decoded(stream, packet))
        pts.extend(frame.pts for frame in decoded(stream, None))
    if not pts:
        raise Corrupt("Not one frame of the video can be decoded.")
    timestamps = np.array([value for value in pts if value is not None], np.int64)
    if len(timestamps) < len(pts) or not _is_a_clock(timestamps, time_base):
        # The nominal rate is the better guess.
        timestamps = np.arange(len(pts), dtype=np.int64) * step
    return _index(
        timestamps,
        time_base=time_base,
        rate=rate,
        last_duration=0,
        packets=None,
        keys=np.zeros(1, np.int64),
        packet_count=count,
    )


def _is_a_clock(timestamps: NDArray[np.int64], time_base: float) -> bool:
    """Whether timestamps in display order can be times: a damaged clock jumps, or stands still."""
    steps = np.diff(timestamps)
    return len(timestamps) > 0 and bool(np.all((steps > 0) & (steps * time_base < _LONGEST_FRAME_S)))


def _index(
    pts: NDArray[np.int64],
    *,
    time_base: float,
    rate: float,
    last_duration: int,
    packets: NDArray[np.int64] | None,
    keys: NDArray[np.int64],
    packet_count: int,
) -> FrameIndex:
    times_s = (pts - pts[0]) * time_base
    usual_s = float(np.median(np.diff(times_s))) if len(pts) > 1 else 1 / rate
    last_s = last_duration * time_base
    # Some muxers write no duration, or a nonsense one, for the last packet.
    if not 0 < last_s <= 2 * usual_s:
        last_s = usual_s
    return FrameIndex(
        times_s=times_s,
        duration_s=float(times_s[-1]) + last_s,
        pts=pts,
        packets=packets,
        keys=keys,
        packet_count=packet_count,
    )


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
