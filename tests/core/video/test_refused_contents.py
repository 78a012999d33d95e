"""What is refused before FFmpeg sees it, and under which name: stills, sounds, playlists."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from motionsight_core.errors import ClipError, ForbiddenProtocol, NotAVideo, NoVideoStream
from motionsight_core.video.formats import demuxer_of, holds_video, sniff
from tests.videos import moving_texture, write_video


def picture(suffix: str, **options: Any) -> bytes:
    _, encoded = cv2.imencode(suffix, moving_texture(1)[0], **options)
    return encoded.tobytes()


def boxes(major: bytes, *compatible: bytes, then: bytes = b"\x00\x00\x00\x0cmeta\x00\x00\x00\x00") -> bytes:
    """A file type box, and what follows it."""
    brands = major + bytes(4) + b"".join(compatible)
    return (len(brands) + 8).to_bytes(4) + b"ftyp" + brands + then


@pytest.mark.parametrize(
    ("content", "name"),
    [
        (picture(".jpg"), "JPEG"),
        (picture(".jpg") + bytes(3) + boxes(b"isom"), "JPEG"),
        (picture(".png"), "PNG"),
        (picture(".webp"), "WebP"),
        (picture(".gif"), "GIF"),
        (picture(".bmp"), "BMP"),
        (picture(".tiff"), "TIFF"),
        (picture(".ppm"), "PNM"),
        (picture(".jp2"), "JPEG 2000"),
        (picture(".avif"), "AVIF"),
        (boxes(b"heic", b"mif1", b"heic"), "HEIC"),
        (boxes(b"mif1", b"mif1", b"heic", b"miaf"), "HEIC"),
        (boxes(b"mif1", b"mif1", b"avif", b"miaf"), "AVIF"),
        (boxes(b"avif", b"avif", b"mif1", b"miaf"), "AVIF"),
        (boxes(b"mif1", b"mif1"), "HEIF"),
        (boxes(b"crx ", b"isom", then=b"\x00\x00\x00\x08moov"), "Canon raw"),
        (b"\x00\x00\x00\x0cJXL \r\n\x87\n" + boxes(b"jxl ", b"jxl "), "JPEG XL"),
        (b"8BPS\x00\x01" + bytes(20), "Photoshop"),
    ],
)
def test_a_still_picture_is_no_video_and_its_format_is_named(content: bytes, name: str) -> None:
    with pytest.raises(NotAVideo, match=rf"^The file is a still picture \({name}\)\.$"):
        sniff(content)
    assert not holds_video(content)


def test_two_pictures_of_which_one_is_the_others_gain_map_are_a_still(tmp_path: Path) -> None:
    one = picture(".jpg")
    mark = b"\xff\xe2" + (2 + 8).to_bytes(2) + b"MPF\x00II*\x00"
    with pytest.raises(NotAVideo, match=r"still picture \(JPEG\)"):
        sniff(one[:2] + mark + one[2:] + one)
    assert sniff(one + one) == "mjpeg"


@pytest.mark.parametrize(
    "content",
    [
        boxes(b"avis", b"avis", b"avif", b"msf1"),
        boxes(b"avif", b"avif", b"avis"),
        boxes(b"msf1", b"msf1", b"hevc"),
        boxes(b"heic", b"mif1", b"heic", b"msf1", b"hevc"),
        boxes(b"heic", b"mif1", then=b"\x00\x00\x00\x0cmeta\x00\x00\x00\x00\x00\x00\x00\x08moov"),
        boxes(b"mp42", b"mp42", b"isom", b"mif1"),
    ],
)
def test_pictures_that_move_are_a_video_in_the_boxes_of_stills(content: bytes) -> None:
    assert sniff(content) == "mov"


def test_a_moving_avif_is_opened_as_a_video(tmp_path: Path) -> None:
    path = write_video(tmp_path / "a.avif", moving_texture(10), codec="libsvtav1")
    with path.open("rb") as file:
        assert demuxer_of(file) == "mov"


def test_an_animated_webp_says_that_it_cannot_be_decoded(tmp_path: Path) -> None:
    path = write_video(tmp_path / "a.webp", moving_texture(10), codec="libwebp_anim", format="webp")
    with pytest.raises(NotAVideo, match="animated WebP, which FFmpeg cannot decode; convert it"):
        sniff(path.read_bytes())
    assert holds_video(path.read_bytes()), "it is not passed over silently"


def test_a_gif_that_is_cut_in_its_first_picture_is_not_taken_for_a_still(tmp_path: Path) -> None:
    content = write_video(tmp_path / "a.gif", moving_texture(10), codec="gif", pix_fmt="rgb8").read_bytes()
    assert sniff(content[:3000]) == "gif"


@pytest.mark.parametrize(
    ("content", "error"),
    [
        (b"#EXTM3U\n#EXT-X-TARGETDURATION:5\n#EXTINF:5,\n/etc/passwd\n", ForbiddenProtocol),
        (b"\xef\xbb\xbf\r\n#EXTM3U\nother.mp4\n", ForbiddenProtocol),
        (b"ffconcat version 1.0\nfile /etc/passwd\n", ForbiddenProtocol),
        (b'<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011"></MPD>', ForbiddenProtocol),
        (b"[playlist]\nFile1=http://127.0.0.1/x.mp4\n", ForbiddenProtocol),
        (b"v=0\no=- 0 0 IN IP4 127.0.0.1\nm=video 1 RTP/AVP 96\n", ForbiddenProtocol),
        (b"Dear diary, today nothing moved.\n", NotAVideo),
        (b"The free encyclopedia.\n" * 20, NotAVideo),
        (b"", NotAVideo),
        (b"\x89PNG\r\n\x1a\n" + bytes(100), NotAVideo),
        (b"\xff\xd8\xff\xe0" + bytes(100), NotAVideo),
        (b"ID3\x04" + bytes(100), NoVideoStream),
        (b"RIFF\x24\x00\x00\x00WAVEfmt ", NoVideoStream),
        (b"FORM\x00\x00\x00\x40AIFFCOMM", NoVideoStream),
        (bytes(4096), NotAVideo),
        (b"G" * 70_000, NotAVideo),
        (np.random.default_rng(0).bytes(70_000), NotAVideo),
        (b"\x00\x00\x01" + bytes(2000), NotAVideo),
        (b"\x00\x00\x01\x00\x01\x00\x10\x10\x00\x00" + bytes(2000), NotAVideo),
    ],
)
def test_other_content_is_refused_under_its_right_name(content: bytes, error: type[ClipError]) -> None:
    with pytest.raises(error):
        sniff(content)
    assert not holds_video(content)


#: FFmpeg's text formats that name other files, each line padded so that letters stand where the sync bytes
#: of a transport stream would.
_REFERENCES = (
    b"#EXTM3U\n#EXTINF:5,\n/etc/passwd\n",
    b"ffconcat version 1.0\nfile /etc/passwd\n",
    b"<?xml version='1.0'?><MPD></MPD>",
)


@pytest.mark.parametrize("reference", _REFERENCES)
@pytest.mark.parametrize("packet", [188, 192, 204])
@pytest.mark.parametrize("before", [b"", b"G", b"\x00", b"\x47\x00\x00\x10" + b"x" * 184])
def test_a_playlist_is_never_taken_for_a_transport_stream(
    reference: bytes, packet: int, before: bytes
) -> None:
    line = reference + b"#" * (packet - len(reference) - 4) + b"G0p1"
    with pytest.raises((ForbiddenProtocol, NotAVideo)):
        sniff(before + line * 40)
