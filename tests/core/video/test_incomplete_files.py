"""What is there of an incomplete file is taken; what is missing of its frames is a note."""

from __future__ import annotations

import io
from pathlib import Path

import av
import av.error
import pytest

from motionsight_core.catalog import VideoObject, split
from motionsight_core.clip import DecodedClip
from motionsight_core.errors import Truncated
from motionsight_core.settings import Settings
from motionsight_core.stores import list_objects
from motionsight_core.video.completeness import is_cut, require_index
from motionsight_core.video.decoding import decode, probe
from tests.videos import all_frames, moving_texture, write_video

FRAMES = 60
SETTINGS = Settings.load(environment={}, overrides=["sampling.frames=1000"])
FAST_START = {"movflags": "faststart"}
FRAGMENTED = {"movflags": "frag_keyframe+empty_moov+default_base_moof"}
GOPS = {"g": "20", "x264-params": "bframes=2:scenecut=0"}


def decoded(path: Path, content: bytes | None = None) -> DecodedClip:
    """The one clip of a video, as it is planned and decoded."""
    if content is not None:
        path.write_bytes(content)
    (video,) = list_objects(str(path))
    assert isinstance(video, VideoObject)
    (clip,) = split(video, duration_s=probe(video, SETTINGS))
    return decode(clip, SETTINGS)


def frame_count(clip: DecodedClip) -> int:
    assert clip.sampled is not None
    return len(clip.sampled)


def box(kind: bytes, body: bytes) -> bytes:
    return (8 + len(body)).to_bytes(4) + kind + body


def mp4(path: Path, **options: str) -> bytes:
    return write_video(
        path, moving_texture(FRAMES), options=GOPS, container_options=options or FAST_START
    ).read_bytes()


def box_at(content: bytes, kind: bytes) -> int:
    """Where a top-level box begins."""
    return content.index(kind) - 4


@pytest.mark.parametrize("kind", [b"frea", b"PICT", b"\xa9xyz", b"junk"])
def test_an_unknown_box_before_the_index_is_passed_over(tmp_path: Path, kind: bytes) -> None:
    content = mp4(tmp_path / "a.mp4")
    place = box_at(content, b"moov")
    # Offsets of the frames point behind the index: the box is as long as the free one that it replaces.
    whole = write_video(tmp_path / "b.mp4", moving_texture(FRAMES), options=GOPS).read_bytes()
    end = box_at(whole, b"moov")
    clip = decoded(tmp_path / "b.mp4", whole[:end] + box(kind, bytes(100)) + whole[end:])
    assert place > 0
    assert (frame_count(clip), clip.clip.end_s, clip.notes) == (FRAMES, 2.4, ())


@pytest.mark.parametrize("kind", [b"free", b"uuid", b"skip", b"udta", b"mfra"])
def test_a_last_box_without_frames_may_be_cut_short(tmp_path: Path, kind: bytes) -> None:
    content = mp4(tmp_path / "a.mp4")
    clip = decoded(tmp_path / "a.mp4", content + box(kind, bytes(500))[:-300])
    assert (frame_count(clip), clip.clip.end_s, clip.notes) == (FRAMES, 2.4, ())


def test_a_media_box_that_announces_more_than_its_frames_loses_none(tmp_path: Path) -> None:
    content = bytearray(mp4(tmp_path / "a.mp4"))
    place = box_at(bytes(content), b"mdat")
    length = int.from_bytes(content[place : place + 4])
    content[place : place + 4] = (length + 8).to_bytes(4)
    clip = decoded(tmp_path / "a.mp4", bytes(content))
    assert (frame_count(clip), clip.notes, clip.lost_frames) == (FRAMES, (), 0)


@pytest.mark.parametrize(("hidden_s", "shown_s"), [(1.0, 1.4), (0.0, 0.8), (1.0, 0.6)])
def test_a_part_that_an_edit_list_shows_has_lost_no_frames(
    tmp_path: Path, hidden_s: float, shown_s: float
) -> None:
    path = write_video(
        tmp_path / "trimmed.mp4",
        moving_texture(FRAMES),
        times_ms=[40 * number - round(1000 * hidden_s) for number in range(FRAMES)],
        options=GOPS,
    )
    content = bytearray(path.read_bytes())
    scale = int.from_bytes(content[content.index(b"mvhd") + 16 :][:4])
    entry = content.index(b"elst") + 12
    content[entry : entry + 4] = round(shown_s * scale).to_bytes(4)
    clip = decoded(path, bytes(content))
    shown = len(all_frames(path))
    assert shown == pytest.approx(25 * shown_s, abs=2)
    assert frame_count(clip) == shown
    assert clip.notes == ()
    assert clip.clip.end_s == pytest.approx(shown / 25, abs=0.041)


