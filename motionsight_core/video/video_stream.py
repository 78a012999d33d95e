"""Which of a file's video streams is the video: the moving one, not a cover, a thumbnail or a still.

Phones store a full-size still beside the short video of a motion photo, AVIF stores its first picture
beside the animation, and players' libraries add covers.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import av.error
from av.container import InputContainer
from av.stream import Disposition
from av.video.stream import VideoStream

from motionsight_core.errors import Corrupt, NoVideoStream

_NEVER = Disposition.attached_pic | Disposition.timed_thumbnails | Disposition.still_image
#: Streams are compared by their first packets, where the container does not count them.
_COUNTED_PACKETS = 4000
#: Streams with at least this share of the most frames, and of the longest duration, are all moving.
_COMPARABLE = 0.5


def moving_streams(container: InputContainer) -> list[VideoStream]:
    """The streams that may be the video.

    Raises:
        NoVideoStream: the file has none but covers and thumbnails.
        Corrupt: FFmpeg knows no decoder for any of them.
    """
    streams = list(container.streams.video)
    moving = [stream for stream in streams if not stream.disposition & _NEVER]
    if not moving:
        raise NoVideoStream(
            "The file has no video stream but a cover or a thumbnail."
            if streams
            else "The file has no video stream."
        )
    # PyAV gives no codec context where FFmpeg has no decoder, whatever its types say.
    readable = [stream for stream in moving if getattr(stream, "codec_context", None) is not None]
    if not readable:
        raise Corrupt("No decoder is known for the video stream.")
    return readable


def is_counted(streams: Sequence[VideoStream]) -> bool:
    """Whether the container says how many frames each of the streams has."""
    return all(stream.frames > 0 for stream in streams)


def count_packets(container: InputContainer, streams: Sequence[VideoStream]) -> Counter[int]:
    """How many of the first packets of a freshly opened container belong to each stream, by stream index."""
    counts: Counter[int] = Counter()
    try:
        for packet in container.demux(list(streams)):
            counts[packet.stream_index] += bool(packet.size)
            if counts.total() >= _COUNTED_PACKETS:
                break
    except (av.error.FFmpegError, IndexError):
        pass  # what was counted up to the damage decides
    return counts


def video_stream(streams: Sequence[VideoStream], counts: Counter[int] | None = None) -> VideoStream:
    """The moving one of several streams: by frames and duration, then as marked, then the largest.

    Args:
        streams: at least one.
        counts: packets by stream index, where the container does not say how many frames there are.
    """
    frames = [stream.frames if counts is None else counts[stream.index] for stream in streams]
    moving = [
        stream for stream, count in zip(streams, frames, strict=True) if count >= _COMPARABLE * max(frames)
    ]
    longest_s = max(map(_duration_s, moving))
    lasting = [stream for stream in moving if _duration_s(stream) >= _COMPARABLE * longest_s]
    return max(lasting, key=_rank)


def _duration_s(stream: VideoStream) -> float:
    return float((stream.duration or 0) * (stream.time_base or 0))


def _rank(stream: VideoStream) -> tuple[bool, bool, int, int]:
    codec = stream.codec_context
    # The alpha channel of an animation is a grey stream beside the coloured one.
    is_grey = (codec.pix_fmt or "").startswith("gray")
    return (
        bool(stream.disposition & Disposition.default),
        not is_grey,
        codec.width * codec.height,
        -stream.index,
    )
