"""Which objects of a listing are videos though their names do not say so: their first bytes tell."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor

from motionsight_core.errors import ClipError
from motionsight_core.settings import StoreSettings
from motionsight_core.stores import Candidate, read_head
from motionsight_core.video.formats import HEAD_BYTES, holds_video

#: Objects of a cloud looked into at once; most of the time each waits for an answer.
_AT_ONCE = 32


def is_video(candidate: Candidate, settings: StoreSettings) -> bool:
    """Whether a candidate is to be opened as a video; what cannot be read is, so that a failure says why."""
    try:
        return holds_video(read_head(candidate.object, HEAD_BYTES, settings=settings))
    except ClipError:
        return True


def videos_among(candidates: Iterable[Candidate], settings: StoreSettings) -> set[Candidate]:
    """The candidates that are to be opened as videos: one read of 68 KiB each, 32 at once.

    Raises:
        RunError: a store's client is not installed.
    """
    waiting: Sequence[Candidate] = tuple(candidates)
    if not waiting:
        return set()
    threads = ThreadPoolExecutor(min(_AT_ONCE, len(waiting)), thread_name_prefix="look-into")
    try:
        answers = threads.map(lambda candidate: is_video(candidate, settings), waiting)
        return {candidate for candidate, answer in zip(waiting, answers, strict=True) if answer}
    finally:
        threads.shutdown(cancel_futures=True)
