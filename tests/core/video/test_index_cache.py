"""A long video's windows are read, not demuxed, one after the other."""

from __future__ import annotations

from pathlib import Path

import pytest

from motionsight_core.catalog import VideoObject, split
from motionsight_core.settings import LimitSettings, Settings
from motionsight_core.stores import list_objects
from motionsight_core.video import attempts, decoding, frame_reader, index_cache
from motionsight_core.video.container import packets
from motionsight_core.video.index_cache import IndexCache
from tests.videos import moving_texture, write_video

LIMITS = LimitSettings()


def video_at(path: Path) -> VideoObject:
    (video,) = list_objects(str(path))
    assert isinstance(video, VideoObject)
    return video


def test_an_index_is_made_once_for_each_version_and_the_oldest_leaves(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write_video(tmp_path / "a.mp4", moving_texture(10))
    videos = [VideoObject(str(path), f"version {number}") for number in range(3)]
    monkeypatch.setattr(index_cache, "_MOST_INDICES", 2)
    cache = IndexCache()
    with path.open("rb") as file:
        first = cache.of_packets(videos[0], file, LIMITS)
        assert cache.of_packets(videos[0], file, LIMITS) is first
        assert cache.of_decoding(videos[0], file, LIMITS) is not first
        for video in videos[1:]:
            cache.of_packets(video, file, LIMITS)
        assert cache.of_packets(videos[0], file, LIMITS) is not first
        assert cache.of_packets(videos[0], file, LimitSettings(max_frames=11)) is not first


def test_windows_read_each_packet_a_bounded_number_of_times_however_many_they_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    options = {"preset": "ultrafast", "x264-params": "keyint=25:scenecut=0"}
    path = write_video(tmp_path / "a.mp4", moving_texture(50, width=64, height=48) * 30, options=options)
    monkeypatch.setattr(attempts, "_indices", IndexCache())
    monkeypatch.setattr(frame_reader, "_WORTH_SEEKING", 50)
    read = 0

    def counted(*arguments):
        nonlocal read
        for packet in packets(*arguments):
            read += 1
            yield packet

    # Those of the index as well as those of the frames.
    monkeypatch.setattr("motionsight_core.video.indexing.packets", counted)
    monkeypatch.setattr("motionsight_core.video.frame_reader.packets", counted)
    video = video_at(path)
    settings = Settings.load(environment={})
    duration_s = decoding.probe(video, settings)
    assert read == 1500
    for window in split(video, duration_s=duration_s, window_s=2.0):
        decoding.decode(window, settings, products=("sampled",))
    # Once for the index; each window its own 50, one or two GOPs before it, and a packet behind it.
    assert read < 1500 + 30 * (50 + 2 * 25 + 5)
