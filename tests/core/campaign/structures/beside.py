"""Everything that a file may hold beside its video."""

from __future__ import annotations

from dataclasses import replace

from tests.core.campaign.layouts import Layout, variant

#: By container and encoder of the video: names of other streams.
_BEHIND = {
    (
        "mp4",
        "libx264",
    ): "aac mp3 ac3 flac opus mov_text ttml dvdsub bin_data cover chapters small_copy mjpeg_still "
    "large_still default_large_still few_large_pictures",
    ("mov", "libx264"): "aac pcm_s16be mov_text eia_608 chapters large_still",
    (
        "matroska",
        "libx264",
    ): "aac opus vorbis pcm_s16le subrip ass webvtt dvdsub pgs pgs_text dvbsub text font "
    "attached_cover chapters small_copy large_still default_large_still few_large_pictures",
    ("webm", "libvpx"): "opus vorbis webvtt chapters",
    (
        "mpegts",
        "libx264",
    ): "aac mp2 ac3 dvbsub teletext pgs klv timed_id3 scte_35 smpte_2038 bin_data small_copy",
    ("avi", "mpeg4"): "mp3 pcm_s16le ac3",
    ("flv", "libx264"): "aac mp3",
    ("asf", "wmv2"): "wmav2 mp3",
    ("ogg", "libvpx"): "vorbis opus flac",
    ("mpeg", "mpeg2video"): "mp2 ac3",
    ("vob", "mpeg2video"): "mp2 ac3 dvdsub",
    ("mxf", "mpeg2video"): "pcm_s16le",
    ("3gp", "h263"): "amr aac",
    ("nut", "mpeg4"): "aac text",
    ("ismv", "libx264"): "aac",
    ("psp", "libx264"): "aac",
}
#: By container: names of streams that come first in the file.
_BEFORE = {
    "mp4": "aac mov_text large_still mjpeg_still",
    "mov": "aac",
    "matroska": "aac subrip attached_cover large_still few_large_pictures",
    "mpegts": "aac klv small_copy",
    "flv": "aac",
}
_PICTURES = frozenset({"small_copy", "large_still", "mjpeg_still", "few_large_pictures"})
_TIMECODE = {"timecode": "01:00:00:00"}
_FRAGMENTS = {"movflags": "frag_keyframe+empty_moov"}


def streams_beside() -> list[Layout]:
    """Sound, subtitles, data, attachments, covers, other pictures; one, or several of them."""
    layouts = [
        variant(f"{name} beside {encoder} in {muxer}", muxer, encoder, beside=(name,))
        for (muxer, encoder), names in _BEHIND.items()
        for name in names.split()
    ]
    layouts += [
        variant(
            f"{name} before libx264 in {muxer}",
            muxer,
            "libx264",
            before=(name,),
            video=int(name in _PICTURES),
        )
        for muxer, names in _BEFORE.items()
        for name in names.split()
    ]
    for name, muxer, encoder, beside in (
        ("several of each", "matroska", "libx264", "aac ac3 subrip ass pgs font attached_cover chapters"),
        ("several of each", "mp4", "libx265", "aac ac3 mov_text chapters cover"),
        ("several of each", "mpegts", "libx264", "aac mp2 dvbsub teletext klv"),
    ):
        layouts.append(variant(f"{name} in {muxer}", muxer, encoder, beside=tuple(beside.split())))
    for muxer, encoder, beside in (
        ("mov", "libx264", ()),
        ("mp4", "libx264", ()),
        ("mxf", "mpeg2video", ()),
        ("mov", "prores_ks", ("pcm_s16be", "chapters")),
    ):
        name = f"timecode of {encoder} in {muxer}"
        layouts.append(variant(name, muxer, encoder, beside=beside, metadata=_TIMECODE))
    fragments = variant("fragments of several streams", "mp4", "libx264", muxer_options=_FRAGMENTS)
    return [*layouts, replace(fragments, beside=("aac", "mov_text"))]
