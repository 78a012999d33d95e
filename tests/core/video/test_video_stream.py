"""Of several video streams the moving one is the video; protected ones are named as what they are."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import pytest
from av.stream import Disposition

from motionsight_core.catalog import Clip, VideoObject
from motionsight_core.errors import Encrypted, NoVideoStream
from motionsight_core.settings import LimitSettings
from motionsight_core.stores import list_objects
from motionsight_core.video.container import open_video
from motionsight_core.video.decoding import decode, probe
from motionsight_core.video.indexing import index_frames
from tests.videos import moving_texture, write_audio, write_video

LIMITS = LimitSettings()
SMALL, LARGE = (96, 64), (192, 128)


def video_at(path: Path) -> VideoObject:
    (video,) = list_objects(str(path))
    assert isinstance(video, VideoObject)
    return video


def size_and_count(path: Path) -> tuple[tuple[int, int], int]:
    with path.open("rb") as file:
        count = len(index_frames(file, LIMITS).times_s)
        with open_video(file, LIMITS) as (_, stream):
            return (stream.codec_context.width, stream.codec_context.height), count


def write_streams(
    path: Path,
    *streams: tuple[tuple[int, int], int, int],
    codec: str = "libx264",
    default: int | None = None,
    container_options: dict[str, str] | None = None,
) -> Path:
    """A file with a video stream for each (size, frames, frames per second)."""
    container: Any = av.open(str(path), "w", container_options=container_options or {})
    with container:
        added = []
        for number, ((width, height), count, rate) in enumerate(streams):
            stream = container.add_stream(codec, rate=rate)
            stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
            if default is not None:
                stream.disposition = Disposition.default if number == default else 0
            added.append((stream, moving_texture(count, width=width, height=height), rate))
        packets = []
        for stream, frames, rate in added:
            for number, pixels in enumerate(frames):
                frame = av.VideoFrame.from_ndarray(pixels, "rgb24")
                frame.pts, frame.time_base = number, Fraction(1, rate)
                packets += stream.encode(frame)
            packets += stream.encode(None)
        for packet in sorted(packets, key=lambda packet: packet.dts * packet.time_base):
            container.mux(packet)
    return path


@pytest.mark.parametrize("suffix", ["mp4", "mkv", "ts", "avi"])
@pytest.mark.parametrize("still_first", [False, True])
def test_a_large_still_beside_a_small_video_is_not_the_video(
    tmp_path: Path, suffix: str, still_first: bool
) -> None:
    """As phones store motion photos."""
    streams = [(LARGE, 1, 1), (SMALL, 50, 25)]
    path = write_streams(
        tmp_path / f"a.{suffix}", *(streams if still_first else streams[::-1]), codec="mpeg4"
    )
    assert size_and_count(path) == (SMALL, 50)


def test_a_fragmented_file_whose_header_counts_no_frames_is_looked_into(tmp_path: Path) -> None:
    options = {"movflags": "frag_keyframe+empty_moov"}
    path = write_streams(tmp_path / "a.mp4", (LARGE, 1, 1), (SMALL, 50, 25), container_options=options)
    assert size_and_count(path) == (SMALL, 50)


def test_a_track_of_sparse_thumbnails_is_not_the_video(tmp_path: Path) -> None:
    path = write_streams(tmp_path / "a.mkv", (LARGE, 3, 1), (SMALL, 75, 25))
    assert size_and_count(path) == (SMALL, 75)


@pytest.mark.parametrize("default", [0, 1])
def test_of_two_moving_streams_the_one_that_is_marked_as_default_is_taken(
    tmp_path: Path, default: int
) -> None:
    path = write_streams(tmp_path / "a.mkv", (LARGE, 50, 25), (SMALL, 50, 25), default=default)
    assert size_and_count(path) == ((LARGE, SMALL)[default], 50)


def test_of_two_moving_streams_alike_the_larger_is_taken(tmp_path: Path) -> None:
    path = write_streams(tmp_path / "a.ts", (SMALL, 50, 25), (LARGE, 50, 25))
    assert size_and_count(path) == (LARGE, 50)


def test_the_animation_of_an_avif_is_taken_and_not_its_first_picture(tmp_path: Path) -> None:
    path = write_video(
        tmp_path / "a.avif", moving_texture(20), codec="libsvtav1", options={"preset": "12"}, format="avif"
    )
    with av.open(str(path)) as container:
        assert len(container.streams.video) > 1, "the file holds a still and an animation"
    assert size_and_count(path)[1] == 20


def test_a_cover_alone_is_no_video(tmp_path: Path) -> None:
    path = tmp_path / "song.mp4"
    sound = write_audio(tmp_path / "sound.mp4")
    picture = write_video(tmp_path / "cover.avi", moving_texture(1), codec="mjpeg", pix_fmt="yuvj420p")
    with av.open(str(sound)) as audio, av.open(str(picture)) as cover, av.open(str(path), "w") as song:
        sounds = song.add_stream_from_template(audio.streams.audio[0])
        pictures = song.add_stream_from_template(cover.streams.video[0])
        pictures.disposition = Disposition.attached_pic
        for source, stream in ((cover, pictures), (audio, sounds)):
            for packet in source.demux():
                if packet.size:
                    packet.stream = stream
                    song.mux(packet)
    with pytest.raises(NoVideoStream, match="cover"):
        size_and_count(path)


def test_an_encrypted_mp4_says_so(tmp_path: Path) -> None:
    key = "00112233445566778899aabbccddeeff"
    path = write_video(
        tmp_path / "a.mp4",
        moving_texture(20),
        container_options={
            "encryption_scheme": "cenc-aes-ctr",
            "encryption_key": key,
            "encryption_kid": key,
        },
    )
    with pytest.raises(Encrypted, match="encrypted"):
        probe(video_at(path))


def test_a_scrambled_transport_stream_says_so(tmp_path: Path) -> None:
    path = write_video(tmp_path / "a.ts", moving_texture(20))
    content = bytearray(path.read_bytes())
    for start in range(0, len(content), 188):
        if int.from_bytes(content[start + 1 : start + 3]) & 0x1FFF != 0x100:
            continue
        content[start + 3] |= 0x80
        head = 4 + (1 + content[start + 4] if content[start + 3] & 0x20 else 0)
        if content[start + 1] & 0x40:
            head += 19  # the header of the PES packet, which stays clear here
        for place in range(start + head, start + 188):
            content[place] ^= 0x5A
    path.write_bytes(content)
    video = video_at(path)
    with pytest.raises(Encrypted, match="encrypted"):
        decode(Clip(video.uri, video.version, 0.0, probe(video)))
