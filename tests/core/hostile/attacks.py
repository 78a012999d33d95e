"""The known ways in which a "video" makes a decoder open files and connections, or fill the memory."""

from __future__ import annotations

import gzip
import io
import struct
import zipfile
import zlib
from collections.abc import Iterator

from tests.core.hostile.containers import (
    FLV_HEADER,
    SAMPLE_TABLE,
    box,
    chunk,
    element,
    flv_tag,
    h264_headers,
    with_avi_stream,
    with_box,
    with_segment_tail,
)


def attacks(valid: dict[str, bytes], *, secret: str, url: str) -> Iterator[tuple[str, bytes]]:
    """Name and content of each.

    Args:
        valid: files of `mutations.VALID`.
        secret: path of a file that nobody may read.
        url: of a server that nobody may ask.
    """
    for target in (secret, f"file://{secret}", url):
        yield from _playlists(target)
    yield from _hidden_playlists(valid, secret, url)
    yield from _references_of_mp4(valid["h264.mp4"], secret, url)
    yield from _references_of_others(valid, secret, url)
    yield from _bombs(valid)
    yield from _other_files()


def _playlists(target: str) -> Iterator[tuple[str, bytes]]:
    hls = f"#EXTM3U\n#EXT-X-TARGETDURATION:5\n#EXTINF:5,\n{target}\n#EXT-X-ENDLIST\n"
    texts = {
        "hls": hls,
        "hls key": hls.replace("#EXTINF", f'#EXT-X-KEY:METHOD=AES-128,URI="{target}"\n#EXTINF'),
        "hls map": hls.replace("#EXTINF", f'#EXT-X-MAP:URI="{target}"\n#EXTINF'),
        "hls crypto": hls.replace(target, f"crypto+{target}"),
        "hls subfile": hls.replace(target, f"subfile,,start,0,end,64,,:{target}"),
        "hls concat": hls.replace(target, f"concat:{target}|{target}"),
        "dash": f'<?xml version="1.0"?>\n<MPD><Period><AdaptationSet><Representation id="1"><BaseURL>{target}'
        "</BaseURL></Representation></AdaptationSet></Period></MPD>",
        "dash bare": f"<MPD><Period><AdaptationSet><BaseURL>{target}</BaseURL></AdaptationSet></Period>",
        "ffconcat": f"ffconcat version 1.0\nfile '{target}'\n",
        "concat": f"file '{target}'\n",
        "pls": f"[playlist]\nFile1={target}\nNumberOfEntries=1\n",
        "asx": f'<asx version="3.0"><entry><ref href="{target}"/></entry></asx>',
        "xspf": f'<playlist version="1"><trackList><track><location>{target}</location></track></trackList>'
        "</playlist>",
        "smil": f'<smil><body><video src="{target}"/></body></smil>',
        "svg": f'<svg xmlns="http://www.w3.org/2000/svg"><image href="{target}"/></svg>',
        "sdp": f"v=0\no=- 0 0 IN IP4 127.0.0.1\na=control:{target}\nm=video 9 RTP/AVP 96\n",
        "rtsp": f"rtsptext {target}",
        "qt reference": f'<?xml version="1.0"?><?quicktime type="x-qtskin"?><embed src="{target}"/>',
        "data url": "data:application/x-mpegURL;base64,I0VYVE0zVQo=",
        "srt": f"1\n00:00:00,000 --> 00:00:05,000\n<img src='{target}'>\n",
    }
    for name, text in texts.items():
        yield f"{name} -> {target.partition(':')[0][:6]}", text.encode()


def _hidden_playlists(valid: dict[str, bytes], secret: str, url: str) -> Iterator[tuple[str, bytes]]:
    hls = f"#EXTM3U\n#EXT-X-TARGETDURATION:5\n#EXTINF:5,\n{url}\n#EXTINF:5,\n{secret}\n".encode()
    mp4 = valid["h264.mp4"]
    yield "hls behind a byte order mark", b"\xef\xbb\xbf" + hls
    yield "hls in utf-16", hls.decode().encode("utf-16")
    yield "hls behind blank lines", b"\r\n \t\n" + hls
    yield "hls behind an id3 tag", b"ID3\x04\x00\x00\x00\x00\x00\x0a" + bytes(10) + hls
    yield "hls behind an mp4", mp4 + hls
    yield "hls before an mp4", hls + mp4
    yield "hls as an mp4's data", box(b"ftyp", b"isom", bytes(4), b"isom") + box(b"mdat", hls)
    yield "hls as a ftyp box", b"\x00\x00\x00\x00ftyp" + hls
    yield "hls behind transport stream marks", (b"\x47" + hls)[:188].ljust(188) * 40
    yield "hls in an ogg page", b"OggS\x00\x02" + bytes(20) + b"\x01" + bytes([len(hls) % 255]) + hls
    yield "hls in an flv script", FLV_HEADER + flv_tag(18, b"\x02\x00\x0aonMetaData\x02\x00\xff" + hls)
    yield "hls in a wave file", b"RIFF\xff\xff\xff\x7fWAVEdata\xff\xff\xff\x7f" + hls


