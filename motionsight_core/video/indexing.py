"""Makes the index of a video's frames: by demuxing it, or by decoding it where packets do not tell.

All that is planned, decoded and measured of a video rests on this one index: which frames there are, when
each is shown, and where some are missing.
"""

from __future__ import annotations

from array import array
from dataclasses import dataclass, field, replace
from typing import BinaryIO

import numpy as np
from av.container import InputContainer
from av.format import Flags
from av.packet import Packet
from av.video.stream import VideoStream
from numpy.typing import NDArray

from motionsight_core.errors import TooLarge
from motionsight_core.settings import LimitSettings
from motionsight_core.video.completeness import is_cut
from motionsight_core.video.container import PacketDecoder, open_video, packets
from motionsight_core.video.encryption import refuse_undecodable, require_clear_packet
from motionsight_core.video.formats import demuxer_of
from motionsight_core.video.frame_index import NOT_DISPLAYED, FrameIndex
from motionsight_core.video.timeline import LONGEST_FRAME_S, NOMINAL_S, Timeline, timeline_of, usual_step

#: A last frame that is said to last less than this share of a usual one has a nonsense duration.
_SHORTEST_LAST = 0.1
#: So many frames may be stored before ones that are displayed earlier; with more, the timestamps lie.
_DEEPEST_REORDERING = 64
#: Above it a rate is the time base, which FFmpeg gives where it knows no better.
_HIGHEST_FPS = 2000.0
#: FFmpeg's names of formats that store how long each frame is shown; elsewhere FFmpeg guesses it.
_STORES_DURATIONS = ("mov", "matroska", "gif", "apng", "nut")
#: The bit of a VP8 frame header that says that the frame is shown (RFC 6386, 9.1).
_VP8_SHOWN = 0x10


def index_frames(file: BinaryIO, limits: LimitSettings) -> FrameIndex:
    """Index a video by demuxing it; by decoding it where the packets carry no sound timestamps.

    Raises:
        ClipError: the file cannot be opened, holds no frame, or more than `limits.max_frames`.
    """
    table = _PacketTable.read(file, limits)
    index = _index_of_packets(table)
    if index is None:
        return index_by_decoding(file, limits)
    index = _without_undecodable_ends(index, table, file, limits)
    missing = len(index.lost_s) == 0 and _misses_frames(table, file)
    return replace(index, lost_s=np.array([index.end_s])) if missing else index


def index_by_decoding(file: BinaryIO, limits: LimitSettings) -> FrameIndex:
    """Index what really comes out of the decoder: for missing timestamps and damaged streams.

    Raises:
        Corrupt, Encrypted: not one frame can be decoded.
    """
    pts: list[int | None] = []
    damaged_at: list[int] = []
    count = last_duration = 0
    with open_video(file, limits) as (container, stream):
        facts = _StreamFacts.of(container, stream)
        decoder = PacketDecoder(stream)

        def take(packet: Packet[VideoStream] | None) -> None:
            nonlocal last_duration
            for frame in decoder.frames(packet):
                pts.append(frame.pts if facts.is_timed else None)
                last_duration = (frame.duration or 0) if facts.is_timed else 0
            damaged_at.extend([len(pts)] * (decoder.damaged - len(damaged_at)))

        for packet in packets(container, stream):
            count += 1
            _check_count(count, limits)
            take(packet)
        take(None)
    if not pts:
        refuse_undecodable(file, demuxer_of(file))
    timeline = facts.timeline(pts)
    lost = damaged_at[: max(0, count - len(pts))]
    times_s = timeline.times_s
    return FrameIndex(
        times_s=times_s,
        duration_s=float(times_s[-1]) + facts.last_frame_s(times_s, last_duration),
        pts=np.arange(len(pts)),
        packets=None,
        keys=np.zeros(1, np.int64),
        packet_count=count,
        mended=timeline.mended,
        joins=timeline.joins,
        lost_s=times_s[np.minimum(lost, len(pts) - 1)] if lost else np.zeros(0),
        origin=pts[0],
        time_base=facts.time_base,
    )


