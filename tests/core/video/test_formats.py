"""Which formats are read, by their content alone, and what everything else is called."""

from __future__ import annotations

import io
import re
import shutil
from collections.abc import Callable, Iterator
from contextlib import suppress
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import av
import numpy as np
import pytest

from motionsight_core.catalog import Clip, VideoObject
from motionsight_core.errors import ForbiddenProtocol, NotAVideo, NoVideoStream
from motionsight_core.guarded.pool import DecoderPool
from motionsight_core.settings import LimitSettings, RuntimeSettings, Settings
from motionsight_core.stores import list_objects
from motionsight_core.video.formats import VIDEO_SUFFIXES, demuxer_of, is_video_name, sniff, suffix_of
from motionsight_core.video.frame_index import FrameIndex
from motionsight_core.video.indexing import index_frames
from tests.videos import moving_texture, write_video

LIMITS = LimitSettings()


class Format(NamedTuple):
    """How PyAV writes a file of a format."""

    suffix: str
    codec: str
    demuxer: str
    """That is to read it."""
    muxer: str | None = None
    """Where the suffix does not say which."""
    pix_fmt: str = "yuv420p"
    size: tuple[int, int] = (160, 96)
    rate: int = 25
    options: tuple[tuple[str, str], ...] = ()
    container_options: tuple[tuple[str, str], ...] = ()

    def write(self, folder: Path, *, count: int = 10) -> Path:
        width, height = self.size
        return write_video(
            folder / f"video.{self.suffix}",
            moving_texture(count, width=width, height=height),
            codec=self.codec,
            pix_fmt=self.pix_fmt,
            rate=self.rate,
            options=dict(self.options),
            container_options=dict(self.container_options),
            format=self.muxer,
        )


M2TS = (("mpegts_m2ts_mode", "1"),)
FORMATS = (
    Format("mp4", "libx264", "mov"),
    Format("mov", "libx264", "mov"),
    Format("3g2", "mpeg4", "mov"),
    Format("f4v", "libx264", "mov"),
    Format("ismv", "libx264", "mov"),
    Format("mkv", "libx264", "matroska"),
    Format("webm", "libvpx", "matroska"),
    Format("avi", "mpeg4", "avi"),
    Format("divx", "mpeg4", "avi", "avi"),
    Format("ts", "libx264", "mpegts"),
    Format("m2ts", "libx264", "mpegts", "mpegts", container_options=M2TS),
    Format("mpg", "mpeg2video", "mpeg"),
    Format("vob", "mpeg2video", "mpeg", "vob"),
    Format("vcd.mpg", "mpeg1video", "mpeg", "vcd"),
    Format("flv", "flv", "flv"),
    Format("wmv", "wmv2", "asf"),
    Format("ogv", "libvpx", "ogg"),
    Format("mxf", "mpeg2video", "mxf"),
    Format(
        "dnxhr.mxf",
        "dnxhd",
        "mxf",
        "mxf_opatom",
        "yuv422p",
        (1280, 720),
        options=(("profile", "dnxhr_lb"),),
    ),
    Format("gxf", "mpeg2video", "gxf", size=(720, 576)),
    Format("dv", "dvvideo", "dv", size=(720, 576)),
    Format("nut", "mpeg4", "nut"),
    Format("wtv", "mpeg2video", "wtv"),
    Format("rm", "rv20", "rm", size=(176, 144)),
    Format("ivf", "libvpx", "ivf"),
    Format("y4m", "wrapped_avframe", "yuv4mpegpipe"),
    Format("gif", "gif", "gif", pix_fmt="rgb8"),
    Format("apng", "apng", "apng", pix_fmt="rgb24"),
    Format("mjpeg", "mjpeg", "mjpeg", pix_fmt="yuvj420p"),
    Format("m1v", "mpeg1video", "mpegvideo", "mpeg1video"),
    Format("m2v", "mpeg2video", "mpegvideo", "mpeg2video"),
    Format("mp4v", "mpeg4", "m4v", "m4v"),
    Format("h264", "libx264", "h264"),
    Format("hevc", "libx265", "hevc"),
    Format("obu", "libsvtav1", "obu"),
)
formats = pytest.mark.parametrize("format", FORMATS, ids=lambda format: format.suffix)


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Callable[[Format], Path]:
    """A file of 10 frames of a format, made once."""
    folder = tmp_path_factory.mktemp("formats")
    return cache(lambda format: format.write(folder))


