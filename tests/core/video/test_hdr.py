"""HDR files decoded as clips and scenes: pictures in SDR, measured as before."""

from __future__ import annotations

import base64
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
import pytest

from motionsight_core.catalog import Clip
from motionsight_core.clip import DecodedClip
from motionsight_core.guarded.pool import DecoderPool
from motionsight_core.planning.plan import clips_of
from motionsight_core.prompts import spotlit_frames
from motionsight_core.record import Box, ObjectTrack
from motionsight_core.report._pictures import pictured
from motionsight_core.settings import Settings
from motionsight_core.video.blur import blur_weights
from motionsight_core.video.decoding import decode, decode_scenes, probe
from tests.core.guarded.processes import settings, video_at
from tests.hdr import (
    BT2020,
    ENCODE,
    HLG,
    PQ,
    TO_BT2020,
    Pixels,
    Tags,
    as_seen,
    frame_of,
    patches,
    pq,
    write_hdr,
)
from tests.videos import moving_texture

# Grey card, white, skin, red, and a highlight, in cd/m2.
LIGHT = np.array([[26.0] * 3, [203.0] * 3, [118, 67, 49], [203, 0, 0], [1_000.0] * 3])
LIGHT[2:4] = LIGHT[2:4] @ TO_BT2020.T
SCENES = Settings.load(overrides=["clips.scenes=true"], environment={})
FILES = {
    "hevc.mp4": ("libx265", "yuv420p10le", {"x265-params": "crf=4:log-level=none"}),
    "hevc12.mp4": ("libx265", "yuv420p12le", {"x265-params": "crf=4:log-level=none"}),
    "h264.mkv": ("libx264", "yuv420p10le", {"crf": "4"}),
    "av1.webm": ("libsvtav1", "yuv420p10le", {"crf": "8"}),
    "vp9.webm": ("libvpx-vp9", "yuv420p", {"crf": "4"}),
    "ffv1.mkv": ("ffv1", "yuv444p10le", {}),
    "prores.mov": ("prores_ks", "yuv422p10le", {}),
}


def patch_video(path: Path, transfer: int = PQ, *, file: str = "ffv1.mkv", count: int = 12) -> Path:
    """A still video of the five patches, 32 pixels wide each."""
    codec, pix_fmt, options = FILES[file]
    codes = ENCODE[transfer](patches(*LIGHT.tolist()))
    return write_hdr(path, [codes] * count, Tags(transfer), codec=codec, pix_fmt=pix_fmt, options=options)


def whole(path: Path) -> Clip:
    video = video_at(path)
    return Clip(video.uri, video.version, 0.0, round(probe(video), 3))


def all_pictures(decoded: DecodedClip) -> np.ndarray:
    """[T, H, W, 3] sampled and blurred frames."""
    assert decoded.sampled is not None
    assert decoded.blurred is not None
    return np.concatenate([decoded.sampled.pixels, decoded.blurred.pixels])


def patches_of(pictures: np.ndarray) -> np.ndarray:
    """[T, 5, 3] the colour in the middle of each patch."""
    return pictures[:, 24:40, :].reshape(len(pictures), 16, 5, -1, 3)[:, :, :, 12:20].mean(axis=(1, 3))


@pytest.mark.parametrize("transfer", [PQ, HLG])
@pytest.mark.parametrize("file", FILES)
def test_sampled_and_blurred_frames_show_the_colours_of_sdr(tmp_path: Path, file: str, transfer: int) -> None:
    decoded = decode(whole(patch_video(tmp_path / file, transfer, file=file)))
    tolerance = 4 if "10" in FILES[file][1] or "12" in FILES[file][1] else 9  # the codec's own, and its bits
    difference = np.abs(patches_of(all_pictures(decoded)) - as_seen(LIGHT))
    # The red patch lacks green and blue: a level of ten bits is many levels of the dark component.
    difference[:, 3, 1:] *= 0.2
    assert difference.max() <= tolerance


