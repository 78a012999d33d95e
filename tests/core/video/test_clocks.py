"""Files whose clock repeats, jumps, starts anew or starts inside a group of pictures."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from motionsight_core.catalog import Clip, VideoObject, split
from motionsight_core.clip import DecodedClip
from motionsight_core.settings import Settings
from motionsight_core.stores import list_objects
from motionsight_core.video.decoding import decode, decode_scenes, probe
from tests.videos import all_frames, moving_texture, write_video

SETTINGS = Settings.load(environment={}, overrides=["sampling.frames=1000"])
GOP_25 = {"x264-params": "keyint=25:scenecut=0:bframes=2"}
PACKET = 188


def video_at(path: Path) -> VideoObject:
    (video,) = list_objects(str(path))
    assert isinstance(video, VideoObject)
    return video


def whole(path: Path, settings: Settings = SETTINGS) -> DecodedClip:
    video = video_at(path)
    (clip,) = split(video, duration_s=probe(video, settings))
    return decode(clip, settings)


def times_of(clip: DecodedClip) -> np.ndarray:
    assert clip.sampled is not None
    return clip.sampled.times_s


def with_times(source: Path, target: Path, times_ms: Iterable[int]) -> Path:
    """The video's packets, in their order, under other timestamps."""
    with av.open(str(source)) as read, av.open(str(target), "w") as written:
        stream = written.add_stream_from_template(read.streams.video[0])
        stream.time_base = Fraction(1, 1000)
        packets = [packet for packet in read.demux(video=0) if packet.size]
        for packet, time_ms in zip(packets, times_ms, strict=True):
            packet.stream = stream
            packet.time_base = Fraction(1, 1000)
            packet.pts = packet.dts = time_ms
            written.mux(packet)
    return target


def irregular(count: int) -> list[int]:
    """Times like a browser's recording, milliseconds."""
    return np.cumsum([0, *np.random.default_rng(5).choice([17, 33, 50], count - 1)]).tolist()


@pytest.mark.parametrize("codec", ["libvpx", "libvpx-vp9"])
@pytest.mark.parametrize("doubled", [1, 30, 59])
def test_one_doubled_timestamp_costs_that_frames_time_and_no_other(
    tmp_path: Path, codec: str, doubled: int
) -> None:
    plain = write_video(
        tmp_path / "plain.webm", moving_texture(60), codec=codec, options={"lag-in-frames": "0"}
    )
    times_ms = irregular(60)
    sound = whole(with_times(plain, tmp_path / "sound.webm", times_ms))
    times_ms[doubled] = times_ms[doubled - 1]
    found = whole(with_times(plain, tmp_path / "doubled.webm", times_ms))
    assert found.notes == ("times_mended",)
    assert sound.notes == ()
    others = np.arange(60) != doubled
    np.testing.assert_allclose(times_of(found)[others], times_of(sound)[others], atol=1e-6)
    assert np.all(np.diff(times_of(found)) > 0)
    assert found.clip.end_s == pytest.approx(sound.clip.end_s, abs=0.05)
    assert found.sampled is not None and sound.sampled is not None
    np.testing.assert_array_equal(found.sampled.pixels, sound.sampled.pixels)


def test_a_frame_every_quarter_of_an_hour_is_a_time_lapse(tmp_path: Path) -> None:
    path = write_video(
        tmp_path / "a.mkv", moving_texture(5), codec="libvpx", times_ms=[900_000 * n for n in range(5)]
    )
    clip = whole(path)
    assert times_of(clip).tolist() == [0.0, 900.0, 1800.0, 2700.0, 3600.0]
    assert clip.notes == ()