@pytest.mark.parametrize("missing", [10, 100, 1000])
def test_a_few_missing_bytes_cost_the_last_frames_and_not_the_video(tmp_path: Path, missing: int) -> None:
    content = mp4(tmp_path / "a.mp4")
    (tmp_path / "cut.mp4").write_bytes(content[:-missing])
    clip = decoded(tmp_path / "cut.mp4")
    expected = lenient_count(tmp_path / "cut.mp4")
    assert FRAMES // 2 < expected < FRAMES
    assert (frame_count(clip), clip.notes) == (expected, ("frames_lost",))
    assert clip.lost_frames > 0


def lenient_count(path: Path) -> int:
    """Frames that FFmpeg decodes of a damaged file, damaged packets left out."""
    count = 0
    with av.open(str(path)) as container:
        for packet in container.demux(video=0):
            try:
                count += len(packet.decode())
            except av.error.FFmpegError:
                continue
    return count


@pytest.mark.parametrize("share", [0.5, 0.8, 0.95])
@pytest.mark.parametrize(
    ("suffix", "codec", "options"),
    [
        ("mp4", "libx264", FAST_START),
        ("mp4", "libx264", FRAGMENTED),
        ("mkv", "libx264", {}),
        ("webm", "libvpx", {}),
        ("avi", "mpeg4", {}),
        ("ts", "libx264", {}),
        ("flv", "flv", {}),
        ("mpg", "mpeg2video", {}),
    ],
)
def test_a_file_that_breaks_off_is_decoded_up_to_there(
    tmp_path: Path, suffix: str, codec: str, options: dict[str, str], share: float
) -> None:
    path = tmp_path / f"whole.{suffix}"
    whole = write_video(
        path,
        moving_texture(FRAMES),
        codec=codec,
        options=GOPS if codec == "libx264" else {"g": "20"},
        container_options=options,
    ).read_bytes()
    cut = tmp_path / f"cut.{suffix}"
    cut.write_bytes(whole[: int(len(whole) * share)])
    expected = lenient_count(cut)
    if not expected:
        pytest.fail("the case is too hard: nothing is left of the file")
    clip = decoded(cut)
    assert abs(frame_count(clip) - expected) <= 1
    assert clip.clip.end_s == pytest.approx(expected / 25, abs=0.09)
    if suffix in ("mp4", "mkv", "avi"):  # the others announce no length, so that nobody can tell
        assert clip.notes == (("frames_lost",) if expected < FRAMES else ())


@pytest.mark.parametrize("share", [0.3, 0.95])
def test_an_mp4_without_its_index_is_truncated(tmp_path: Path, share: float) -> None:
    path = write_video(tmp_path / "a.mp4", moving_texture(FRAMES))
    content = path.read_bytes()
    with pytest.raises(Truncated, match="moov box"):
        decoded(path, content[: int(len(content) * share)])


def test_a_matroska_file_that_is_cut_behind_its_last_cluster_loses_no_frame(tmp_path: Path) -> None:
    path = write_video(tmp_path / "a.mkv", moving_texture(FRAMES))
    content = path.read_bytes()
    cues = content.rindex(b"\x1c\x53\xbb\x6b")
    clip = decoded(path, content[: cues + 8])
    assert (frame_count(clip), clip.notes) == (FRAMES, ())


def test_an_avi_that_is_cut_inside_its_index_loses_no_frame(tmp_path: Path) -> None:
    path = write_video(tmp_path / "a.avi", moving_texture(FRAMES), codec="mjpeg", pix_fmt="yuvj420p")
    content = path.read_bytes()
    clip = decoded(path, content[: content.rindex(b"idx1") + 40])
    assert (frame_count(clip), clip.notes) == (FRAMES, ())


def test_a_whole_file_of_each_kind_is_not_called_cut(tmp_path: Path) -> None:
    for suffix, demuxer, codec in (
        ("mp4", "mov", "libx264"),
        ("mkv", "matroska", "libx264"),
        ("avi", "avi", "mpeg4"),
    ):
        path = write_video(tmp_path / f"a.{suffix}", moving_texture(10), codec=codec)
        with path.open("rb") as file:
            assert not is_cut(file, demuxer)
    assert len(all_frames(tmp_path / "a.mp4")) == 10


def test_a_64_bit_box_length_is_understood() -> None:
    media = b"\x00\x00\x00\x01mdat" + (16 + 100).to_bytes(8) + bytes(100)
    moov = b"\x00\x00\x00\x08moov"
    require_index(io.BytesIO(media + moov), "mov")
    assert not is_cut(io.BytesIO(media + moov), "mov")
    assert is_cut(io.BytesIO(moov + media[:-60]), "mov")
    with pytest.raises(Truncated):
        require_index(io.BytesIO(media[:-60]), "mov")
