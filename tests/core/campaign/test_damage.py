"""What can be decoded of a damaged file becomes a clip; what cannot is an error that says why."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from motionsight_core.catalog import VideoObject, split
from motionsight_core.errors import (
    ClipError,
    Corrupt,
    ForbiddenProtocol,
    NotAVideo,
    NoVideoStream,
    TooLarge,
    Truncated,
)
from motionsight_core.guarded.pool import DecoderPool
from motionsight_core.settings import Settings
from motionsight_core.stores import list_objects
from tests.core.campaign.damage import damaged
from tests.core.campaign.layouts import Layout, of_pair
from tests.core.campaign.lenient import LenientDecoder, Remains
from tests.core.campaign.writing import write

#: FFmpeg's demuxers of what its muxers write, where they have other names.
_DEMUXERS = {
    **dict.fromkeys(("mp4", "mov", "3gp", "avif"), "mov"),
    **dict.fromkeys(("matroska", "webm"), "matroska"),
    "vob": "mpeg",
    "mpeg2video": "mpegvideo",
}
_FRAGMENTS = {"movflags": "frag_keyframe+empty_moov"}
BASES: tuple[Layout, ...] = (
    of_pair("mp4", "libx264"),
    replace(of_pair("mp4", "libx264"), name="index in front", muxer_options={"movflags": "faststart"}),
    replace(of_pair("mp4", "libx264"), name="fragments", muxer_options=_FRAGMENTS),
    replace(of_pair("mp4", "libx264"), name="sound and text", beside=("aac", "mov_text")),
    of_pair("mp4", "libx265"),
    of_pair("mp4", "libsvtav1"),
    of_pair("mp4", "mpeg4"),
    of_pair("mov", "prores_ks"),
    of_pair("mov", "mjpeg"),
    replace(of_pair("mov", "libx264"), name="timecode and sound", beside=("pcm_s16be",),
            metadata={"timecode": "01:00:00:00"}),
    of_pair("3gp", "mpeg4"),
    of_pair("avif", "libsvtav1"),
    of_pair("matroska", "libx264"),
    replace(of_pair("matroska", "libx265"), name="subtitles", beside=("subrip", "aac")),
    of_pair("matroska", "ffv1"),
    of_pair("webm", "libvpx"),
    of_pair("webm", "libvpx-vp9"),
    replace(of_pair("webm", "libvpx"), name="live", muxer_options={"live": "1"}),
    of_pair("avi", "mpeg4"),
    of_pair("avi", "mjpeg"),
    of_pair("avi", "libx264"),
    of_pair("mpegts", "libx264"),
    replace(of_pair("mpegts", "mpeg2video"), name="TS with sound", beside=("mp2",)),
    replace(of_pair("mpegts", "libx265"), name="Blu-ray packets", muxer_options={"mpegts_m2ts_mode": "1"}),
    of_pair("mpeg", "mpeg2video"),
    replace(of_pair("vob", "mpeg2video"), name="VOB with sound", beside=("ac3",)),
    of_pair("mpeg2video", "mpeg2video"),
    of_pair("h264", "libx264"),
    of_pair("flv", "flv"),
    replace(of_pair("flv", "libx264"), name="FLV with sound", beside=("aac",)),
    of_pair("ogg", "libvpx"),
    of_pair("asf", "wmv2"),
    of_pair("mxf", "mpeg2video"),
    of_pair("mxf", "dnxhd"),
    of_pair("gif", "gif"),
    of_pair("apng", "apng"),
    of_pair("ivf", "libvpx-vp9"),
    of_pair("yuv4mpegpipe", "rawvideo"),
)  # fmt: skip
#: What damage of the bytes may be called. DecoderCrashed and TimedOut would be a defect of ours here.
EXPECTED = (Corrupt, ForbiddenProtocol, NotAVideo, NoVideoStream, TooLarge, Truncated)
SHORT, LONG = 2, 140


@pytest.fixture(scope="module")
def decoder() -> Iterator[DecoderPool]:
    settings = Settings.load(overrides=["runtime.decode_processes=1", "limits.wall_s=60"], environment={})
    with DecoderPool(settings) as decoder:
        yield decoder


@pytest.fixture(scope="module")
def lenient() -> Iterator[LenientDecoder]:
    with LenientDecoder() as lenient:
        yield lenient


@pytest.mark.parametrize("layout", BASES, ids=lambda layout: layout.name)
def test_damage_costs_only_what_it_hits(
    layout: Layout, decoder: DecoderPool, lenient: LenientDecoder, tmp_path: Path
) -> None:
    """Each file gets a few of the damages, all files together all of them."""
    first = BASES.index(layout) * SHORT
    check(layout, range(first, first + SHORT), decoder, lenient, tmp_path)


@pytest.mark.long
@pytest.mark.parametrize("layout", BASES, ids=lambda layout: layout.name)
def test_damage_of_5000_files_costs_only_what_it_hits(
    layout: Layout, decoder: DecoderPool, lenient: LenientDecoder, tmp_path: Path
) -> None:
    check(layout, range(1000, 1000 + LONG), decoder, lenient, tmp_path)


def check(
    layout: Layout, numbers: range, decoder: DecoderPool, lenient: LenientDecoder, folder: Path
) -> None:
    path = write(replace(layout, size=(96, 64)) if layout.size == (128, 96) else layout, folder)
    sound = path.read_bytes()
    wrong: list[str] = []
    for number in numbers:
        damage, mutant = damaged(sound, name=layout.name, number=number)
        path.write_bytes(mutant)
        remains = lenient.remains(path, _DEMUXERS.get(layout.muxer, layout.muxer))
        if complaint := complaint_about(path, decoder, remains, whole=layout):
            wrong.append(f"{number} ({damage}, {remains}): {complaint}")
    assert not wrong, "\n".join(wrong)


def complaint_about(path: Path, decoder: DecoderPool, remains: Remains, *, whole: Layout) -> str:
    """What is wrong with how a damaged file is treated; empty where nothing is."""
    (video,) = list_objects(str(path))
    assert isinstance(video, VideoObject)
    try:
        (clip,) = split(video, duration_s=decoder.probe(video))
        decoded = decoder.decode(clip)
    except ClipError as error:
        if not isinstance(error, EXPECTED):
            return f"not a matter of the file: {error.name}: {error}"
        # Bare streams have no beginning to tell them by, and pictures of 50,000 lines cannot be processed.
        if isinstance(error, NotAVideo) and whole.without_times:
            return ""
        if isinstance(error, TooLarge) and "side" in str(error):
            return ""
        if remains.count > whole.count / 2:
            return f"{remains.count} of {whole.count} frames are lost: {error.name}: {error}"
        return ""
    if decoded.sampled is None or not len(decoded.sampled) or decoded.motion is None:
        return "a clip without frames"
    # No clock of a damaged file is sure: the span lies between what its frames' number says and what their
    # timestamps say, twice as long at most; and it may always be that of the undamaged file. A damaged time
    # base, beside a timestamp that is wild, still tells how long the others' frames last.
    length_s = decoded.clip.end_s - decoded.clip.start_s
    counted_s = float(remains.count / whole.rate)
    least_s = min(counted_s, remains.stamped_s, remains.count * remains.usual_s) / 2
    most_s = max(2 * counted_s, 2 * remains.stamped_s, 1.1 * whole.written_s)
    return "" if least_s <= length_s <= most_s else f"{length_s} s is not its length"