@dataclass(frozen=True, slots=True)
class _StreamFacts:
    """What a stream says of its clock."""

    time_base: float
    """Seconds."""
    nominal_s: float
    """Time between two frames, seconds."""
    clock_restarts: bool
    """Whether the container's clock may start anew."""
    end: int | None
    """Where the stream ends, in units of the time base, as an MP4 declares it."""
    announced: int
    """Frames that the container declares; 0 where it does not."""
    is_timed: bool
    """Whether the container stores timestamps; those of bare streams are guesses of the parser."""
    stores_durations: bool
    """Whether the container stores how long a frame is shown."""
    is_mp4: bool
    """There a packet's duration leads to the packet stored next, not to the frame shown next."""

    @classmethod
    def of(cls, container: InputContainer, stream: VideoStream) -> _StreamFacts:
        rate = float(stream.average_rate or stream.guessed_rate or 0)
        is_mp4 = container.format.name.startswith("mov")
        # Of an MP4 whose edit list shows a part of what is stored, FFmpeg indexes and demuxes that part.
        announced = min(stream.frames, len(stream.index_entries)) if is_mp4 else stream.frames
        end = None
        # Elsewhere, and in fragments, the duration may be the file's, the sound's, or an end already; that
        # of a part counts from inside a frame.
        if is_mp4 and 0 < announced == stream.frames and stream.duration is not None:
            end = (stream.start_time or 0) + stream.duration
        return cls(
            time_base=float(stream.time_base or 0),
            nominal_s=1 / rate if 1 / LONGEST_FRAME_S <= rate <= _HIGHEST_FPS else NOMINAL_S,
            clock_restarts=bool(container.format.flags & Flags.ts_discont.value),
            end=end,
            announced=announced,
            is_timed=not container.format.flags & Flags.no_timestamps.value,
            stores_durations=container.format.name.startswith(_STORES_DURATIONS),
            is_mp4=is_mp4,
        )

    def timeline(self, pts: list[int | None] | NDArray[np.int64]) -> Timeline:
        """The times of frames with these timestamps [F], in display order."""
        return timeline_of(
            pts, time_base=self.time_base, nominal_s=self.nominal_s, clock_restarts=self.clock_restarts
        )

    def last_frame_s(
        self,
        times_s: NDArray[np.float64],
        own_duration: int,
        *,
        last_pts: int | None = None,
        reordered: bool = False,
    ) -> float:
        """How long the last frame is shown, seconds.

        Its own duration counts, if the container's declared end does not contradict it: some muxers write
        a nonsense one for the last packet, and slides and screen recordings end on a long frame.

        Args:
            times_s: [F] of all frames.
            own_duration: of the last one's packet, in units of the time base; 0 where there is none.
            last_pts: its timestamp, where the declared end may be compared with it.
            reordered: whether frames are stored in another order than they are shown in.
        """
        usual_s = usual_step(np.diff(times_s), self.nominal_s)
        own_s = own_duration * self.time_base
        declared_s = 0.0
        if self.end is not None and last_pts is not None:
            declared_s = (self.end - last_pts) * self.time_base
        if self.is_mp4 and reordered and 0 < declared_s <= LONGEST_FRAME_S:
            # Edit lists count in coarser units: where both mean the same, the packet is the exact one.
            return own_s if abs(own_s - declared_s) <= _SHORTEST_LAST * usual_s else declared_s
        is_confirmed = self.stores_durations and (declared_s <= 0 or abs(declared_s - own_s) <= usual_s)
        if _is_length(own_s, usual_s) and (own_s <= 2 * usual_s or is_confirmed):
            return own_s
        return declared_s if _is_length(declared_s, usual_s) else usual_s


def _is_length(length_s: float, usual_s: float) -> bool:
    return _SHORTEST_LAST * usual_s <= length_s <= LONGEST_FRAME_S and length_s > 0