def _references_of_mp4(mp4: bytes, secret: str, url: str) -> Iterator[tuple[str, bytes]]:
    """Media data that lies in another file (ISO/IEC 14496-12, 8.7.2, and QuickTime's aliases)."""
    references = [*SAMPLE_TABLE[:4], b"dinf", b"dref"]

    def entry(kind: bytes, payload: bytes) -> bytes:
        def change(_: bytes) -> bytes:
            return bytes(4) + struct.pack(">I", 1) + box(kind, bytes(4), payload)

        return with_box(mp4, references, change)

    name = secret.encode().rpartition(b"/")[2]
    # An alias record (QuickTime File Format, "alis"): volume, name, and the absolute path as tag 2.
    alias = (
        bytes(10) + b"\x06volume".ljust(28, b"\0") + bytes(12) + (bytes([len(name)]) + name).ljust(64, b"\0")
    )
    alias += bytes(16) + struct.pack(">hh", 1, 1) + bytes(16)
    alias += struct.pack(">hh", 2, len(secret)) + secret.encode() + bytes(len(secret) % 2)
    alias += struct.pack(">hh", -1, 0)
    yield "mp4 with data at a file url", entry(b"url ", f"file://{secret}\0".encode())
    yield "mp4 with data at a http url", entry(b"url ", url.encode() + b"\0")
    yield "mp4 with data at a path", entry(b"urn ", f"file\0{secret}\0".encode())
    yield "mov with data behind an alias", entry(b"alis", alias)
    yield (
        "mov that refers to a movie",
        box(b"ftyp", b"qt  ", bytes(4))
        + box(
            b"moov",
            box(
                b"rmra",
                box(b"rmda", box(b"rdrf", bytes(4), b"url ", struct.pack(">I", len(url)), url.encode())),
            ),
        ),
    )


def _references_of_others(valid: dict[str, bytes], secret: str, url: str) -> Iterator[tuple[str, bytes]]:
    hls = f"#EXTM3U\n#EXT-X-TARGETDURATION:5\n#EXTINF:5,\n{url}\n#EXTINF:5,\n{secret}\n".encode()
    uid = element("3EB923", bytes(range(16))) + element("3C83AB", secret.encode() + b"\0")
    info = element("1549A966", element("2AD7B1", (1_000_000).to_bytes(4)) + uid)
    attachment = element(
        "1941A469",
        element(
            "61A7",
            element("466E", secret.encode()) + element("4660", b"application/x-mpegURL")
            + element("465C", hls) + element("46AE", b"\x01"),
        ),
    )  # fmt: skip
    chapters = element(
        "1043A770",
        element("45B9", element("45DD", b"\x01") + element("B6", element("6E67", bytes(range(16))))),
    )
    mkv = valid["hevc.mkv"]
    yield "mkv with an attached playlist", with_segment_tail(mkv, attachment)
    yield "mkv with linked segments", with_segment_tail(mkv, info + chapters)
    # Subtitles in AVI: a text stream whose format is found by looking at its content (GAB2).
    gab2 = b"GAB2\0" + struct.pack("<HIHI", 2, 2, 4, len(hls)) + b"a\0\0" + hls
    stream_header = b"txts" + bytes(16) + struct.pack("<IIIIIII", 1, 25, 0, 1, 0, 0, 0) + bytes(8)
    text_list = chunk(b"LIST", b"strl", chunk(b"strh", stream_header), chunk(b"strf", b""))
    subtitles = chunk(b"01tx", gab2)
    yield "avi with a playlist as subtitles", with_avi_stream(valid["mpeg4.avi"], text_list, subtitles)
    script = b"\x30\x26\xb2\x75\x8e\x66\xcf\x11\xa6\xd9\x00\xaa\x00\x62\xce\x6c" + struct.pack(
        "<QIBB", 30, 1, 1, 2
    )
    yield "asf that names a url", script + f"URLANDEXIT{url}".encode("utf-16-le")


