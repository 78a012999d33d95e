"""A cut clip has the span's frames, to the frame, and says the same of their motion."""

from __future__ import annotations

from pathlib import Path

import av
import numpy as np
import pytest

from motionsight_core.dataset.media import cut_clip
from motionsight_core.synthetic import render_catalog
from motionsight_core.video.decoding import decode
from tests.core.dataset.media.cutting import SOURCES, clip_at, differences, seen, settings, textures, whole
from tests.videos import all_frames, write_video

#: Half a tick of the coarsest clock of a file, and what adding seconds costs.
TIME_TOLERANCE_S = 0.5 / 10_000 + 1e-9
#: Levels of 255: a texture that moves loses 2 to 4 at the default quality; the next frame is 21 away.
LOSS = 5.0


@pytest.mark.parametrize("name", SOURCES)
def test_a_cut_clip_has_the_frames_of_its_span_at_their_own_times(name: str, tmp_path: Path) -> None:
    source = SOURCES[name](tmp_path / "source")
    clip = clip_at(source, 0.5, 1.5)
    expected = seen(clip)
    cut = cut_clip(clip, str(tmp_path / "cut.mp4"), settings())
    found = seen(whole(cut.path))
    assert cut.frames == len(found) == len(expected) > 8
    assert found.times_s + cut.first_s == pytest.approx(expected.times_s, abs=TIME_TOLERANCE_S)
    height, width = expected.pixels.shape[1:3]
    assert (cut.width, cut.height) == (width - width % 2, height - height % 2)
    # Colours as a whole: a picture may lack a row, and HDR is rounded twice.
    colours = (sequence.pixels.mean(axis=(1, 2)) for sequence in (found, expected))
    np.testing.assert_allclose(*colours, atol=2.5)
    for number, picture in enumerate(found.pixels):
        gaps = differences(picture, expected.pixels)
        assert (int(np.argmin(gaps)), bool(gaps[number] < LOSS)) == (number, True), gaps.round(1)


@pytest.mark.parametrize("name", ["25 frames a second", "10 bits", "HDR", "a variable frame rate"])
def test_a_cut_clip_is_what_every_player_reads(name: str, tmp_path: Path) -> None:
    cut = cut_clip(whole(SOURCES[name](tmp_path / "source")), str(tmp_path / "cut.mp4"), settings())
    with av.open(cut.path) as container:
        (stream,) = container.streams
        assert (stream.codec_context.name, stream.type) == ("h264", "video")
        codec = container.streams.video[0].codec_context
        assert (codec.pix_fmt, codec.profile) == ("yuv420p", "High")
        packets = [packet for packet in container.demux(stream) if packet.size]
        assert [packet.pts for packet in packets] == [packet.dts for packet in packets]
        assert packets[0].pts == 0
        assert packets[0].is_keyframe
    assert all(frame.color_range == 1 for frame in all_frames(Path(cut.path)))
    data = Path(cut.path).read_bytes()
    assert data.index(b"moov") < data.index(b"mdat")
    assert b"elst" not in data


def test_the_last_frame_is_shown_as_long_as_in_the_source(tmp_path: Path) -> None:
    times_ms = [0, 40, 200, 240, 900, 940, 1000]
    source = write_video(tmp_path / "source.mkv", textures(7), times_ms=times_ms)
    cut = cut_clip(clip_at(source, 0.2, 0.7), str(tmp_path / "cut.mp4"), settings())
    assert (cut.frames, cut.first_s, cut.duration_s) == (2, pytest.approx(0.2), pytest.approx(0.5))
    with av.open(cut.path) as container:
        stream = container.streams.video[0]
        assert stream.duration is not None
        assert stream.time_base is not None
        assert float(stream.duration * stream.time_base) == pytest.approx(0.5)


def test_a_picture_that_is_held_when_the_clip_begins_is_its_first_frame(tmp_path: Path) -> None:
    times_ms = [*range(0, 400, 40), *range(2400, 3000, 40)]
    source = write_video(tmp_path / "source.mkv", textures(len(times_ms)), times_ms=times_ms)
    cut = cut_clip(clip_at(source, 1.4, 2.6), str(tmp_path / "cut.mp4"), settings())
    found = seen(whole(cut.path))
    assert cut.first_s == pytest.approx(1.4)
    assert found.times_s == pytest.approx([0.0, 1.0, 1.04, 1.08, 1.12, 1.16], abs=TIME_TOLERANCE_S)
    assert np.argmin(differences(found.pixels[0], seen(whole(source)).pixels)) == 9


@pytest.mark.long
def test_what_is_measured_of_a_cut_clip_is_what_is_measured_of_its_span(tmp_path: Path) -> None:
    truths = render_catalog(tmp_path / "scenes", count=6, seed=5, width=320, height=180)
    moving = 0
    for truth in truths:
        clip = clip_at(tmp_path / "scenes" / truth.file, 0.5, 3.0)
        cut = cut_clip(clip, str(tmp_path / "cut" / f"{clip.clip_id}.mp4"), settings())
        of_file = clip_at(Path(cut.path), 0.0, cut.duration_s)
        source, copy = (decode(which, settings(), products=["motion"]).motion for which in (clip, of_file))
        assert source is not None
        assert copy is not None
        assert [move.label for move in copy.camera_moves] == [move.label for move in source.camera_moves]
        for ours, theirs in zip(copy.camera_moves, source.camera_moves, strict=True):
            moving += theirs.label != "static"
            # One measured step (10 a second): coding noise may move a bound by one sample.
            assert (ours.start_s + cut.first_s, ours.end_s + cut.first_s) == pytest.approx(
                (theirs.start_s, theirs.end_s), abs=0.11
            )
            # Flow on coded pictures differs by some hundredths of a pixel of the 1 to 10 of a move.
            assert ours.rate == pytest.approx(theirs.rate, rel=0.05, abs=0.002)
        assert copy.steadiness == source.steadiness
        assert copy.cuts == pytest.approx([cut_s - cut.first_s for cut_s in source.cuts], abs=0.04)
        assert [track.label for track in copy.tracks] == [track.label for track in source.tracks]
    assert moving >= 3


def test_the_same_clip_gives_the_same_bytes_in_any_process(tmp_path: Path) -> None:
    from motionsight_core.guarded.pool import close_shared_decoders

    clip = clip_at(SOURCES["a variable frame rate"](tmp_path / "source"), 0.5, 1.5)
    contents = []
    for name in ("one", "two"):
        contents.append(Path(cut_clip(clip, str(tmp_path / f"{name}.mp4"), settings()).path).read_bytes())
        close_shared_decoders()
    assert contents[0] == contents[1]


def test_very_small_pictures_are_cut_as_well(tmp_path: Path) -> None:
    frames = [np.full((1, 3, 3), 20 * number, np.uint8) for number in range(8)]
    source = write_video(tmp_path / "source.mkv", frames, codec="ffv1", pix_fmt="bgr0")
    cut = cut_clip(whole(source), str(tmp_path / "cut.mp4"), settings())
    assert (cut.frames, cut.width, cut.height) == (8, 2, 2)