def test_a_last_frame_that_is_shown_for_long_counts_in_full(tmp_path: Path) -> None:
    source = write_video(tmp_path / "a.mp4", moving_texture(8), options={"x264-params": "bframes=0"})
    for name in ("long.mkv", "long.mp4"):
        with av.open(str(source)) as read, av.open(str(tmp_path / name), "w") as written:
            stream = written.add_stream_from_template(read.streams.video[0])
            packets = [packet for packet in read.demux(video=0) if packet.size]
            packets[-1].duration = round(10 / packets[-1].time_base)
            for packet in packets:
                packet.stream = stream
                written.mux(packet)
        assert whole(tmp_path / name).clip.end_s == pytest.approx(10.28, abs=1e-3), name


def shifted_ts(path: Path, count: int, *, start_s: float, seed: int) -> bytes:
    """A transport stream whose first frame is at `start_s`."""
    frames = moving_texture(count, seed=seed)
    times = [round(1000 * start_s) + 40 * number for number in range(count)]
    write_video(path, frames, times_ms=times, options=GOP_25, container_options={"muxdelay": "0"})
    return path.read_bytes()


@pytest.mark.parametrize(
    ("what", "starts_s"),
    [
        ("the clock starts anew", (0.0, 0.0)),
        ("the recordings interleave", (0.0, 0.017)),
        ("the second lies before the first", (60.0, 0.0)),
        ("a minute lies between", (0.0, 61.2)),
        ("an hour lies between", (0.0, 3600.0)),
        ("three recordings", (5.0, 0.0, 30.0)),
    ],
)
def test_joined_recordings_follow_each_other(tmp_path: Path, what: str, starts_s: tuple[float, ...]) -> None:
    parts = [
        shifted_ts(tmp_path / f"{number}.ts", 30, start_s=start_s, seed=number)
        for number, start_s in enumerate(starts_s)
    ]
    joined = tmp_path / "joined.ts"
    joined.write_bytes(b"".join(parts))
    clip = whole(joined)
    count = 30 * len(parts)
    assert clip.notes == ("joined_recordings",), what
    assert len(times_of(clip)) == count
    assert clip.clip.end_s == pytest.approx(count / 25, abs=0.041)
    np.testing.assert_allclose(np.diff(times_of(clip)), 0.04, atol=2e-3)
    assert clip.motion is not None
    for move in clip.motion.camera_moves:
        assert move.rate * (move.end_s - move.start_s) < 2, "no pan by many widths"
    # The pictures are those of a plain decode, in the same order.
    assert len(all_frames(joined)) == count


def test_a_window_of_joined_recordings_has_its_own_frames(tmp_path: Path) -> None:
    parts = [shifted_ts(tmp_path / f"{n}.ts", 50, start_s=0.0, seed=n) for n in range(2)]
    joined = tmp_path / "joined.ts"
    joined.write_bytes(b"".join(parts))
    video = video_at(joined)
    everything = whole(joined)
    windows = [decode(clip, SETTINGS) for clip in split(video, duration_s=4.0, window_s=1.0)]
    assert [window.notes for window in windows] == [(), (), ("joined_recordings",), ()]
    assert everything.sampled is not None
    pixels = np.concatenate([window.sampled.pixels for window in windows if window.sampled is not None])
    np.testing.assert_array_equal(pixels, everything.sampled.pixels)


@pytest.mark.parametrize("codec", ["libx264", "mpeg2video"])
def test_a_transport_stream_that_begins_inside_a_gop_begins_with_what_can_be_decoded(
    tmp_path: Path, codec: str
) -> None:
    options = GOP_25 if codec == "libx264" else {"g": "25", "bf": "2"}
    path = write_video(tmp_path / "a.ts", moving_texture(55), codec=codec, options=options)
    content = path.read_bytes()
    middle = len(content) // PACKET // 4 * PACKET
    path.write_bytes(content[middle:])
    expected = all_frames(path)
    assert 20 < len(expected) < 55
    clip = whole(path)
    assert len(times_of(clip)) == len(expected)
    assert clip.clip.start_s == 0.0
    assert clip.clip.end_s == pytest.approx(len(expected) / 25, abs=0.041)
    assert clip.notes == ("frames_lost",)
    assert clip.fps == pytest.approx(25, abs=1)


