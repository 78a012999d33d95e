"""How a clip's frames are had where the quick ways fail: one attempt after another.

The packets' timestamps say which frames a clip has, and where in the file they are. Some files seek badly,
some are damaged, and some tell nothing true: each attempt trusts the file less than the one before.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext, suppress
from dataclasses import replace
from typing import BinaryIO, TypeVar

import numpy as np
from av.video.frame import VideoFrame
from av.video.stream import VideoStream
from numpy.typing import NDArray

from motionsight_core.catalog import Clip, VideoObject
from motionsight_core.errors import Corrupt
from motionsight_core.settings import Settings
from motionsight_core.stores import open_object
from motionsight_core.video.container import PacketDecoder, open_video, require_size
from motionsight_core.video.frame_index import FrameIndex
from motionsight_core.video.frame_reader import (
    IncompleteDecode,
    Reading,
    SeekMismatch,
    frames_that_come,
    from_keyframe,
    from_start,
)
from motionsight_core.video.index_cache import IndexCache
from motionsight_core.video.pixels import geometry_of
from motionsight_core.video.sampling import HALF_MS, displayed_frames
from motionsight_core.video.scene_frames import ShownFrame

T = TypeVar("T")

#: Makes something of a clip by an index, reading packets in this way.
Attempt = Callable[[Clip, FrameIndex, Reading], Iterator[T]]

_indices = IndexCache()


def attempts(file: BinaryIO, clip: Clip, settings: Settings, attempt: Attempt[T]) -> Iterator[T]:
    """What the first attempt that succeeds gives; what the failed ones gave before it comes first.

    Raises:
        ClipError: the attempt's own, or the video cannot be decoded.
        IncompleteDecode: the last one failed as well.
    """
    index = packet_index(clip.object, file, settings)
    try:
        with suppress(SeekMismatch):
            yield from attempt(clip, index, from_keyframe)
            return
        yield from attempt(clip, index, from_start)
        return
    except IncompleteDecode:
        pass
    try:
        # Damage: do without the frames that it hits.
        given = _without_lost_frames(file, clip, index, settings)
        if given is not None:
            yield from attempt(_cut_to(clip, given), given, from_start)
            return
    except IncompleteDecode:
        pass
    # The packets' timestamps are not the frames': count the frames that come out of a full decode.
    found = decoded_index(clip.object, file, settings, like=index)
    yield from attempt(_cut_to(clip, found), found, from_start)


def packet_index(video: VideoObject, file: BinaryIO, settings: Settings) -> FrameIndex:
    """The index that a video's packets tell, made once for each version."""
    return _indices.of_packets(video, file, settings.limits)


def decoded_index(video: VideoObject, file: BinaryIO, settings: Settings, *, like: FrameIndex) -> FrameIndex:
    """The index of the frames that come out of a full decode, made once for each version.

    Args:
        like: what the packets tell; times count from the first packet, as other clips of the video have them.
    """
    found = _indices.of_decoding(video, file, settings.limits)
    if like.packets is None or like.origin is None or found.origin is None:
        return found
    shift_s = (found.origin - like.origin) * like.time_base
    if not 0 < shift_s < like.duration_s:
        return found
    return replace(found, times_s=found.times_s + shift_s, lost_s=found.lost_s + shift_s)


def _without_lost_frames(
    file: BinaryIO, clip: Clip, index: FrameIndex, settings: Settings
) -> FrameIndex | None:
    """The index without the clip's frames that do not come out of the decoder; None where all or none do.

    Raises:
        IncompleteDecode: the packets' timestamps are not those of the frames.
    """
    if index.packets is None:
        return None
    frames = displayed_frames(index.times_s, clip.start_s, clip.end_s)
    wanted = np.zeros(len(index.times_s), np.bool_)
    wanted[frames] = True
    with open_video(file, settings.limits) as (container, stream):
        decoder = PacketDecoder(stream)
        found = frames_that_come(container, stream, index, wanted, decoder=decoder)
        given = [number for number, _ in found]
    lost = np.setdiff1d(frames, given)
    # Packets that hold no picture of their own are no damage.
    return index.without(lost, noted=decoder.damaged > 0) if len(lost) and given else None


def _cut_to(clip: Clip, index: FrameIndex) -> Clip:
    """The part of a clip in which there are frames, where it was planned on others than could be decoded."""
    start_s = max(clip.start_s, math.floor(float(index.times_s[0]) * 1000) / 1000)
    end_s = min(clip.end_s, round(index.end_s, 3))
    return replace(clip, start_s=start_s, end_s=end_s) if start_s < end_s else clip


def lost_frames_of(index: FrameIndex, clip: Clip) -> int:
    """How many of the clip's frames the index knows to be lost."""
    inside = (index.lost_s >= clip.start_s - HALF_MS) & (index.lost_s < clip.end_s + HALF_MS)
    # What is missing behind the last frame belongs to the clip that ends with it.
    at_end = (index.lost_s > clip.end_s) & (round(index.end_s, 3) <= clip.end_s)
    return int(np.count_nonzero(inside | at_end))


def opened_video(
    video: VideoObject, settings: Settings, file: BinaryIO | None
) -> AbstractContextManager[BinaryIO]:
    """The handle that was given, else one on the version in its store."""
    return open_object(video, settings=settings.stores) if file is None else nullcontext(file)


def frames_of(clip: Clip, index: FrameIndex) -> NDArray[np.intp]:
    """Numbers of the frames that are seen in a clip.

    Raises:
        Corrupt: there are none.
    """
    frames = displayed_frames(index.times_s, clip.start_s, clip.end_s)
    if not len(frames) or clip.start_s >= index.end_s - HALF_MS:
        raise Corrupt(f"No frame can be decoded between {clip.start_s:.3f} s and {clip.end_s:.3f} s.")
    return frames


def shown_frames(
    frames: Iterator[tuple[int, VideoFrame]], stream: VideoStream, settings: Settings
) -> Iterator[ShownFrame]:
    """Frames with what is needed to show them.

    Raises:
        TooLarge: one of them is larger than `limits.max_frame_pixels`, or than can be processed.
    """
    for number, frame in frames:
        require_size(frame.width, frame.height, settings.limits)
        yield ShownFrame(number, frame, geometry_of(frame, stream.sample_aspect_ratio))
