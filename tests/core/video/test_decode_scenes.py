"""Scenes found and decoded in one pass: where they are cut, and that a scene alone is the same scene."""

from __future__ import annotations

import itertools
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from motionsight_core.catalog import VideoObject
from motionsight_core.clip import ALL_PRODUCTS, DecodedClip, Product
from motionsight_core.errors import Corrupt, VersionGone
from motionsight_core.guarded.pool import DecoderPool
from motionsight_core.planning.plan import clips_of
from motionsight_core.settings import Settings
from motionsight_core.stores import list_objects
from motionsight_core.video.decoding import decode, decode_scenes
from tests.videos import moving_texture, write_video

GOPS = {"x264-params": "keyint=24:bframes=3:scenecut=0"}


def settings(*overrides: str) -> Settings:
    return Settings.load(overrides=["clips.scenes=true", *overrides], environment={})


def shots(*lengths: int, width: int = 160, height: int = 96) -> list[np.ndarray]:
    """Frames of shots of these lengths, each of another texture that drifts."""
    return [
        frame
        for seed, length in enumerate(lengths)
        for frame in moving_texture(length, width=width, height=height, step=1, seed=seed)
    ]


def video_at(path: Path) -> VideoObject:
    (video,) = list_objects(str(path))
    assert isinstance(video, VideoObject)
    return video


def spans(scenes: Sequence[DecodedClip]) -> list[tuple[float, float]]:
    return [(scene.clip.start_s, scene.clip.end_s) for scene in scenes]


def scenes_of(path: Path, *overrides: str, products: Sequence[Product] = ALL_PRODUCTS) -> list[DecodedClip]:
    return list(decode_scenes(video_at(path), settings(*overrides), products=products))


def assert_same(one: DecodedClip, other: DecodedClip) -> None:
    """Everything is the same, to the last bit."""
    for name in ("sampled", "blurred"):
        first, second = getattr(one, name), getattr(other, name)
        np.testing.assert_array_equal(first.pixels, second.pixels)
        np.testing.assert_array_equal(first.times_s, second.times_s)
    assert one.motion is not None
    assert other.motion is not None
    np.testing.assert_array_equal(one.motion.camera_path.pan, other.motion.camera_path.pan)
    for name in ("camera_moves", "steadiness", "cuts", "tracks", "motion_score", "clarity"):
        assert getattr(one.motion, name) == getattr(other.motion, name)
    for name in ("clip", "width", "height", "fps", "codec", "lost_frames", "notes"):
        assert getattr(one, name) == getattr(other, name)


def test_hard_cuts_are_found_to_the_frame(tmp_path: Path) -> None:
    path = write_video(tmp_path / "a.mp4", shots(40, 33, 21, 58), options=GOPS)
    found = scenes_of(path, products=())
    assert spans(found) == [(0.0, 1.6), (1.6, 2.92), (2.92, 3.76), (3.76, 6.08)]
    assert [clip.start_s for clip in clips_of(str(path), settings())] == [0.0, 1.6, 2.92, 3.76]


def test_a_video_without_cuts_is_one_scene_however_it_moves(tmp_path: Path) -> None:
    path = write_video(tmp_path / "a.mp4", moving_texture(90, step=12))
    assert spans(scenes_of(path, products=())) == [(0.0, 3.6)]


@pytest.mark.parametrize("length", [1, 2, 6])
@pytest.mark.parametrize("level", [0, 255])
def test_a_flash_or_a_lost_signal_is_no_cut(level: int, length: int, tmp_path: Path) -> None:
    frames = shots(60)
    for number in range(30, 30 + length):
        frames[number] = np.full_like(frames[number], level)
    path = write_video(tmp_path / "flash.mp4", frames, options=GOPS)
    assert spans(scenes_of(path, products=())) == [(0.0, 2.4)]


def test_after_black_a_shot_begins_with_its_first_picture(tmp_path: Path) -> None:
    frames = shots(36, 36)
    frames[36:36] = [np.zeros_like(frames[0])] * 12
    path = write_video(tmp_path / "black.mp4", frames, options=GOPS)
    assert spans(scenes_of(path, products=())) == [(0.0, 1.92), (1.92, 3.36)]


