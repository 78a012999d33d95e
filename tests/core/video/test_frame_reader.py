"""Frames got by skipping are those of a sequential decode, bit for bit."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from motionsight_core.settings import LimitSettings
from motionsight_core.video import frame_reader
from motionsight_core.video.container import open_video
from motionsight_core.video.frame_index import PacketUse, plan_packets
from motionsight_core.video.frame_reader import IncompleteDecode, from_keyframe, wanted_frames
from motionsight_core.video.indexing import index_by_decoding, index_frames
from tests.videos import all_frames, moving_texture, write_video

LIMITS = LimitSettings()
FRAMES = 120
KEYS_30 = "keyint=30:min-keyint=30:scenecut=0"
X265 = f"{KEYS_30}:bframes=4:log-level=none"

#: name: (file suffix, encoder, its options)
ENCODINGS = {
    "h264 with a B-pyramid": ("mp4", "libx264", {"x264-params": f"{KEYS_30}:bframes=3:b-pyramid=normal"}),
    "h264 open GOP": ("mp4", "libx264", {"x264-params": f"{KEYS_30}:bframes=3:open-gop=1:b-adapt=0"}),
    "h264 open GOP in TS": ("ts", "libx264", {"x264-params": f"{KEYS_30}:bframes=3:open-gop=1:b-adapt=0"}),
    "hevc open GOP": ("mp4", "libx265", {"x265-params": f"{X265}:open-gop=1"}),
    "hevc closed GOP in Matroska": ("mkv", "libx265", {"x265-params": f"{X265}:open-gop=0"}),
    "hevc with temporal layers": ("mp4", "libx265", {"x265-params": f"{X265}:temporal-layers=3"}),
    "vp9 with hidden frames": (
        "webm",
        "libvpx-vp9",
        {"g": "30", "auto-alt-ref": "1", "lag-in-frames": "16", "deadline": "realtime", "cpu-used": "8"},
    ),
    "vp8": ("webm", "libvpx", {"g": "30", "auto-alt-ref": "1", "lag-in-frames": "16", "cpu-used": "4"}),
    "av1": ("mp4", "libsvtav1", {"preset": "12", "g": "30", "svtav1-params": "lp=1"}),
    "mpeg4 in AVI": ("avi", "mpeg4", {"g": "30", "bf": "2"}),
    "mpeg2": ("mpg", "mpeg2video", {"g": "15", "bf": "2"}),
    "mjpeg": ("avi", "mjpeg", {}),
}
#: Streams in which the packets do not tell the truth: skipping is given up, frames are still right.
UNTRUTHFUL = {
    "h264 with intra refresh": (
        "mp4",
        "libx264",
        {"x264-params": "keyint=30:intra-refresh=1:bframes=0"},
    ),
    "h264 with B-frames in AVI": ("avi", "libx264", {"x264-params": "keyint=30:bframes=3"}),
}
WANTED = {
    "a run inside a GOP": [70, 71, 72],
    "the first": [0],
    "the last": [FRAMES - 1],
    "across a key frame": [59, 60, 61],
    "before and after a key frame": [28, 30, 31],
    "every seventh": list(range(0, FRAMES, 7)),
    "scattered": [3, 47, 48, 95, 110],
    "all": list(range(FRAMES)),
}


@pytest.fixture(scope="module")
def encoded(tmp_path_factory: pytest.TempPathFactory):
    folder = tmp_path_factory.mktemp("encoded")
    made: dict[str, Path] = {}

    def encode(name: str) -> Path:
        if name not in made:
            suffix, codec, options = (ENCODINGS | UNTRUTHFUL)[name]
            pix_fmt = "yuvj420p" if codec == "mjpeg" else "yuv420p"
            path = folder / f"{len(made)}.{suffix}"
            made[name] = write_video(
                path, moving_texture(FRAMES), codec=codec, options=options, pix_fmt=pix_fmt
            )
        return made[name]

    return encode


def read(path: Path, wanted: np.ndarray, *, by_decoding: bool = False):
    with path.open("rb") as file:
        index = (index_by_decoding if by_decoding else index_frames)(file, LIMITS)
        with open_video(file, LIMITS) as (container, stream):
            return [
                (number, frame.to_ndarray())
                for number, frame in wanted_frames(container, stream, index, wanted)
            ]


def mask(numbers: list[int]) -> np.ndarray:
    wanted = np.zeros(FRAMES, bool)
    wanted[numbers] = True
    return wanted


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_frames_got_by_skipping_are_bit_identical(encoding: str, encoded) -> None:
    path = encoded(encoding)
    reference = [frame.to_ndarray() for frame in all_frames(path)]
    assert len(reference) == FRAMES
    for wanted in WANTED.values():
        found = read(path, mask(wanted))
        assert [number for number, _ in found] == wanted
        for number, pixels in found:
            np.testing.assert_array_equal(pixels, reference[number])


@pytest.mark.parametrize("encoding", [name for name in ENCODINGS if name != "mjpeg"])
def test_frames_got_by_seeking_are_bit_identical_and_what_lies_before_is_not_read(
    encoding: str, encoded, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(frame_reader, "_WORTH_SEEKING", 1)
    path = encoded(encoding)
    reference = [frame.to_ndarray() for frame in all_frames(path)]
    with path.open("rb") as file:
        index = index_frames(file, LIMITS)
        for wanted in (WANTED["the last"], [95, 110], WANTED["a run inside a GOP"]):
            positions: list[int] = []

            def noted(*arguments, positions=positions):
                for position, packet in from_keyframe(*arguments):
                    positions.append(position)
                    yield position, packet

            with open_video(file, LIMITS) as (container, stream):
                found = [
                    (number, frame.to_ndarray())
                    for number, frame in wanted_frames(container, stream, index, mask(wanted), reading=noted)
                ]
            assert [number for number, _ in found] == wanted
            for number, pixels in found:
                np.testing.assert_array_equal(pixels, reference[number])
            assert positions[0] > 0


@pytest.mark.parametrize("encoding", UNTRUTHFUL)
def test_streams_that_cannot_be_skipped_in_are_noticed_and_read_whole(encoding: str, encoded) -> None:
    path = encoded(encoding)
    reference = [frame.to_ndarray() for frame in all_frames(path)]
    wanted = WANTED["a run inside a GOP"]
    with pytest.raises(IncompleteDecode):
        read(path, mask(wanted))
    found = read(path, mask(wanted), by_decoding=True)
    assert [number for number, _ in found] == wanted
    for number, pixels in found:
        np.testing.assert_array_equal(pixels, reference[number])


def test_gops_in_which_nothing_is_needed_are_not_decoded(encoded) -> None:
    with encoded("h264 with a B-pyramid").open("rb") as file:
        index = index_frames(file, LIMITS)
    assert index.keys.tolist() == [0, 30, 60, 90]
    uses = plan_packets(index, mask([70, 71, 72]))
    assert not uses[:60].any(), "the GOPs before are skipped"
    assert not uses[90:].any(), "the GOP after is skipped"
    assert np.count_nonzero(uses == PacketUse.FRAME) == 3


def test_leading_frames_of_an_open_gop_need_the_gop_before(encoded) -> None:
    with encoded("h264 open GOP").open("rb") as file:
        index = index_frames(file, LIMITS)
    assert index.packets is not None
    key = int(index.keys[2])
    leading = next(
        n for n in range(FRAMES) if index.packets[n] > key and index.pts[n] < index.pts[index.packets == key]
    )
    uses = plan_packets(index, mask([leading]))
    assert (uses[index.keys[1] : key] > PacketUse.SKIP).all()
    assert not uses[: index.keys[1]].any()


def test_the_index_knows_times_rate_and_duration(encoded) -> None:
    for encoding in ("h264 with a B-pyramid", "hevc open GOP", "vp9 with hidden frames", "mpeg4 in AVI"):
        with encoded(encoding).open("rb") as file:
            index = index_frames(file, LIMITS)
        np.testing.assert_allclose(index.times_s, np.arange(FRAMES) / 25, atol=1e-3)
        assert index.duration_s == pytest.approx(FRAMES / 25, abs=2e-3)
        assert index.fps == pytest.approx(25, abs=0.02)
