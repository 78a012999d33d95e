"""From an odd file to its row: the span that was decoded, and a note of what was lost or mended."""

from __future__ import annotations

import gc
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
import pytest

from motionsight_core import MotionRecord, MotionSight, Settings, clips_of
from motionsight_core.catalog import Clip
from motionsight_core.guarded.pool import DecoderPool
from motionsight_core.record import Failure
from motionsight_core.video.decoding import decode
from tests.core.guarded.processes import video_at
from tests.videos import moving_texture, write_video

SETTINGS = Settings.load(environment={}, overrides=["runtime.decode_processes=1"])
GOP_25 = {"x264-params": "keyint=25:scenecut=0:bframes=0"}


def damaged(path: Path, first: int, last: int) -> Path:
    """A video of 100 frames at 25 a second, in which packets `first` to `last` are overwritten."""
    write_video(path, moving_texture(100), options=GOP_25)
    content = bytearray(path.read_bytes())
    with av.open(str(path)) as container:
        packets = [(packet.pos, packet.size) for packet in container.demux(video=0) if packet.size]
    for pos, size in packets[first : last + 1]:
        assert pos is not None
        content[pos : pos + size] = bytes([0xFF]) * size
    path.write_bytes(content)
    return path


def row(path: Path) -> MotionRecord:
    (found,) = MotionSight(SETTINGS).describe(clips_of(str(path), SETTINGS))
    assert isinstance(found, MotionRecord)
    return found


@pytest.mark.parametrize(
    ("what", "lost", "end_s"),
    [
        ("the end", (75, 99), 3.0),
        ("the beginning: times count from the first frame that there is", (0, 24), 3.0),
        ("the middle", (50, 60), 4.0),
    ],
)
def test_a_row_spans_what_was_decoded_and_is_named_by_that_span(
    tmp_path: Path, what: str, lost: tuple[int, int], end_s: float
) -> None:
    found = row(damaged(tmp_path / "a.mp4", *lost))
    assert found.notes == ("frames_lost",), what
    assert found.start_s == 0.0
    assert found.end_s == pytest.approx(end_s, abs=0.041)
    assert found.clip_id == Clip(found.uri, found.version, found.start_s, found.end_s).clip_id
    for move in found.camera_moves:
        assert found.start_s <= move.start_s < move.end_s <= found.end_s
    assert found.camera_moves[0].label == "pan_right"


@pytest.mark.parametrize(
    "split", ["clips.window_s=2", "clips.scenes=true", "clips.scenes=true clips.window_s=2"]
)
def test_the_clips_in_which_frames_are_lost_say_so_however_a_video_is_split(
    tmp_path: Path, split: str
) -> None:
    settings = Settings.load(environment={}, overrides=["runtime.decode_processes=1", *split.split()])
    video = damaged(tmp_path / "a.mp4", 55, 60)
    clips = clips_of(str(video), settings)
    rows = MotionSight(settings).describe(clips)
    notes = [row.notes for row in rows if isinstance(row, MotionRecord)]
    assert notes == [("frames_lost",)] if len(clips) == 1 else [(), ("frames_lost",)]
    with DecoderPool(settings) as decoder:
        if settings.clips.scenes:
            assert [scene.notes for scene in decoder.decode_scenes(clips[0].object)] == notes


def test_a_sound_file_has_no_note(tmp_path: Path) -> None:
    assert row(write_video(tmp_path / "a.mp4", moving_texture(50), options=GOP_25)).notes == ()


def test_a_clip_of_which_nothing_can_be_decoded_is_a_failure(tmp_path: Path) -> None:
    path = damaged(tmp_path / "a.mp4", 0, 99)
    (found,) = MotionSight(SETTINGS).describe(clips_of(str(path), SETTINGS))
    assert isinstance(found, Failure)
    assert found.error == "Corrupt"


def exif(orientation: int) -> bytes:
    """The APP1 segment of a JPEG that says how it is to be turned (Exif 2.3, 4.6.4)."""
    entry = (0x0112).to_bytes(2) + (3).to_bytes(2) + (1).to_bytes(4) + orientation.to_bytes(2) + bytes(2)
    body = b"Exif\0\0MM\0*" + (8).to_bytes(4) + (1).to_bytes(2) + entry + bytes(4)
    return b"\xff\xe1" + (2 + len(body)).to_bytes(2) + body


@pytest.mark.parametrize(("orientation", "size"), [(1, (160, 96)), (6, (96, 160)), (2, (160, 96))])
def test_side_data_that_pyav_does_not_know_is_passed_over(
    tmp_path: Path, orientation: int, size: tuple[int, int]
) -> None:
    """Motion JPEG whose frames carry EXIF: FFmpeg hands it over as a type newer than PyAV's list."""
    pictures = moving_texture(20)
    source = write_video(tmp_path / "plain.avi", pictures, codec="mjpeg", pix_fmt="yuvj420p")
    path = tmp_path / "exif.avi"
    with av.open(str(source)) as read, av.open(str(path), "w") as written:
        stream = written.add_stream_from_template(read.streams.video[0])
        for packet in read.demux(video=0):
            if not packet.size:
                continue
            jpeg = bytes(packet)
            marked = av.Packet(jpeg[:2] + exif(orientation) + jpeg[2:])
            marked.stream, marked.time_base = stream, Fraction(1, 25)
            marked.pts, marked.dts = packet.pts, packet.dts
            written.mux(marked)
    found = row(path)
    assert (found.width, found.height) == size
    assert found.end_s == pytest.approx(0.8, abs=1e-3)
    video = video_at(path)
    decoded = decode(Clip(video.uri, video.version, 0.0, 0.8), SETTINGS)
    assert decoded.sampled is not None
    upright = {1: pictures[0], 6: np.rot90(pictures[0], -1), 2: pictures[0][:, ::-1]}[orientation]
    assert np.mean(cv2.absdiff(decoded.sampled.pixels[0], np.ascontiguousarray(upright))) < 8


def test_no_threads_stay_behind_the_frames_of_a_decode(tmp_path: Path) -> None:
    """FFmpeg's scaler would start some for each frame, until a decoding process has no memory for more."""
    path = write_video(tmp_path / "a.mkv", moving_texture(50), codec="ffv1", pix_fmt="yuv422p10le")
    video = video_at(path)
    clip = Clip(video.uri, video.version, 0.0, 2.0)
    decode(clip, SETTINGS)
    tasks = Path("/proc/self/task")
    if not tasks.is_dir():
        pytest.skip("threads are counted in /proc")
    gc.disable()
    try:
        before = len(list(tasks.iterdir()))
        decode(clip, SETTINGS)
        assert len(list(tasks.iterdir())) <= before
    finally:
        gc.enable()


def test_a_guarded_process_decodes_odd_files_one_after_the_other(tmp_path: Path) -> None:
    paths = [
        damaged(tmp_path / "end.mp4", 75, 99),
        damaged(tmp_path / "middle.mp4", 50, 60),
        write_video(tmp_path / "sound.mkv", moving_texture(50), codec="ffv1", pix_fmt="yuv422p10le"),
    ]
    with DecoderPool(SETTINGS) as decoder:
        ends_s = []
        for path in paths * 3:
            video = video_at(path)
            decoded = decoder.decode(Clip(video.uri, video.version, 0.0, decoder.probe(video)))
            ends_s.append(decoded.clip.end_s)
    assert ends_s[:3] == pytest.approx([3.0, 4.0, 2.0], abs=0.041)
    assert ends_s[:3] * 3 == ends_s