def index(path: Path) -> FrameIndex:
    with path.open("rb") as file:
        return index_frames(file, LIMITS)


def demuxer(path: Path) -> str:
    with path.open("rb") as file:
        return demuxer_of(file)


def full_decode(path: Path) -> tuple[int, float]:
    """Frames and seconds of a file that FFmpeg recognises and decodes by itself."""
    with av.open(str(path)) as container:
        stream: Any = container.streams.video[0]
        rate = stream.average_rate or stream.guessed_rate
        frames = list(container.decode(stream))
    times = [float(frame.pts * frame.time_base) for frame in frames if frame.pts is not None]
    if len(times) < len(frames):  # a raw stream has no clock but its nominal rate
        return len(frames), float(len(frames) / rate)
    return len(frames), times[-1] - times[0] + float(1 / rate)


def assert_read_as_ffmpeg_reads_it(path: Path, *, frames: int) -> None:
    read = index(path)
    count, duration_s = full_decode(path)
    assert len(read.times_s) == count == frames
    assert read.duration_s == pytest.approx(duration_s, abs=float(Fraction(1, 20)))  # one frame at most


@formats
def test_each_format_is_recognised_by_its_content_and_read_whole(
    tmp_path: Path, format: Format, written: Callable[[Format], Path]
) -> None:
    hidden = Path(shutil.copy(written(format), tmp_path / "no_suffix"))
    assert demuxer(hidden) == format.demuxer
    assert_read_as_ffmpeg_reads_it(hidden, frames=10)


@formats
def test_a_file_of_each_format_is_listed_by_its_name_in_any_case(format: Format) -> None:
    assert is_video_name(f"folder/clip.{format.suffix}")
    assert is_video_name(f"folder/CLIP.{format.suffix.upper()}")
    assert not is_video_name(f"folder/.clip.{format.suffix}")


@pytest.fixture(scope="module")
def guarded() -> Iterator[DecoderPool]:
    with DecoderPool(Settings(runtime=RuntimeSettings(decode_processes=1))) as decoder:
        yield decoder


@formats
def test_the_sandbox_leaves_each_format_readable(
    format: Format, written: Callable[[Format], Path], guarded: DecoderPool
) -> None:
    """Demuxers and decoders get what they need after the decoding process has locked itself in."""
    (video,) = list_objects(str(written(format)))
    assert isinstance(video, VideoObject)
    clip = Clip(video.uri, video.version, 0.0, guarded.probe(video))
    assert clip.end_s == pytest.approx(0.4, abs=0.05)
    decoded = guarded.decode(clip, products=("sampled",))
    assert decoded.sampled is not None
    assert len(decoded.sampled.pixels) > 0


def test_error_correction_after_each_transport_packet_is_passed_over(tmp_path: Path) -> None:
    content = Format("ts", "libx264", "mpegts").write(tmp_path, count=40).read_bytes()
    path = tmp_path / "longer.ts"
    path.write_bytes(b"".join(content[at : at + 188] + bytes(16) for at in range(0, len(content), 188)))
    assert demuxer(path) == "mpegts"
    assert_read_as_ffmpeg_reads_it(path, frames=40)