@dataclass(slots=True)
class _PacketTable:
    """The packets of the stream as they are stored, in decode order."""

    facts: _StreamFacts
    pts: array[int] = field(default_factory=lambda: array("q"))
    """Of the packets that are displayed, as are the next two."""
    positions: array[int] = field(default_factory=lambda: array("q"))
    durations: array[int] = field(default_factory=lambda: array("q"))
    keys: array[int] = field(default_factory=lambda: array("q"))
    """Positions of the key packets."""
    count: int = 0
    """All packets."""
    damaged_from: int | None = None
    """Position of the first one after the last key packet that the demuxer calls damaged."""
    is_timed: bool = True
    """Whether every packet has a timestamp."""

    @classmethod
    def read(cls, file: BinaryIO, limits: LimitSettings) -> _PacketTable:
        with open_video(file, limits) as (container, stream):
            table = cls(_StreamFacts.of(container, stream))
            hides_frames = stream.codec_context.name == "vp8"
            for packet in packets(container, stream):
                _check_count(table.count + 1, limits)
                if not table.count:
                    require_clear_packet(packet)
                table._add(packet, hidden=hides_frames and not memoryview(packet)[0] & _VP8_SHOWN)
        return table

    def stored_pts(self, positions: NDArray[np.int64]) -> NDArray[np.int64]:
        """[P] timestamps of the displayed packets at these positions, as stored."""
        displayed = np.frombuffer(self.positions, np.int64)
        return np.frombuffer(self.pts, np.int64)[np.searchsorted(displayed, positions)]

    def _add(self, packet: Packet[VideoStream], *, hidden: bool) -> None:
        if packet.is_keyframe:
            self.keys.append(self.count)
            self.damaged_from = None
        if packet.is_corrupt and self.damaged_from is None:
            self.damaged_from = self.count
        if packet.pts is None:
            self.is_timed = False
        elif not packet.is_discard and not hidden:  # outside the edit list: decoded, never displayed
            self.pts.append(packet.pts)
            self.positions.append(self.count)
            self.durations.append(packet.duration or 0)
        self.count += 1


def _check_count(count: int, limits: LimitSettings) -> None:
    if count > limits.max_frames:
        raise TooLarge(f"The video has more than {limits.max_frames} frames (limits.max_frames).")


def _index_of_packets(table: _PacketTable) -> FrameIndex | None:
    """The index that the packets' timestamps give; None where they do not tell the frames' order."""
    if not table.is_timed or not table.facts.is_timed or not table.pts:
        return None
    stored = np.frombuffer(table.pts, np.int64)
    positions = np.frombuffer(table.positions, np.int64)
    keys = np.frombuffer(table.keys, np.int64) if table.keys else np.zeros(1, np.int64)
    order = _display_order(stored, positions, keys)
    if order is None:
        return None
    timeline = table.facts.timeline(stored[order])
    pts = stored[order]
    renumbered = bool(np.any(np.diff(pts) <= 0))
    reordered = bool(np.any(np.diff(order) < 0))
    if renumbered and reordered and len(timeline.mended):
        return None  # which of two frames with one timestamp comes first, only the decoder knows
    last = int(order[-1])
    times_s = timeline.times_s
    whole = table.count >= table.facts.announced and timeline.is_as_stored
    last_s = table.facts.last_frame_s(
        times_s,
        table.durations[last],
        last_pts=int(stored[last]) if whole else None,
        reordered=reordered,
    )
    return FrameIndex(
        times_s=times_s,
        duration_s=float(times_s[-1]) + last_s,
        pts=np.arange(len(pts)) if renumbered else pts,
        packets=positions[order],
        keys=keys,
        packet_count=table.count,
        renumbered=renumbered,
        mended=timeline.mended,
        joins=timeline.joins,
        origin=int(pts[0]),
        time_base=table.facts.time_base,
    )


