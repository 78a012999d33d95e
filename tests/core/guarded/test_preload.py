"""Whatever streams a file has: nothing is imported once the decoding process is locked in."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import pytest

from motionsight_core.catalog import split
from motionsight_core.guarded.pool import DecoderPool
from motionsight_core.settings import Settings
from tests.core.guarded.processes import video_at
from tests.videos import moving_texture, write_audio, write_video

pytestmark = pytest.mark.decoders_start_anew

SRT = b"1\n00:00:00,000 --> 00:00:00,500\nHello\n\n"
VTT = b"WEBVTT\n\n00:00.000 --> 00:00.500\nHello\n\n"
ASS = b"0,0,Default,,0,0,0,,Hello"
Add = Callable[[Any], Callable[[], None]]


def text_of(content: bytes, format: str) -> Add:
    """A text stream copied from another file."""

    def add(container: Any) -> Callable[[], None]:
        source: Any = av.open(io.BytesIO(content), format=format)
        stream = container.add_stream_from_template(source.streams.subtitles[0])

        def write() -> None:
            for packet in source.demux():
                if packet.size:
                    packet.stream = stream
                    container.mux(packet)

        return write

    return add


def bytes_of(codec: str, content: bytes, *, data: bool = False, header: bytes | None = None) -> Add:
    """A stream of ready bytes."""

    def add(container: Any) -> Callable[[], None]:
        stream = container.add_data_stream(codec) if data else container.add_stream(codec)
        if header is not None:
            stream.codec_context.subtitle_header = header

        def write() -> None:
            packet = av.Packet(content)
            packet.stream, packet.time_base = stream, Fraction(1, 1000)
            packet.pts, packet.dts, packet.duration = 0, 0, 500
            container.mux(packet)

        return write

    return add


def sounds(count: int) -> Add:
    def add(container: Any) -> Callable[[], None]:
        source: Any = av.open(io.BytesIO(_sound()), format="mov")
        streams = [container.add_stream_from_template(source.streams.audio[0]) for _ in range(count)]

        def write() -> None:
            content = [packet for packet in source.demux() if packet.size]
            for stream in streams:
                for packet in content:
                    copy = av.Packet(bytes(packet))
                    copy.stream, copy.time_base = stream, packet.time_base
                    copy.pts, copy.dts, copy.duration = packet.pts, packet.dts, packet.duration
                    container.mux(copy)

        return write

    return add


def _sound() -> bytes:
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        return write_audio(Path(folder, "a.mp4")).read_bytes()


def attachment(container: Any) -> Callable[[], None]:
    container.add_attachment("font.ttf", "application/x-truetype-font", bytes(100))
    return lambda: None


#: kind of stream: (file suffix, what adds it)
STREAMS: dict[str, tuple[str, Add]] = {
    "SubRip in Matroska": ("mkv", text_of(SRT, "srt")),
    "ASS in Matroska": ("mkv", bytes_of("ass", ASS)),
    "WebVTT in Matroska": ("mkv", text_of(VTT, "webvtt")),
    "bitmaps (VobSub) in Matroska": ("mkv", bytes_of("dvdsub", bytes(64))),
    "bitmaps (DVB) in a transport stream": ("ts", bytes_of("dvbsub", bytes(64))),
    "KLV data in a transport stream": ("ts", bytes_of("klv", bytes(64), data=True)),
    "plain data in a transport stream": ("ts", bytes_of("bin_data", bytes(64), data=True)),
    "a font in Matroska": ("mkv", attachment),
    "three sound tracks in MP4": ("mp4", sounds(3)),
    "three sound tracks in Matroska": ("mkv", sounds(3)),
}


def with_stream(path: Path, add: Add) -> Path:
    """A video with one more stream."""
    source = write_video(path.with_name("plain.mp4"), moving_texture(20))
    with av.open(str(source)) as read, av.open(str(path), "w") as written:
        pictures = written.add_stream_from_template(read.streams.video[0])
        write = add(written)
        for packet in read.demux(video=0):
            if packet.size:
                packet.stream = pictures
                written.mux(packet)
        write()
    return path


def timecode(path: Path) -> Path:
    """A QuickTime file with a timecode track, which FFmpeg shows as a stream of data."""
    source = write_video(path.with_name("plain.mp4"), moving_texture(20))
    with av.open(str(source)) as read, av.open(str(path), "w") as written:
        pictures = written.add_stream_from_template(read.streams.video[0])
        pictures.metadata["timecode"] = "01:00:00:00"
        for packet in read.demux(video=0):
            if packet.size:
                packet.stream = pictures
                written.mux(packet)
    return path


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("streams")
    made = {}
    for number, (kind, (suffix, add)) in enumerate(STREAMS.items()):
        made[kind] = with_stream(folder / f"{number}.{suffix}", add)
    made["a timecode track in QuickTime"] = timecode(folder / "timecode.mov")
    return made


def test_each_kind_of_stream_beside_the_video_is_decoded_in_a_locked_process(files: dict[str, Path]) -> None:
    settings = Settings.load(environment={}, overrides=["runtime.decode_processes=1"])
    with DecoderPool(settings) as decoder:
        for kind, path in files.items():
            with av.open(str(path)) as container:
                assert len(container.streams) > 1 or container.metadata, kind
            video = video_at(path)
            (clip,) = split(video, duration_s=decoder.probe(video))
            decoded = decoder.decode(clip)
            assert decoded.sampled is not None, kind
            assert clip.end_s == pytest.approx(0.8, abs=0.041), kind


_IMPORTS = """
import json, sys
import motionsight_core.guarded.child as child
from motionsight_core.guarded.preload import load_lazy_modules
from motionsight_core.catalog import split
from motionsight_core.video.decoding import decode, probe
from motionsight_core.stores import list_objects
import motionsight_core.video.scene_pass

load_lazy_modules()
imported = []
sys.addaudithook(lambda event, args: imported.append(args[0]) if event == "import" else None)
for path in sys.argv[1:]:
    (video,) = list_objects(path)
    (clip,) = split(video, duration_s=probe(video))
    decode(clip)
print(json.dumps(imported))
"""


def test_decoding_imports_nothing_that_was_not_loaded_before(files: dict[str, Path]) -> None:
    run = subprocess.run(
        [sys.executable, "-c", _IMPORTS, *map(str, files.values())],
        capture_output=True,
        text=True,
        check=True,
        timeout=300,
    )
    assert json.loads(run.stdout) == []
