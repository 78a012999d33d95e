"""A clip as a file: exactly its frames at their own times, encoded anew, so that no other bytes survive."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from dataclasses import asdict
from fractions import Fraction
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray
from pydantic import TypeAdapter

from motionsight_core.catalog import Clip
from motionsight_core.errors import Corrupt
from motionsight_core.settings import Settings
from motionsight_core.video.attempts import attempts, frames_of, lost_frames_of, opened_video, shown_frames
from motionsight_core.video.clip_file_parts import ClipFileFacts, ClipFilePart
from motionsight_core.video.container import PacketDecoder, open_video, packets
from motionsight_core.video.frame_index import FrameIndex
from motionsight_core.video.frame_reader import Reading, wanted_frames
from motionsight_core.video.mp4_writer import FilePiece, Mp4Writer
from motionsight_core.video.plain_pictures import PlainPictures
from motionsight_core.video.sampling import HALF_MS, times_shown

#: At least so often something is given, if only an empty piece: who waits can tell work from a hang.
_FRAMES_PER_PIECE = 100
#: The clock of a file is its source's, made finer or coarser where it is outside of these, ticks per second.
_COARSEST, _FINEST = 10_000, 1_000_000
#: The longest that a frame may be shown in an MP4 file, ticks.
_LONGEST_TICKS = 2**31 - 1
_NO_BYTES = np.zeros(0, np.uint8)


_FACTS = TypeAdapter(ClipFileFacts)


def clip_file(
    clip: Clip, settings: Settings, *, made_with: str, file: BinaryIO | None = None
) -> Iterator[ClipFilePart]:
    """The MP4 file of a clip in pieces, in this process; the same bytes each time.

    Where an attempt at the video's frames fails half-way, the pieces begin anew at offset 0, and cover the
    whole file once more.

    Args:
        made_with: stands in the file, and names `settings.media` and the like.
        file: a seekable handle on the object's bytes, read in place of its store.

    Raises:
        ClipError: the version is gone, the video cannot be decoded, or the file grows too large.
    """
    with opened_video(clip.object, settings, file) as opened:

        def attempt(found: Clip, index: FrameIndex, reading: Reading) -> Iterator[ClipFilePart]:
            yield from _encoded(opened, clip.clip_id, made_with, found, index, reading, settings)

        yield from attempts(opened, clip, settings, attempt)


def facts_of_file(file: BinaryIO, settings: Settings) -> ClipFileFacts | None:
    """What a file says of itself, where it holds as many packets as it says frames; None for other videos."""
    with open_video(file, settings.limits) as (container, stream):
        facts = _facts_in(container.metadata.get("comment", ""))
        if facts is not None and facts.frames == sum(1 for _ in packets(container, stream)):
            return facts
        return None


def count_frames(file: BinaryIO, settings: Settings) -> Iterator[int]:
    """How many frames come out of a full decode: so far, now and then, and in the end.

    Raises:
        Corrupt: one does not, or the first one is not at 0.
    """
    with open_video(file, settings.limits) as (container, stream):
        decoder = PacketDecoder(stream)
        count = 0
        for packet in (*packets(container, stream), None):
            for frame in decoder.frames(packet):
                if count == 0 and frame.pts != 0:
                    raise Corrupt("The first frame of the clip's file is not at 0.")
                count += 1
                if count % _FRAMES_PER_PIECE == 0:
                    yield count
        if decoder.damaged:
            raise Corrupt(f"{decoder.damaged} packets of the clip's file cannot be decoded.")
        yield count


def _encoded(
    file: BinaryIO,
    clip_id: str,
    made_with: str,
    clip: Clip,
    index: FrameIndex,
    reading: Reading,
    settings: Settings,
) -> Iterator[ClipFilePart]:
    frames = frames_of(clip, index)
    wanted = np.zeros(len(index.times_s), np.bool_)
    wanted[frames] = True
    bounds_s = _bounds(clip, index, frames)
    with open_video(file, settings.limits) as (container, stream), ExitStack() as undo:
        per_s = _ticks_per_s(stream.time_base, float(np.max(np.diff(bounds_s))))
        ticks = _ticks(bounds_s, per_s)
        pictures: PlainPictures | None = None
        writer: Mp4Writer | None = None
        facts: ClipFileFacts | None = None
        found = wanted_frames(container, stream, index, wanted, reading=reading)
        for position, shown in enumerate(shown_frames(found, stream, settings)):
            if pictures is None or writer is None:
                pictures = PlainPictures(shown.frame, shown.geometry)
                width, height = pictures.size
                facts = ClipFileFacts(
                    clip_id=clip_id,
                    made_with=made_with,
                    frames=len(frames),
                    lost_frames=lost_frames_of(index, clip),
                    width=width,
                    height=height,
                    first_s=round(float(bounds_s[0]), 6),
                    duration_s=round(float(bounds_s[-1] - bounds_s[0]), 6),
                )
                writer = Mp4Writer(
                    pictures,
                    frames=len(frames),
                    fps=index.fps,
                    ticks_per_s=per_s,
                    comment=json.dumps(asdict(facts)),
                    settings=settings.media,
                )
                undo.callback(writer.close)
            picture = pictures.of(shown.frame, shown.geometry)
            yield from _parts(
                writer.add(picture, ticks=ticks[position], duration=ticks[position + 1] - ticks[position])
            )
            if position % _FRAMES_PER_PIECE == 0:
                yield ClipFilePart(0, _NO_BYTES)
        if writer is None or facts is None:
            raise Corrupt("Not one frame of the clip can be decoded.")
        yield from _parts(writer.finish())
        yield ClipFilePart(0, _NO_BYTES, writer.size, facts)


def _parts(pieces: Iterator[FilePiece]) -> Iterator[ClipFilePart]:
    for piece in pieces:
        yield ClipFilePart(piece.offset, piece.data)


def _bounds(clip: Clip, index: FrameIndex, frames: NDArray[np.intp]) -> NDArray[np.float64]:
    """[T + 1] when each frame of the clip is shown, and when the last one ends, source seconds.

    It ends with the clip, or before that with the next frame or the video.
    """
    times_s = times_shown(index.times_s, int(frames[0]), clip.start_s)
    after = int(frames[-1]) + 1
    next_s = float(times_s[after]) if after < len(times_s) else index.end_s
    last_s = float(times_s[frames[-1]])
    end_s = min(next_s, clip.end_s)
    # A clip's end is rounded to milliseconds.
    end_s = next_s if abs(next_s - end_s) <= HALF_MS or end_s <= last_s else end_s
    return np.append(times_s[frames], end_s)


def _ticks_per_s(time_base: Fraction | None, longest_s: float) -> int:
    """The clock of a clip's file: the source's or a multiple, so that times stay exact; coarser if too fine.

    Args:
        time_base: of the source, seconds.
        longest_s: that a frame is shown.
    """
    per_s = time_base.denominator if time_base else _COARSEST
    per_s *= -(-_COARSEST // per_s)
    finest = max(1, min(_FINEST, int(_LONGEST_TICKS / max(longest_s, 1.0))))
    return min(per_s, finest)


def _ticks(bounds_s: NDArray[np.float64], per_s: int) -> list[int]:
    """Times in ticks from the first one; no two are the same, however close they are."""
    ticks = np.rint((bounds_s - bounds_s[0]) * per_s).astype(np.int64)
    ahead = np.arange(len(ticks))
    return (np.maximum.accumulate(ticks - ahead) + ahead).tolist()


def _facts_in(comment: str) -> ClipFileFacts | None:
    with suppress(ValueError):
        return _FACTS.validate_json(comment, strict=True)
    return None