def test_a_recording_that_begins_inside_a_gop_may_be_followed_by_another(tmp_path: Path) -> None:
    first, second = (shifted_ts(tmp_path / f"{seed}.ts", 50, start_s=0.0, seed=seed) for seed in range(2))
    joined = tmp_path / "joined.ts"
    middle = len(first) // PACKET // 4 * PACKET
    joined.write_bytes(first[middle:] + second)
    expected = len(all_frames(joined))
    assert 70 < expected < 100
    clip = whole(joined)
    assert len(times_of(clip)) == expected
    assert (clip.clip.start_s, clip.clip.end_s) == (0.0, pytest.approx(expected / 25, abs=0.041))
    assert clip.notes == ("frames_lost", "joined_recordings")


def test_damage_inside_costs_its_frames_and_is_noted_where_it_is(tmp_path: Path) -> None:
    options = {"x264-params": "keyint=25:scenecut=0:bframes=0"}
    path = write_video(tmp_path / "a.mp4", moving_texture(100), options=options)
    content = bytearray(path.read_bytes())
    with av.open(str(path)) as container:
        packets = [(packet.pos, packet.size) for packet in container.demux(video=0) if packet.size]
    for pos, size in packets[60:62]:
        assert pos is not None
        content[pos : pos + size] = bytes([0xFF]) * size
    path.write_bytes(content)
    video = video_at(path)
    windows = [decode(clip, SETTINGS) for clip in split(video, duration_s=4.0, window_s=1.0)]
    assert [window.notes for window in windows] == [(), (), ("frames_lost",), ()]
    assert windows[2].lost_frames >= 2
    assert whole(path).notes == ("frames_lost",)


@pytest.fixture
def screen_recording(tmp_path: Path) -> VideoObject:
    """25 frames that move, a picture held for 10 s, and 25 frames that move again."""
    times = [40 * number for number in range(25)] + [11_000 + 40 * number for number in range(25)]
    return video_at(write_video(tmp_path / "screen.mp4", moving_texture(50), times_ms=times))


def test_a_window_in_which_a_picture_is_held_is_a_still_clip(screen_recording: VideoObject) -> None:
    for clip in split(screen_recording, duration_s=12.0, window_s=2.0):
        found = decode(clip, SETTINGS)
        assert found.clip == clip
        assert times_of(found)[0] == clip.start_s, "the picture on display is the first"
        assert found.motion is not None
        if 2.0 <= clip.start_s < 10.0:
            assert [move.label for move in found.motion.camera_moves] == ["static"]
            assert len(times_of(found)) == 1


def test_scenes_in_which_a_picture_is_held_are_still_clips(screen_recording: VideoObject) -> None:
    settings = Settings.load(
        environment={}, overrides=["clips.scenes=true", "clips.window_s=2", "sampling.frames=100"]
    )
    scenes = list(decode_scenes(screen_recording, settings))
    bounds = [(scene.clip.start_s, scene.clip.end_s) for scene in scenes]
    assert bounds == [(start, start + 2.0) for start in (0.0, 2.0, 4.0, 6.0, 8.0, 10.0)]
    for scene in scenes:
        alone = decode(scene.clip, settings)
        assert alone.sampled is not None and scene.sampled is not None
        np.testing.assert_array_equal(alone.sampled.times_s, scene.sampled.times_s)
        np.testing.assert_array_equal(alone.sampled.pixels, scene.sampled.pixels)
        assert alone.motion is not None and scene.motion is not None
        assert alone.motion.camera_moves == scene.motion.camera_moves


def test_a_span_behind_the_end_is_no_held_picture(screen_recording: VideoObject) -> None:
    from motionsight_core.errors import Corrupt

    with pytest.raises(Corrupt, match="between 20"):
        decode(Clip(screen_recording.uri, screen_recording.version, 20.0, 21.0), SETTINGS)
