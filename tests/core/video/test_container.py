"""What is refused before FFmpeg sees it, and what a damaged file is called."""

from __future__ import annotations

import errno
from pathlib import Path

import av.error
import pytest

from motionsight_core.errors import (
    Corrupt,
    ForbiddenProtocol,
    NoVideoStream,
    TooLarge,
)
from motionsight_core.settings import LimitSettings
from motionsight_core.video.container import translated_errors
from motionsight_core.video.indexing import index_frames
from tests.videos import moving_texture, write_audio, write_video

LIMITS = LimitSettings()


def index(path: Path, limits: LimitSettings = LIMITS):
    with path.open("rb") as file:
        return index_frames(file, limits)


def test_a_playlist_is_not_followed(tmp_path: Path) -> None:
    good = write_video(tmp_path / "good.ts", moving_texture(10))
    playlist = tmp_path / "playlist.mp4"
    playlist.write_text(f"#EXTM3U\n#EXT-X-TARGETDURATION:5\n#EXTINF:5,\n{good}\n#EXT-X-ENDLIST\n")
    with pytest.raises(ForbiddenProtocol, match="HLS playlist"):
        index(playlist)


def test_a_fragmented_mp4_is_complete(tmp_path: Path) -> None:
    path = write_video(
        tmp_path / "fragmented.mp4",
        moving_texture(60),
        options={"g": "20"},
        container_options={"movflags": "frag_keyframe+empty_moov"},
    )
    assert len(index(path).times_s) == 60


def test_trailing_bytes_after_the_last_box_are_ignored(tmp_path: Path) -> None:
    path = write_video(tmp_path / "trailing.mp4", moving_texture(10))
    path.write_bytes(path.read_bytes() + bytes(1000))
    assert len(index(path).times_s) == 10


def test_an_audio_only_file_has_no_video_stream(tmp_path: Path) -> None:
    with pytest.raises(NoVideoStream, match="no video stream"):
        index(write_audio(tmp_path / "audio.mp4"))


def test_frames_above_the_pixel_limit_are_refused_before_decoding(tmp_path: Path) -> None:
    path = write_video(tmp_path / "large.mp4", moving_texture(3, width=320, height=240))
    with pytest.raises(TooLarge, match="320x240 are above the limit of 50000 pixels"):
        index(path, LimitSettings(max_frame_pixels=50_000))


def test_more_frames_than_the_limit_are_refused(tmp_path: Path) -> None:
    path = write_video(tmp_path / "long.mp4", moving_texture(30))
    with pytest.raises(TooLarge, match="more than 20 frames"):
        index(path, LimitSettings(max_frames=20))


def test_garbage_behind_a_sound_header_is_corrupt(tmp_path: Path) -> None:
    path = tmp_path / "garbage.mkv"
    path.write_bytes(b"\x1a\x45\xdf\xa3" + bytes(range(256)) * 40)
    with pytest.raises(Corrupt):
        index(path)


def test_a_thread_that_finds_no_memory_for_its_stack_is_a_matter_of_memory() -> None:
    """The system says "try again" then, and so does FFmpeg."""
    with pytest.raises(TooLarge, match=r"limits\.memory_mb"), translated_errors():
        raise av.error.BlockingIOError(errno.EAGAIN, "Resource temporarily unavailable")


def test_the_same_bytes_fail_in_the_same_words_whatever_ffmpeg_has_logged_by_then() -> None:
    log = (16, "avi", "tag v has size 9")
    error = av.error.InvalidDataError(
        1094995529,
        "Invalid data found",
        "<none>",
        log,  # pyrefly: ignore[bad-argument-type] - what PyAV reads
    )
    assert "last error log" in str(error), "PyAV adds it"
    with pytest.raises(Corrupt) as failed, translated_errors():
        raise error
    assert str(failed.value) == (
        "The video cannot be decoded: [Errno 1094995529] Invalid data found: '<none>'."
    )