@pytest.mark.parametrize("packet", [188, 192, 204])
@pytest.mark.parametrize("cut", [1, 50, 187])
def test_a_transport_stream_may_begin_inside_a_packet(tmp_path: Path, packet: int, cut: int) -> None:
    m2ts = M2TS if packet == 192 else ()
    whole = Format("ts", "libx264", "mpegts", "mpegts", container_options=m2ts).write(tmp_path, count=40)
    content = whole.read_bytes()
    if packet == 204:
        content = b"".join(content[at : at + 188] + bytes(16) for at in range(0, len(content), 188))
    path = tmp_path / "cut.ts"
    path.write_bytes(content[cut:])
    assert demuxer(path) == "mpegts"
    count, _ = full_decode(path)
    assert len(index(path).times_s) == count > 0


def test_bytes_before_a_transport_stream_are_passed_over(tmp_path: Path) -> None:
    whole = Format("ts", "libx264", "mpegts").write(tmp_path, count=40)
    path = tmp_path / "late.ts"
    path.write_bytes(np.random.default_rng(0).bytes(1000) + whole.read_bytes())
    assert demuxer(path) == "mpegts"
    assert_read_as_ffmpeg_reads_it(path, frames=40)


@pytest.mark.parametrize("run_in", [1, 8, 4096, 65_535])
def test_an_mxf_file_may_have_a_run_in(tmp_path: Path, run_in: int) -> None:
    whole = Format("mxf", "mpeg2video", "mxf").write(tmp_path)
    path = tmp_path / "late.mxf"
    path.write_bytes(bytes(run_in) + whole.read_bytes())
    assert demuxer(path) == "mxf"
    assert len(index(path).times_s) == 10


@pytest.mark.parametrize("muxer", ["vob", "mpeg"])
@pytest.mark.parametrize("cut", [14, 1000])
def test_a_program_stream_may_begin_inside_a_pack(tmp_path: Path, muxer: str, cut: int) -> None:
    whole = Format("mpg", "mpeg2video", "mpeg", muxer).write(tmp_path, count=40)
    path = tmp_path / "cut.mpg"
    path.write_bytes(whole.read_bytes()[cut:])
    assert demuxer(path) == "mpeg"
    count, _ = full_decode(path)
    assert len(index(path).times_s) == count > 0


def test_a_video_cd_file_is_read_through_its_sectors(tmp_path: Path) -> None:
    stream = Format("mpg", "mpeg1video", "mpeg", "vcd").write(tmp_path).read_bytes()
    sectors = b"".join(
        b"\x00" + b"\xff" * 10 + bytes(13) + stream[at : at + 2324].ljust(2324, b"\x00") + bytes(4)
        for at in range(0, len(stream), 2324)
    )
    path = tmp_path / "AVSEQ01.DAT"
    path.write_bytes(
        b"RIFF" + (36 + len(sectors)).to_bytes(4, "little") + b"CDXAfmt \x10\x00\x00\x00" + bytes(16)
        + b"data" + len(sectors).to_bytes(4, "little") + sectors
    )  # fmt: skip
    assert demuxer(path) == "mpeg"
    assert_read_as_ffmpeg_reads_it(path, frames=10)