@pytest.mark.parametrize("transfer", [PQ, HLG])
def test_scenes_are_shown_alike(tmp_path: Path, transfer: int) -> None:
    path = patch_video(tmp_path / "patches.mkv", transfer, count=30)
    (scene,) = decode_scenes(video_at(path), SCENES)
    np.testing.assert_allclose(
        patches_of(all_pictures(scene)), patches_of(all_pictures(decode(whole(path)))), atol=2
    )
    alone = decode(scene.clip, SCENES)
    np.testing.assert_array_equal(all_pictures(alone), all_pictures(scene))


@pytest.mark.long
def test_large_hdr_scenes_are_shown_alike(tmp_path: Path) -> None:
    """Frames above 1080p are converted as they come."""
    codes = pq(patches(*LIGHT.tolist(), size=512, height=1024))
    path = write_hdr(
        tmp_path / "large.mp4", [codes] * 4, Tags(PQ), options={"x265-params": "crf=10:log-level=none"}
    )
    (scene,) = decode_scenes(video_at(path), SCENES)
    assert scene.sampled is not None
    small = cv2.resize(scene.sampled.pixels[0], (160, 64), interpolation=cv2.INTER_AREA)
    assert np.abs(patches_of(small[None])[0, [0, 1, 2, 4]] - as_seen(LIGHT)[[0, 1, 2, 4]]).max() <= 4


@pytest.mark.parametrize("transfer", [PQ, HLG])
def test_a_guarded_decode_gives_the_same_pictures(tmp_path: Path, transfer: int) -> None:
    clip = whole(patch_video(tmp_path / "patches.mkv", transfer))
    with DecoderPool(settings()) as decoder:
        guarded = decoder.decode(clip)
    np.testing.assert_array_equal(all_pictures(guarded), all_pictures(decode(clip)))


def moving() -> list[Pixels]:
    """Light [h, w, 3] in cd/m2 of a texture that drifts, with highlights."""
    return [600.0 * (frame / 255.0) ** 2.4 @ TO_BT2020.T for frame in moving_texture(30, step=4)]


def moving_video(path: Path, tags: Tags) -> Path:
    codec, pix_fmt, options = FILES["ffv1.mkv"]
    codes = [pq(light) for light in moving()]
    return write_hdr(path, codes, tags, codec=codec, pix_fmt=pix_fmt, options=options)


@pytest.mark.parametrize("scenes", [False, True])
def test_blurred_frames_are_the_weighted_sum_of_what_the_frames_show(tmp_path: Path, scenes: bool) -> None:
    path = moving_video(tmp_path / "moving.mkv", Tags(PQ))
    decoded = next(decode_scenes(video_at(path), SCENES)) if scenes else decode(whole(path))
    assert decoded.blurred is not None
    last = round(float(decoded.blurred.times_s[-1]) * 25)
    window = [as_seen(light) for light in moving()[last - 6 : last + 1]]
    expected = np.tensordot(blur_weights(7)[::-1], window, axes=1)
    assert np.abs(decoded.blurred.pixels[-1] - expected).mean() < 1.5


def test_a_clip_is_measured_as_without_its_tags(tmp_path: Path) -> None:
    tagged = moving_video(tmp_path / "tagged.mkv", Tags(PQ))
    untagged = moving_video(tmp_path / "untagged.mkv", Tags(2, primaries=2))
    measured, expected = decode(whole(tagged)).motion, decode(whole(untagged)).motion
    assert measured is not None
    assert expected is not None
    assert measured.camera_moves
    assert measured.camera_moves == expected.camera_moves
    assert (measured.motion_score, measured.clarity) == (expected.motion_score, expected.clarity)


