"""Objects that are too long to be downloaded are read piece by piece, by the parent for its process."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from motionsight_core.catalog import Clip, VideoObject
from motionsight_core.errors import ClipError, StoreUnavailable, TimedOut, TooLarge, VersionGone
from motionsight_core.guarded import pool, process
from motionsight_core.guarded.pool import DecoderPool
from motionsight_core.guarded.video_file import file_of_reads
from motionsight_core.video.decoding import decode
from tests.core.guarded.processes import children, settings
from tests.videos import moving_texture, write_video

Serve = Callable[[int, Callable[[int, int], bytes]], VideoObject]


@pytest.fixture
def serve(monkeypatch: pytest.MonkeyPatch) -> Serve:
    """Makes an object of a size, and a function that reads it."""

    class Reader:
        def __init__(self, size: int, read: Callable[[int, int], bytes]) -> None:
            self.size, self.read = size, read

    def make(size: int, read: Callable[[int, int], bytes]) -> VideoObject:
        class Store:
            @contextmanager
            def read(self, video: VideoObject) -> Iterator[Reader]:
                yield Reader(size, read)

        monkeypatch.setattr(pool, "store_for", lambda *_: Store())
        return VideoObject("s3://bucket/long.mp4", "v1")

    return make


@pytest.fixture(scope="module")
def content(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    frames = moving_texture(100, width=640, height=360)
    path = tmp_path_factory.mktemp("reads") / "long.mp4"
    options = {"preset": "ultrafast", "qp": "1"}
    return write_video(path, frames, options=options).read_bytes()


def test_a_video_is_decoded_from_few_long_reads(serve: Serve, content: bytes, tmp_path: Path) -> None:
    reads: list[tuple[int, int]] = []

    def read(offset: int, length: int) -> bytes:
        reads.append((offset, length))
        return content[offset : offset + length]

    video = serve(len(content), read)
    assert len(content) > 3_000_000, "more than a few reads of a decoder"
    path = tmp_path / "local.mp4"
    path.write_bytes(content)
    with DecoderPool(settings()) as decoder:
        clip = Clip(video.uri, video.version, 0.0, decoder.probe(video))
        decoded = decoder.decode(clip)
    with path.open("rb") as file:
        plain = decode(clip, file=file)
    assert decoded.sampled is not None
    assert plain.sampled is not None
    assert (decoded.sampled.pixels == plain.sampled.pixels).all()
    assert len(reads) < 40
    assert max(length for _, length in reads) <= 8 << 20


def test_a_process_that_is_killed_in_the_middle_of_a_clip_costs_nothing(serve: Serve, content: bytes) -> None:
    killed: list[int] = []

    def read(offset: int, length: int) -> bytes:
        if offset > 1_000_000 and not killed:
            killed.extend(children())
            os.kill(killed[0], signal.SIGKILL)
        return content[offset : offset + length]

    video = serve(len(content), read)
    with DecoderPool(settings()) as decoder:
        decoded = decoder.decode(Clip(video.uri, video.version, 0.0, 4.0))
    assert decoded.sampled is not None
    assert len(killed) == 1


@pytest.mark.parametrize("error", [VersionGone("It is gone."), StoreUnavailable("It broke down.")])
def test_what_a_read_fails_with_is_what_the_clip_fails_with(
    serve: Serve, content: bytes, error: ClipError
) -> None:
    def read(offset: int, length: int) -> bytes:
        if offset > 1_000_000:
            raise error
        return content[offset : offset + length]

    video = serve(len(content), read)
    with DecoderPool(settings()) as decoder:
        with pytest.raises(type(error), match=str(error)):
            decoder.decode(Clip(video.uri, video.version, 0.0, 4.0))
        assert len(children()) == 1, "the process goes on"


def test_too_few_bytes_are_the_store_s_fault(serve: Serve, content: bytes) -> None:
    video = serve(len(content), lambda offset, length: content[offset : offset + length - 1])
    with (
        DecoderPool(settings()) as decoder,
        pytest.raises(StoreUnavailable, match=r"gave \d+ of \d+ bytes"),
    ):
        decoder.probe(video)


def test_a_read_that_never_ends_is_timed_out(serve: Serve) -> None:
    never = threading.Event()

    def read(offset: int, length: int) -> bytes:
        never.wait()
        return bytes(length)

    with DecoderPool(settings("limits.wall_s=1")) as decoder, pytest.raises(TimedOut):
        decoder.probe(serve(1000, read))
    never.set()


def test_reads_that_trickle_are_timed_out(serve: Serve, tmp_path: Path) -> None:
    """Each read comes, but together they take longer than the clip may."""
    asked = threading.Event()
    packet = b"\x47\x1f\xff\x10" + bytes(184)  # a transport stream of null packets

    def read(offset: int, length: int) -> bytes:
        asked.wait(0.2)
        start = offset % len(packet)
        return (packet * (length // len(packet) + 2))[start : start + length]

    with DecoderPool(settings("limits.wall_s=1")) as decoder, pytest.raises(TimedOut):
        decoder.probe(serve(1 << 50, read))


def test_an_object_that_is_read_over_and_over_is_given_up(
    serve: Serve, content: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(process, "_READS_OF_SIZE", 1)
    monkeypatch.setattr(process, "_READS_BESIDES", 0)
    video = serve(len(content), lambda offset, length: content[offset : offset + length])
    with DecoderPool(settings()) as decoder, pytest.raises(TooLarge, match="too far apart"):
        decoder.decode(Clip(video.uri, video.version, 0.0, 4.0))


def test_small_reads_become_long_ones_and_jumps_short_ones() -> None:
    content = os.urandom(40 << 20)
    fetched: list[tuple[int, int]] = []

    def read(offset: int, length: int) -> bytes:
        fetched.append((offset, length))
        return content[offset : offset + length]

    file = file_of_reads(len(content), read)
    assert b"".join(iter(lambda: file.read(100_000), b"")) == content
    mib = 1 << 20
    assert [length // mib for _, length in fetched] == [1, 2, 4, 8, 8, 8, 8, 1]
    fetched.clear()
    file.seek(-10, os.SEEK_END)
    assert file.read(100) == content[-10:]
    file.seek(5 * mib)
    assert file.read(10) == content[5 * mib : 5 * mib + 10]
    assert file.tell() == 5 * mib + 10
    file.seek(100, os.SEEK_END)
    assert file.read(1) == b""
    assert [length // mib for _, length in fetched] == [1], "the end was still there"