def test_a_recorders_file_of_dahua_is_read(tmp_path: Path) -> None:
    source = Format("h264", "libx264", "h264", options=(("bf", "0"), ("g", "5"))).write(tmp_path)
    path = tmp_path / "camera.dav"
    with av.open(str(source)) as container:
        packets = [bytes(packet) for packet in container.demux(video=0) if packet.size]
    chunks = []
    for number, data in enumerate(packets):
        kind = 0xFD if number % 5 == 0 else 0xFC  # a key picture, or another one
        extension = bytes((0x80, 0, 160 // 8, 96 // 8, 0x81, 0, 4, 25))
        length = 24 + len(extension) + len(data) + 8
        header = (
            b"DHAV" + bytes((kind, 0, 0, 0)) + number.to_bytes(4, "little") + length.to_bytes(4, "little")
        )
        header += (0x5A21_0000).to_bytes(4, "little") + (number * 40).to_bytes(2, "little")
        chunks.append(
            header + bytes((len(extension), 0)) + extension + data + b"dhav" + length.to_bytes(4, "little")
        )
    path.write_bytes(b"".join(chunks))
    assert demuxer(path) == "dhav"
    assert len(index(path).times_s) == full_decode(path)[0] == 10


@pytest.mark.parametrize("kind", [b"frea", b"f\xbb\x79p"])
def test_an_unknown_box_may_come_first(tmp_path: Path, kind: bytes) -> None:
    path = Format("mp4", "libx264", "mov").write(tmp_path)
    path.write_bytes(b"\x00\x00\x00\x0c" + kind + b"1234" + path.read_bytes())
    assert demuxer(path) == "mov"


@pytest.mark.parametrize(
    "format", [Format("ogg", "libvpx", "ogg"), Format("gif", "gif", "gif", pix_fmt="rgb8")]
)
def test_other_bytes_may_precede_where_ffmpeg_looks_for_the_first_that_it_knows(
    tmp_path: Path, format: Format
) -> None:
    path = format.write(tmp_path, count=20)
    content = path.read_bytes()
    path.write_bytes(np.random.default_rng(0).bytes(3000) + content)
    assert demuxer(path) == format.demuxer
    assert_read_as_ffmpeg_reads_it(path, frames=20)
    with pytest.raises(NotAVideo):
        sniff(path.read_bytes())  # its name must say so, too
    path.write_bytes(np.random.default_rng(0).bytes(3000) + content[:10] + content[40:60])
    with pytest.raises(NotAVideo):
        demuxer(path)


#: None of them opens a second file or an address.
_READ = {format.demuxer for format in FORMATS} | {"dhav", "vvc"}


def test_whatever_the_first_bytes_are_no_other_demuxer_is_chosen(
    written: Callable[[Format], Path],
) -> None:
    rng = np.random.default_rng(0)
    heads = [written(format).read_bytes()[:5000] for format in FORMATS]
    for _ in range(2000):
        head = bytearray(heads[rng.integers(len(heads))])
        for _ in range(rng.integers(1, 6)):
            at = int(rng.integers(min(64, len(head))))
            insert = heads[rng.integers(len(heads))][: rng.integers(40)] or rng.bytes(3)
            head[at : at + int(rng.integers(8))] = insert
        with suppress(NotAVideo, NoVideoStream, ForbiddenProtocol):
            assert sniff(bytes(head)) in _READ


def test_every_demuxer_that_is_chosen_is_in_this_ffmpeg() -> None:
    for name in _READ:
        assert av.ContainerFormat(name, "r").is_input


def test_a_raw_stream_of_h266_is_recognised() -> None:
    """PyAV has no encoder for it: a video, a sequence and a picture parameter set, and a picture."""
    units = (b"\x00\x71\x01", b"\x00\x79\x01", b"\x00\x81\x01", b"\x00\x41\x01")
    assert sniff(b"".join(b"\x00\x00\x00\x01" + unit + b"\x55" * 30 for unit in units)) == "vvc"


def test_the_documentation_lists_the_suffixes_that_are_listed() -> None:
    text = (Path(__file__).parents[3] / "docs" / "stores.md").read_text()
    table = text[text.index("listed by these suffixes") : text.index("Raw streams store no times")]
    documented = [suffix for cell in re.findall(r"\| `([^`]*)` \|\n", table) for suffix in cell.split()]
    assert sorted(documented) == sorted(VIDEO_SUFFIXES)


def test_a_suffix_is_the_last_part_of_a_name_and_short() -> None:
    assert suffix_of("a/b.tar/c.MP4") == ".mp4"
    for name in ("a.b/c", "a/.mp4", "a/b.", "", "folder.mp4/"):
        assert suffix_of(name) == ""
    assert suffix_of("clip.1697234234_and_more") == ""
    assert all(suffix_of(f"x{suffix}") == suffix for suffix in VIDEO_SUFFIXES)


def test_the_file_is_read_from_its_start_wherever_it_stands(tmp_path: Path) -> None:
    content = io.BytesIO(Format("mkv", "libx264", "matroska").write(tmp_path).read_bytes())
    content.seek(0, 2)
    assert demuxer_of(content) == "matroska"