def _display_order(
    stored: NDArray[np.int64], positions: NDArray[np.int64], keys: NDArray[np.int64]
) -> NDArray[np.intp] | None:
    """The order in which packets' frames are displayed; None where timestamps do not tell it.

    That of their timestamps, within each recording: where a key packet's is not later than all before it,
    the clock has started anew.

    Args:
        stored: [P] timestamps of the displayed packets, in decode order.
        positions: [P] of these among all packets.
        keys: positions of the key packets.
    """
    is_key = np.isin(positions, keys)
    recording = np.zeros(len(stored), np.int64)
    starts = np.flatnonzero(is_key)
    # The latest timestamp between each key packet and the next, and before the first.
    parts = np.concatenate(([0], starts)) if not len(starts) or starts[0] else starts
    latest = np.maximum.reduceat(stored, parts)
    so_far = latest[0]
    for part, latest_of_part in zip(parts[1:].tolist(), latest[1:].tolist(), strict=True):
        if stored[part] < so_far:
            recording[part:] += 1
            so_far = latest_of_part
        so_far = max(so_far, latest_of_part)
    order = np.lexsort((stored, recording))
    moved = np.abs(order - np.arange(len(order)))
    return None if np.any(moved > _DEEPEST_REORDERING) else order


def _without_undecodable_ends(
    index: FrameIndex, table: _PacketTable, file: BinaryIO, limits: LimitSettings
) -> FrameIndex:
    """The index without the frames that cannot be decoded where a recording begins or breaks off.

    A broadcast that is cut out of a transport stream begins inside a GOP, whose frames need pictures that
    are not there; a file that was not copied to its end breaks off inside a packet. The few packets there
    are decoded to see which frames they give.
    """
    if index.packets is None:
        return index
    first_key = int(index.keys[0]) if table.keys else 0
    packet_pts = index.packet_pts()
    if packet_pts[first_key] == NOT_DISPLAYED:  # before the edit list's start
        return index
    next_key = int(index.keys[1]) if len(index.keys) > 1 else index.packet_count
    after_key = np.flatnonzero(packet_pts[first_key:next_key] < packet_pts[first_key])
    head = first_key + (int(after_key[-1]) if len(after_key) else 0)
    if head > 0:
        index = _without_undecodable(index, 0, head, table, file, limits)
    if table.damaged_from is not None:
        last_key = int(index.keys[-1])
        index = _without_undecodable(index, last_key, index.packet_count - 1, table, file, limits)
    return index


def _without_undecodable(
    index: FrameIndex, first: int, last: int, table: _PacketTable, file: BinaryIO, limits: LimitSettings
) -> FrameIndex:
    """The index without the frames of packets `first` to `last` that these, decoded, do not give."""
    assert index.packets is not None  # noqa: S101
    given: set[int | None] = set()
    with open_video(file, limits) as (container, stream):
        decoder = PacketDecoder(stream)
        for position, packet in enumerate(packets(container, stream)):
            if first <= position <= last:
                given.update(frame.pts for frame in decoder.frames(packet))
            if position >= last:
                break
        given.update(frame.pts for frame in decoder.frames(None))
    stored = table.stored_pts(index.packets)
    here = (index.packets >= first) & (index.packets <= last)
    lost = np.flatnonzero(here & ~np.isin(stored, [pts for pts in given if pts is not None]))
    if not len(lost) or len(lost) == len(index.times_s):
        return index
    return _from_zero(index.without(lost, noted=True), table)


def _from_zero(index: FrameIndex, table: _PacketTable) -> FrameIndex:
    """The index with its first frame at 0 s."""
    assert index.packets is not None  # noqa: S101
    start_s = float(index.times_s[0])
    if start_s == 0:
        return index
    return replace(
        index,
        times_s=index.times_s - start_s,
        lost_s=np.maximum(index.lost_s - start_s, 0.0),
        origin=int(table.stored_pts(index.packets[:1])[0]),
    )


def _misses_frames(table: _PacketTable, file: BinaryIO) -> bool:
    """Whether the container announces frames that the file does not hold."""
    if table.facts.announced and table.count >= table.facts.announced:
        return False
    # An AVI counts the empty packets that hold the last picture, too.
    return (bool(table.facts.announced) and table.facts.is_mp4) or is_cut(file, demuxer_of(file))
