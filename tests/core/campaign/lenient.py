"""What is left of a damaged file: a plain decode that passes over whatever fails."""

from __future__ import annotations

import itertools
import multiprocessing
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from types import TracebackType
from typing import Any

import av
import av.error
import av.logging

#: No base file of the campaign has a tenth of these.
_MOST_FRAMES = 500
_PATIENCE_S = 60


@dataclass(frozen=True, slots=True)
class Remains:
    """The frames of a damaged file that a decoder still gives."""

    count: int
    stamped_s: float
    """From the first one's start to the last one's end by their timestamps, seconds; 0 without any."""
    usual_s: float = 0.0
    """The usual time between their timestamps, seconds; 0 without any."""


NOTHING = Remains(0, 0.0)


class LenientDecoder:
    """Decodes damaged files in a process of its own, which they may kill or hang."""

    def __init__(self) -> None:
        self._process = self._new()

    @staticmethod
    def _new() -> ProcessPoolExecutor:
        return ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn"))

    def remains(self, path: Path, demuxer: str) -> Remains:
        """What is left of a file; nothing where FFmpeg itself dies of it or hangs."""
        try:
            return self._process.submit(remains, path, demuxer).result(timeout=_PATIENCE_S)
        except (BrokenProcessPool, TimeoutError):
            self._end()
            self._process = self._new()
            return NOTHING

    def _end(self) -> None:
        for process in list((self._process._processes or {}).values()):
            process.kill()
        self._process.shutdown(wait=True, cancel_futures=True)

    def __enter__(self) -> LenientDecoder:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._end()


def remains(path: Path, demuxer: str) -> Remains:
    """Decode packet after packet, up to where the demuxer fails or the file ends.

    Args:
        demuxer: of the undamaged file; a file that FFmpeg no longer knows for one is left alone.
    """
    av.logging.set_level(av.logging.PANIC)
    stamps: list[int | None] = []
    tick_s = 0.0
    with suppress(av.error.FFmpegError, IndexError, ValueError), av.open(str(path)) as container:
        if demuxer not in container.format.name.split(","):
            return NOTHING
        streams = [stream for stream in container.streams.video if stream.codec_context is not None]
        if not streams:
            return NOTHING
        stream = max(streams, key=lambda stream: stream.frames)
        stream.codec_context.thread_count = 1
        tick_s = float(stream.time_base or 0)
        for packet in _packets(container, stream):
            with suppress(av.error.FFmpegError):
                stamps.extend(frame.pts for frame in packet.decode())
            if len(stamps) > _MOST_FRAMES:
                break
    known = sorted({stamp for stamp in stamps if stamp is not None})
    if len(known) < 2:
        return Remains(len(stamps), 0.0)
    step = median(later - earlier for earlier, later in itertools.pairwise(known))
    return Remains(len(stamps), (known[-1] - known[0] + step) * tick_s, step * tick_s)


def _packets(container: Any, stream: Any) -> Iterator[Any]:
    with suppress(av.error.FFmpegError, IndexError):
        yield from container.demux(stream)