def test_the_report_and_the_spotlight_show_what_models_see(tmp_path: Path) -> None:
    clip = whole(patch_video(tmp_path / "patches.mkv"))
    box = {"t_s": 0.0, "x0": 0.0, "y0": 0.0, "x1": 1.0, "y1": 1.0}
    track = {
        "track_id": 1,
        "label": "region",
        "score": 1.0,
        "start_s": 0.0,
        "end_s": clip.end_s,
        "boxes": [box],
    }
    row = {
        "clip_id": "a",
        "uri": clip.uri,
        "version": clip.version,
        "start_s": 0.0,
        "end_s": clip.end_s,
        "object_tracks": [track],
    }
    ((_, pictures),) = pictured([row], settings())
    for kind in ("sampled", "spotlit", "blurred"):
        jpeg = np.frombuffer(base64.b64decode(pictures[kind][0]), np.uint8)
        shown = cv2.imdecode(jpeg, cv2.IMREAD_COLOR_RGB)
        assert shown is not None
        seen = patches_of(np.asarray(shown)[None])[0, :3]
        np.testing.assert_allclose(seen, as_seen(LIGHT)[:3], atol=8, err_msg="JPEG's own share is in it")
    decoded = decode(clip)
    tracks = [ObjectTrack(**{**track, "boxes": (Box(**box),)})]
    spotlit = spotlit_frames(decoded, tracks, settings()).pixels
    np.testing.assert_allclose(patches_of(spotlit)[0, :3], as_seen(LIGHT)[:3], atol=4)


def changing(path: Path, parts: list[tuple[Tags, str]]) -> Path:
    """One stream whose colours are declared anew every 12 frames; all frames are grey of one code."""
    container: Any = av.open(str(path), "w")
    number = 0
    with container:
        stream = container.add_stream("libx264", rate=25)
        stream.width, stream.height, stream.pix_fmt = 64, 48, parts[0][1]
        for tags, pix_fmt in parts:
            encoder: Any = av.CodecContext.create("libx264", "w")
            encoder.width, encoder.height, encoder.pix_fmt = 64, 48, pix_fmt
            encoder.time_base, encoder.options = Fraction(1, 25), {"bf": "0", "crf": "4"}
            tags.write(encoder)
            frames: list[Any] = [
                frame_of(np.full((48, 64, 3), 0.5), tags, pix_fmt=pix_fmt) for _ in range(12)
            ]
            for frame in frames:
                frame.pts, frame.time_base = number, Fraction(1, 25)
                number += 1
            for frame in [*frames, None]:
                for packet in encoder.encode(frame):
                    packet.stream = stream
                    container.mux(packet)
    return path


@pytest.mark.parametrize("scenes", [False, True])
@pytest.mark.parametrize(
    ("first", "second"),
    [
        ((Tags(1, 1, 1), "yuv420p"), (Tags(PQ), "yuv420p")),
        ((Tags(PQ), "yuv420p"), (Tags(1, 1, 1), "yuv420p")),
        ((Tags(HLG), "yuv420p"), (Tags(PQ), "yuv420p")),
        ((Tags(14, BT2020), "yuv420p"), (Tags(HLG), "yuv420p")),
    ],
)
def test_a_stream_may_change_its_transfer_midway(
    tmp_path: Path, first: tuple[Tags, str], second: tuple[Tags, str], scenes: bool
) -> None:
    path = changing(tmp_path / "live.ts", [first, second])
    overrides = ["sampling.frames=24", *(["clips.scenes=true"] if scenes else [])]
    own = Settings.load(overrides=overrides, environment={})
    clips = clips_of(str(path), own)
    decoded = (
        [decode(clip, own) for clip in clips] if not scenes else list(decode_scenes(video_at(path), own))
    )
    sampled = np.concatenate([d.sampled.pixels for d in decoded if d.sampled is not None])
    blurred = np.concatenate([d.blurred.pixels for d in decoded if d.blurred is not None])
    levels = {1: 128, 14: 128, PQ: as_seen(np.full(3, 92.2))[1], HLG: as_seen(np.full(3, 50.7))[1]}
    for frames in (sampled, blurred):
        middles = frames[:, 24, 32, 1].astype(int)
        assert abs(middles[0] - levels[first[0].transfer]) <= 3
        assert abs(middles[-1] - levels[second[0].transfer]) <= 3