def _bombs(valid: dict[str, bytes]) -> Iterator[tuple[str, bytes]]:
    mp4 = valid["h264.mp4"]
    many = struct.pack(">I", 2**31 - 1)

    def table(name: bytes, payload: bytes) -> bytes:
        return with_box(mp4, [*SAMPLE_TABLE, name], lambda _: payload)

    yield (
        "mp4 of billions of frames (stts)",
        table(b"stts", bytes(4) + struct.pack(">I", 1) + many + b"\0\0\0\1"),
    )
    yield "mp4 of billions of frames (stsz)", table(b"stsz", bytes(4) + b"\0\0\0\1" + many)
    yield (
        "mp4 of billions of frames (all tables)",
        with_box(
            with_box(
                table(b"stsz", bytes(4) + b"\0\0\0\1" + many),
                [*SAMPLE_TABLE, b"stts"],
                lambda _: bytes(4) + struct.pack(">I", 1) + many + b"\0\0\0\1",
            ),
            [*SAMPLE_TABLE, b"stsc"],
            lambda _: bytes(4) + struct.pack(">I", 1) + struct.pack(">III", 1, 2**31 - 1, 1),
        ),
    )
    yield "mp4 with more chunks than bytes", table(b"stco", bytes(4) + struct.pack(">I", 2**30))
    nested = b""
    for _ in range(3000):
        nested = box(b"moov", nested)
    yield "mp4 of nested boxes", nested
    packed = zlib.compress(bytes(50_000_000), 9)
    compressed = box(b"dcom", b"zlib") + box(b"cmvd", struct.pack(">I", 2**32 - 1), packed)
    yield (
        "mov with a compressed index",
        box(b"ftyp", b"qt  ", bytes(4)) + box(b"moov", box(b"cmov", compressed)),
    )
    for width, height in ((65_520, 65_520), (1_048_560, 16), (16_000, 16_000)):
        headers = flv_tag(9, b"\x17\x00\x00\x00\x00" + h264_headers(width=width, height=height))
        frame = flv_tag(9, b"\x17\x01\x00\x00\x00" + struct.pack(">I", 40) + b"\x65\x88\x84" + bytes(37))
        yield f"h264 of {width}x{height}", FLV_HEADER + headers + frame * 3
    avi = valid["mpeg4.avi"]
    yield "avi that declares 65535x65535", _resized(avi, 65_535, 65_535)
    yield "png of 65535x65535 in an avi", _resized(avi, 65_535, 65_535).replace(b"FMP4", b"MPNG")
    picture = (
        b"\xff\xd8\xff\xc0\x00\x11\x08\xff\xff\xff\xff\x03\x01\x22\x00\x02\x11\x01\x03\x11\x01\xff\xda"
        + bytes(60)
    )
    yield "mjpeg of 65535x65535 in an avi", _with_first_frame(avi.replace(b"FMP4", b"MJPG"), picture)
    yield "gif of 65535x65535", b"GIF89a\xff\xff\xff\xff\x80\x00\x00" + bytes(60)
    yield "transport stream of null packets", (b"\x47\x1f\xff\x10" + bytes(184)) * 20_000
    deep = b""
    for _ in range(2000):
        deep = element("67C8", deep)
    segment = element("18538067", element("1254C367", element("7373", deep)))
    yield "mkv of nested tags", element("1A45DFA3", element("4282", b"matroska")) + segment
    yield (
        "flv of nested objects",
        FLV_HEADER + flv_tag(18, b"\x02\x00\x0aonMetaData" + b"\x03\x00\x01a" * 4000),
    )
    yield (
        "mpeg program stream of pack headers",
        b"\x00\x00\x01\xba" + (b"\x44" + bytes(9) + b"\x00\x00\x01\xba") * 9000,
    )


def _resized(avi: bytes, width: int, height: int) -> bytes:
    """An AVI whose stream format (BITMAPINFOHEADER) says another size."""
    place = avi.index(b"strf") + 8 + 4
    return avi[:place] + struct.pack("<II", width, height) + avi[place + 8 :]


def _with_first_frame(avi: bytes, frame: bytes) -> bytes:
    place = avi.index(b"00dc", avi.index(b"movi")) + 8
    return avi[:place] + frame + avi[place + len(frame) :]


def _other_files() -> Iterator[tuple[str, bytes]]:
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("video.mp4", bytes(20_000_000))
    yield "zip", archive.getvalue()
    yield "gzip", gzip.compress(bytes(20_000_000))
    yield "program", b"\x7fELF\x02\x01\x01" + bytes(200)
    yield "script", b"#!/bin/sh\ntouch /tmp/was-run\n"
    yield "pickle", b"\x80\x04cos\nsystem\n(S'true'\ntR."
    yield "empty", b""
    yield "zeros", bytes(100_000)