def test_a_shot_by_night_is_a_scene(tmp_path: Path) -> None:
    bright, dark = shots(36), [frame // 8 for frame in shots(36, 36)[36:]]
    path = write_video(tmp_path / "night.mp4", [*bright, *dark], options=GOPS)
    assert spans(scenes_of(path, products=())) == [(0.0, 1.44), (1.44, 2.88)]


def test_scenes_shorter_than_the_least_are_no_scenes(tmp_path: Path) -> None:
    path = write_video(tmp_path / "a.mp4", shots(30, 10, 40), options=GOPS)
    assert spans(scenes_of(path, products=())) == [(0.0, 1.2), (1.2, 3.2)]
    short = scenes_of(path, "clips.min_scene_s=0.2", products=())
    assert spans(short) == [(0.0, 1.2), (1.2, 1.6), (1.6, 3.2)]


def test_a_long_scene_is_cut_into_windows_and_a_short_rest_joins_the_last(tmp_path: Path) -> None:
    path = write_video(tmp_path / "a.mp4", shots(105, 60, 54), options=GOPS)
    found = scenes_of(path, "clips.window_s=2", products=())
    assert spans(found) == [
        (0.0, 2.0),
        (2.0, 4.2),  # a rest of 5 frames is no clip
        (4.2, 6.6),  # nor is one of 10
        (6.6, 8.76),  # nor at the end of the video
    ]
    for one, other in itertools.pairwise(found):
        assert one.clip.end_s == other.clip.start_s


ENCODINGS = {
    "B-frames": ("mp4", "libx264", {"x264-params": "keyint=24:bframes=3:b-pyramid=normal"}, None),
    "open GOPs": ("mp4", "libx264", {"x264-params": "keyint=24:bframes=3:open-gop=1:b-adapt=0"}, None),
    "B-frames in AVI, whose packets have no times": ("avi", "libx264", GOPS, None),
    "10 bits": ("mkv", "libx264", {**GOPS, "pix_fmt": "yuv420p10le"}, None),
    "variable frame rate": (
        "mkv",
        "libx264",
        GOPS,
        [*range(0, 1600, 20), *range(1600, 4000, 40), *range(4000, 12000, 100)],
    ),
}


@pytest.mark.in_gate("open GOPs", "variable frame rate")
@pytest.mark.parametrize("encoding", ENCODINGS)
def test_a_scene_decoded_alone_gives_the_bytes_that_it_gave_in_the_pass(
    tmp_path: Path, encoding: str
) -> None:
    suffix, codec, options, times_ms = ENCODINGS[encoding]
    options = dict(options)
    pix_fmt = options.pop("pix_fmt", "yuv420p")
    path = write_video(
        tmp_path / f"a.{suffix}",
        shots(70, 55, 95),
        codec=codec,
        options=options,
        pix_fmt=pix_fmt,
        times_ms=times_ms,
    )
    knobs = ("clips.window_s=3", "sampling.frames=6")
    found = scenes_of(path, *knobs)
    assert len(found) >= 3
    for scene in found:
        assert scene.sampled is not None
        assert scene.clip.start_s <= scene.sampled.times_s[0]
        assert scene.sampled.times_s[-1] < scene.clip.end_s
        assert_same(decode(scene.clip, settings(*knobs)), scene)


def test_sampling_by_rate_is_the_same_alone_and_in_the_pass(tmp_path: Path) -> None:
    path = write_video(tmp_path / "a.mp4", shots(70, 55), options=GOPS)
    found = scenes_of(path, "sampling.fps=4")
    assert found[0].sampled is not None
    np.testing.assert_allclose(found[0].sampled.times_s, np.arange(0, 2.8, 0.25), atol=0.04)
    for scene in found:
        assert_same(decode(scene.clip, settings("sampling.fps=4")), scene)


def test_a_blurred_frame_of_a_scene_never_mixes_in_the_scene_before(tmp_path: Path) -> None:
    black, white = ([np.full((96, 160, 3), value, np.uint8)] * 40 for value in (16, 235))
    path = write_video(tmp_path / "a.mp4", black + white)
    first, second = scenes_of(path, "sampling.frames=8")
    assert first.blurred is not None
    assert second.blurred is not None
    assert first.blurred.pixels.max() < 40
    assert second.blurred.pixels.min() > 210


def test_a_guarded_process_gives_the_same_scenes(tmp_path: Path) -> None:
    path = write_video(tmp_path / "a.mp4", shots(40, 33), options=GOPS)
    chosen = settings("runtime.decode_processes=1", "sampling.frames=4")
    here = scenes_of(path, "sampling.frames=4")
    with DecoderPool(chosen) as decoder:
        guarded = list(decoder.decode_scenes(video_at(path)))
        assert spans(guarded) == spans(here) == [(0.0, 1.6), (1.6, 2.92)]
        for scene, same in zip(guarded, here, strict=True):
            assert_same(decoder.decode(scene.clip), scene)
            assert scene.blurred is not None
            assert same.blurred is not None
            np.testing.assert_array_equal(scene.blurred.pixels, same.blurred.pixels)


def test_scenes_are_given_while_the_video_still_decodes(tmp_path: Path) -> None:
    path = write_video(tmp_path / "a.mp4", shots(40, 40, 40), options=GOPS)
    video = video_at(path)
    with DecoderPool(settings("runtime.decode_processes=1")) as decoder:
        scenes = decoder.decode_scenes(video, products=())
        assert next(scenes).clip.end_s == 1.6
        path.write_bytes(path.read_bytes() + b"x")  # another version from here on
        with pytest.raises(VersionGone):
            list(scenes)


def test_a_damaged_tail_costs_no_scene(tmp_path: Path) -> None:
    path = write_video(tmp_path / "a.ts", shots(50, 50, 60), options=GOPS)
    data = bytearray(path.read_bytes())
    start = int(len(data) * 0.93)
    data[start : start + 3000] = bytes(3000)
    path.write_bytes(data)
    found = scenes_of(path, "sampling.frames=4")
    assert spans(found)[:2] == [(0.0, 2.0), (2.0, 4.0)]
    assert found[-1].clip.end_s > 6
    for scene in found[:2]:
        assert_same(decode(scene.clip, settings("sampling.frames=4")), scene)


def test_a_video_of_which_no_frame_decodes_is_corrupt(tmp_path: Path) -> None:
    path = write_video(tmp_path / "a.mkv", shots(30), codec="ffv1")
    data = bytearray(path.read_bytes())
    for place in range(2000, len(data) - 600, 97):
        data[place : place + 60] = bytes(60)
    path.write_bytes(data)
    with pytest.raises(Corrupt):
        scenes_of(path)


def test_the_core_loads_pyscenedetect_only_where_scenes_are_asked_for() -> None:
    program = (
        "import sys, motionsight_core.guarded.pool, motionsight_core.planning.plan\n"
        "print('scenedetect' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
