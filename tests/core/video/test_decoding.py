"""One pass gives what several passes by hand would."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from motionsight_core.catalog import Clip, VideoObject
from motionsight_core.errors import Corrupt, TooLarge, VersionGone
from motionsight_core.prompts import spotlit_frames
from motionsight_core.record import Box, ObjectTrack
from motionsight_core.settings import Settings
from motionsight_core.stores import list_objects
from motionsight_core.video.blur import blur_weights
from motionsight_core.video.decoding import decode, probe
from tests.videos import all_frames, moving_texture, write_video

LOSSLESS = {"qp": "0", "x264-params": "keyint=30:bframes=3"}


def video_at(path: Path) -> VideoObject:
    (video,) = list_objects(str(path))
    assert isinstance(video, VideoObject)
    return video


def whole(path: Path) -> Clip:
    video = video_at(path)
    return Clip(video.uri, video.version, 0.0, round(probe(video), 3))


def settings(*overrides: str) -> Settings:
    return Settings.load(overrides=overrides, environment={})


def rgb(path: Path) -> list[np.ndarray]:
    return [frame.to_ndarray(format="rgb24") for frame in all_frames(path)]


def corners(image: np.ndarray) -> list[str]:
    """Names of the colours in the four quarters: top left, top right, bottom left, bottom right."""
    names = {(1, 0, 0): "red", (0, 1, 0): "green", (0, 0, 1): "blue", (1, 1, 1): "white"}
    height, width = image.shape[:2]
    quarters = [image[y, x] for y in (height // 4, 3 * height // 4) for x in (width // 4, 3 * width // 4)]
    return [names[int(r > 128), int(g > 128), int(b > 128)] for r, g, b in quarters]


def flag(width: int = 160, height: int = 96) -> np.ndarray:
    """Red, green / blue, white: tells every rotation and mirroring apart."""
    image = np.zeros((height, width, 3), np.uint8)
    image[: height // 2, : width // 2] = (255, 0, 0)
    image[: height // 2, width // 2 :] = (0, 255, 0)
    image[height // 2 :, : width // 2] = (0, 0, 255)
    image[height // 2 :, width // 2 :] = (255, 255, 255)
    return image


def test_sampled_frames_are_those_of_a_plain_decode(tmp_path: Path) -> None:
    path = write_video(tmp_path / "a.mp4", moving_texture(91), options=LOSSLESS, rate=30)
    decoded = decode(whole(path), settings("sampling.frames=16"))
    assert decoded.sampled is not None
    expected = rgb(path)
    assert len(decoded.sampled) == 16
    for pixels, time_s in zip(decoded.sampled.pixels, decoded.sampled.times_s, strict=True):
        reference = expected[round(time_s * 30)]
        assert np.abs(pixels.astype(int) - reference).mean() < 1.0, "only the colour conversion's rounding"
    np.testing.assert_allclose(decoded.sampled.times_s, np.arange(0, 91, 6) / 30, atol=1e-6)


def test_a_blurred_frame_is_equation_5_over_the_raw_frames_before_it(tmp_path: Path) -> None:
    path = write_video(tmp_path / "a.mp4", moving_texture(60), options=LOSSLESS, rate=30)
    decoded = decode(whole(path), settings("sampling.frames=4"))
    assert decoded.blurred is not None
    raw = np.stack(rgb(path)).astype(float)
    for pixels, time_s in zip(decoded.blurred.pixels, decoded.blurred.times_s, strict=True):
        sample = round(time_s * 30)
        window = raw[max(0, sample - 6) : sample + 1][::-1]
        expected = np.tensordot(blur_weights(len(window)), window, axes=1)
        assert np.abs(pixels - expected).mean() < 1.2
    assert np.abs(decoded.blurred.pixels[0] - raw[0]).mean() < 1.2, "nothing comes before the first frame"
    assert np.abs(decoded.blurred.pixels[2] - raw[39]).mean() > 10, "a moving texture is blurred"


def test_windows_that_overlap_are_blended_each_for_itself(tmp_path: Path) -> None:
    path = write_video(tmp_path / "a.mp4", moving_texture(12), options=LOSSLESS)
    decoded = decode(whole(path), settings("sampling.frames=12"), products=("blurred",))
    assert decoded.blurred is not None
    raw = np.stack(rgb(path)).astype(float)
    expected = np.tensordot(blur_weights(7), raw[5:12][::-1], axes=1)
    assert np.abs(decoded.blurred.pixels[11] - expected).mean() < 1.2


def test_only_what_is_asked_for_is_made(tmp_path: Path) -> None:
    clip = whole(write_video(tmp_path / "a.mp4", moving_texture(30)))
    motion = decode(clip, products=("motion",))
    assert (motion.sampled, motion.blurred) == (None, None)
    assert motion.motion is not None
    frames = decode(clip, products=("sampled",))
    assert frames.sampled is not None
    assert (frames.blurred, frames.motion) == (None, None)


@pytest.mark.parametrize(
    ("rotation", "expected"),
    [
        (0, ["red", "green", "blue", "white"]),
        (90, ["green", "white", "red", "blue"]),  # counter-clockwise
        (-90, ["blue", "red", "white", "green"]),
        (180, ["white", "blue", "green", "red"]),
    ],
)
def test_rotation_is_applied_as_players_do(tmp_path: Path, rotation: int, expected: list[str]) -> None:
    path = write_video(tmp_path / "phone.mp4", [flag()] * 12, rotation=rotation)
    decoded = decode(whole(path))
    size = (96, 160) if abs(rotation) == 90 else (160, 96)
    assert (decoded.width, decoded.height) == size
    for sequence in (decoded.sampled, decoded.blurred):
        assert sequence is not None
        assert sequence.pixels.shape[1:3] == size[::-1]
        assert corners(sequence.pixels[0]) == expected


def test_a_pan_in_a_rotated_video_is_measured_as_displayed(tmp_path: Path) -> None:
    """Content that drifts left in the coded frame drifts down once it is turned by 90 degrees."""
    frames = moving_texture(60, width=320, height=192, step=3)
    upright = decode(whole(write_video(tmp_path / "a.mp4", frames)), products=("motion",)).motion
    turned = decode(whole(write_video(tmp_path / "b.mp4", frames, rotation=90)), products=("motion",)).motion
    assert upright is not None
    assert turned is not None
    assert {move.label for move in upright.camera_moves} == {"pan_right"}
    assert {move.label for move in turned.camera_moves} == {"tilt_up"}


def test_pixel_aspect_widens_the_picture(tmp_path: Path) -> None:
    path = write_video(tmp_path / "anamorphic.mp4", [flag(96, 96)] * 5, pixel_aspect=Fraction(4, 3))
    decoded = decode(whole(path))
    assert (decoded.width, decoded.height) == (128, 96)
    assert decoded.sampled is not None
    assert decoded.sampled.pixels.shape[1:] == (96, 128, 3)


def test_a_variable_frame_rate_keeps_its_own_times(tmp_path: Path) -> None:
    times_ms = [*range(0, 1000, 20), *range(1000, 4000, 200)]
    path = write_video(tmp_path / "vfr.mkv", moving_texture(len(times_ms)), times_ms=times_ms)
    decoded = decode(whole(path), settings("sampling.frames=5"))
    assert decoded.sampled is not None
    np.testing.assert_allclose(decoded.sampled.times_s, np.linspace(0, 3.8, 5), atol=0.1)
    assert set(np.round(decoded.sampled.times_s * 1000).astype(int)) <= set(times_ms)


@pytest.mark.parametrize(
    ("codec", "pix_fmt", "suffix"),
    [
        ("libx264", "yuv420p10le", "mp4"),
        ("libx264", "yuv422p", "mp4"),
        ("libx264", "yuv444p", "mp4"),
        ("libx265", "yuv420p10le", "mp4"),
        ("prores_ks", "yuv422p10le", "mov"),
        ("mjpeg", "yuvj422p", "avi"),
        ("ffv1", "bgr0", "mkv"),
    ],
)
def test_colours_come_out_right_in_every_pixel_format(
    tmp_path: Path, codec: str, pix_fmt: str, suffix: str
) -> None:
    options = {"x265-params": "log-level=none"} if codec == "libx265" else {}
    path = write_video(tmp_path / f"a.{suffix}", [flag()] * 12, codec=codec, pix_fmt=pix_fmt, options=options)
    decoded = decode(whole(path))
    for sequence in (decoded.sampled, decoded.blurred):
        assert sequence is not None
        assert corners(sequence.pixels[-1]) == ["red", "green", "blue", "white"]
        red = sequence.pixels[-1][24, 40]
        assert np.abs(red.astype(int) - (255, 0, 0)).max() < 16


def test_odd_sizes_are_displayed_as_they_are(tmp_path: Path) -> None:
    frames = moving_texture(20, width=319, height=241)
    path = write_video(tmp_path / "odd.mkv", frames, codec="libx264", pix_fmt="yuv444p")
    decoded = decode(whole(path))
    assert (decoded.width, decoded.height) == (319, 241)
    assert decoded.sampled is not None
    assert decoded.sampled.pixels.shape[1:3] == (241, 319)


def test_frames_are_reduced_to_what_is_asked_and_never_enlarged(tmp_path: Path) -> None:
    clip = whole(write_video(tmp_path / "a.mp4", moving_texture(10, width=320, height=192)))
    small = decode(clip, settings("referring.max_pixels=15360", "sampling.max_pixels=3840"))
    assert small.sampled is not None
    assert small.blurred is not None
    assert small.sampled.pixels.shape[1:3] == (96, 160)
    assert small.blurred.pixels.shape[1:3] == (48, 80)
    large = decode(clip)
    assert large.sampled is not None
    assert large.sampled.pixels.shape[1:3] == (192, 320)


def test_one_frame_is_a_clip(tmp_path: Path) -> None:
    path = write_video(tmp_path / "one.mp4", moving_texture(1))
    clip = whole(path)
    assert clip.end_s == pytest.approx(0.04)
    decoded = decode(clip)
    assert decoded.sampled is not None
    assert decoded.blurred is not None
    assert decoded.motion is not None
    assert len(decoded.sampled) == len(decoded.blurred) == 1
    assert [move.label for move in decoded.motion.camera_moves] == ["static"]


def test_a_window_of_a_video_is_decoded_by_itself_in_source_seconds(tmp_path: Path) -> None:
    path = write_video(tmp_path / "a.mp4", moving_texture(120), rate=30, options=LOSSLESS)
    video = video_at(path)
    decoded = decode(Clip(video.uri, video.version, 2.0, 3.0), settings("sampling.frames=4"))
    assert decoded.sampled is not None
    np.testing.assert_allclose(decoded.sampled.times_s, np.array([60, 70, 79, 89]) / 30, atol=0.02)
    expected = rgb(path)[60]
    assert np.abs(decoded.sampled.pixels[0].astype(int) - expected).mean() < 1.0
    assert decoded.motion is not None
    assert all(2.0 <= move.start_s < move.end_s <= 3.0 for move in decoded.motion.camera_moves)


def test_a_span_without_frames_is_corrupt(tmp_path: Path) -> None:
    video = video_at(write_video(tmp_path / "a.mp4", moving_texture(10)))
    with pytest.raises(Corrupt, match=r"between 5.000 s and 6.000 s"):
        decode(Clip(video.uri, video.version, 5.0, 6.0))


def test_damage_in_the_middle_costs_only_the_damaged_frames(tmp_path: Path) -> None:
    path = write_video(tmp_path / "a.ts", moving_texture(90), options={"x264-params": "keyint=15:bframes=2"})
    data = bytearray(path.read_bytes())
    third = len(data) // 3
    data[third : third + 4000] = bytes(4000)
    path.write_bytes(data)
    decoded = decode(whole(path), settings("sampling.frames=8"))
    assert decoded.sampled is not None
    assert len(decoded.sampled) >= 6


def test_a_clock_that_jumps_by_hours_gives_way_to_the_nominal_rate(tmp_path: Path) -> None:
    times_ms = [*range(0, 1000, 40), *range(90_000_000, 90_001_000, 40)]
    path = write_video(tmp_path / "jump.mkv", moving_texture(50), times_ms=times_ms)
    decoded = decode(whole(path))
    assert decoded.clip.end_s == pytest.approx(50 / decoded.fps, abs=0.01)
    assert decoded.clip.end_s < 60
    slides = write_video(tmp_path / "slides.mkv", moving_texture(5), times_ms=range(0, 1_500_000, 300_000))
    assert whole(slides).end_s >= 1200, "five minutes a slide is a clock"


def test_a_version_that_is_gone_is_said_to_be(tmp_path: Path) -> None:
    path = write_video(tmp_path / "a.mp4", moving_texture(10))
    clip = whole(path)
    write_video(path, moving_texture(12))
    with pytest.raises(VersionGone, match="changed"):
        decode(clip)
    path.unlink()
    with pytest.raises(VersionGone, match="deleted"):
        decode(clip)


def test_frames_that_grow_above_the_limit_are_refused(tmp_path: Path) -> None:
    clip = whole(write_video(tmp_path / "a.mp4", moving_texture(5, width=320, height=192)))
    with pytest.raises(TooLarge, match="320x192"):
        decode(clip, settings("limits.max_frame_pixels=40000"))


def test_spotlit_frames_keep_the_light_on_the_tracks(tmp_path: Path) -> None:
    path = write_video(tmp_path / "a.mp4", [np.full((96, 160, 3), 200, np.uint8)] * 10)
    decoded = decode(whole(path))
    assert decoded.sampled is not None
    box = [Box(t, 0.5, 0.5, 0.8, 0.9) for t in (0.0, 0.4)]
    track = ObjectTrack(1, "ball", 1.0, 0.0, 0.4, tuple(box))
    lit = spotlit_frames(decoded, [track], settings("focus.padding=0", "focus.min_size=0"))
    assert len(lit) == len(decoded.sampled)
    np.testing.assert_array_equal(lit.pixels[3, 60, 100], decoded.sampled.pixels[3, 60, 100])
    assert lit.pixels[3, 10, 10].max() <= 21
    with pytest.raises(ValueError, match="ask for the product 'sampled'"):
        spotlit_frames(decode(whole(path), products=("motion",)), [track], settings())


def peak_memory_mb(path: Path, overrides: Sequence[str] = ()) -> float:
    """Peak resident memory of a process that decodes one video for everything, MiB."""
    program = (
        "import resource, sys\n"
        "from motionsight_core import Settings, clips_of, decode\n"
        "from motionsight_core.video.decoding import probe\n"
        "from motionsight_core.catalog import split\n"
        "from motionsight_core.stores import list_objects\n"
        "video, = list_objects(sys.argv[1])\n"
        "decode(split(video, duration_s=probe(video))[0])\n"
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, str(path)], capture_output=True, text=True, check=True
    )
    return float(done.stdout)


def test_memory_does_not_grow_with_the_length_of_the_video(tmp_path: Path) -> None:
    frames = moving_texture(60, width=320, height=192)
    fast = {"preset": "ultrafast"}
    short = write_video(tmp_path / "short.mp4", frames * 2, options=fast)
    long = write_video(tmp_path / "long.mp4", frames * 20, options=fast)
    # A kept frame would be 92 kB of YUV: the 1,080 frames more would take 95 MiB.
    assert peak_memory_mb(long) < peak_memory_mb(short) + 30
