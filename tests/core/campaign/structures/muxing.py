"""What muxers can be told, and what becomes of files afterwards."""

from __future__ import annotations

from dataclasses import replace

from tests.core.campaign.layouts import Layout, variant
from tests.core.campaign.structures.changes import (
    empty_edit_first,
    ending_after,
    from_inside_a_packet,
    skipping,
    with_hole,
    with_large_mdat,
    with_parity,
    with_unknown_boxes,
)


def muxer_options() -> list[Layout]:
    """What muxers can be told."""
    options: list[tuple[str, str, str, dict[str, str]]] = [
        ("index in front", "mp4", "libx264", {"movflags": "faststart"}),
        ("fragments", "mp4", "libx264", {"movflags": "frag_keyframe+empty_moov"}),
        ("fragments after a moov", "mp4", "libx264", {"movflags": "frag_keyframe"}),
        (
            "fragments of one frame",
            "mp4",
            "libx264",
            {"movflags": "frag_every_frame+empty_moov+default_base_moof"},
        ),
        ("CMAF", "mp4", "libx264", {"movflags": "cmaf+frag_keyframe+empty_moov+default_base_moof"}),
        ("DASH segments", "mp4", "libx264", {"movflags": "dash+frag_keyframe+empty_moov"}),
        ("fragments, moov delayed", "mp4", "libx264", {"movflags": "frag_keyframe+delay_moov"}),
        ("hybrid fragments", "mp4", "libx264", {"movflags": "hybrid_fragmented"}),
        (
            "fragments, negative offsets",
            "mp4",
            "libx264",
            {"movflags": "frag_keyframe+empty_moov+negative_cts_offsets"},
        ),
        ("hevc fragments", "mp4", "libx265", {"movflags": "frag_keyframe+empty_moov"}),
        ("av1 fragments", "mp4", "libsvtav1", {"movflags": "frag_keyframe+empty_moov"}),
        ("fragments in MOV", "mov", "libx264", {"movflags": "frag_keyframe"}),
        ("no edit list", "mp4", "libx264", {"use_editlist": "0"}),
        ("negative offsets", "mp4", "libx264", {"movflags": "negative_cts_offsets"}),
        ("timestamps kept", "mp4", "libx264", {"avoid_negative_ts": "disabled"}),
        ("timestamps from zero", "mp4", "libx264", {"avoid_negative_ts": "make_zero"}),
        ("stream-wide timescale", "mp4", "libx264", {"video_track_timescale": "600"}),
        ("coarse timescale", "mp4", "libx264", {"video_track_timescale": "25"}),
        ("prefer ICC, write colr", "mov", "libx264", {"movflags": "write_colr"}),
        ("reserved moov", "mp4", "libx264", {"moov_size": "20000"}),
        ("offset", "mp4", "libx264", {"output_ts_offset": "7.3"}),
        ("live", "matroska", "libx264", {"live": "1"}),
        ("live", "webm", "libvpx", {"live": "1"}),
        ("cues in front", "matroska", "libx264", {"reserve_index_space": "5000"}),
        ("short clusters", "matroska", "libx264", {"cluster_time_limit": "100"}),
        ("no checksums", "matroska", "libx264", {"write_crc32": "0"}),
        ("offset", "matroska", "libx264", {"output_ts_offset": "7.3"}),
        ("timestamps kept", "matroska", "libx264", {"avoid_negative_ts": "disabled"}),
        ("sparse index", "avi", "mpeg4", {"reserve_index_space": "2000"}),
        ("packets of Blu-ray", "mpegts", "libx264", {"mpegts_m2ts_mode": "1"}),
        ("hevc in Blu-ray packets", "mpegts", "libx265", {"mpegts_m2ts_mode": "1"}),
        ("frequent tables", "mpegts", "libx264", {"pat_period": "0.1", "sdt_period": "0.1"}),
        ("tables before frames", "mpegts", "libx264", {"mpegts_flags": "pat_pmt_at_frames"}),
        ("offset", "mpegts", "libx264", {"output_ts_offset": "5000"}),
        ("clock that wraps", "mpegts", "libx264", {"output_ts_offset": str(2**33 / 90_000 - 2)}),
        ("clock that wraps", "mpegts", "mpeg2video", {"output_ts_offset": str(2**33 / 90_000 - 2)}),
        ("constant bit rate", "mpegts", "libx264", {"muxrate": "3000000"}),
        ("constant bit rate", "mpeg", "mpeg2video", {"muxrate": "3000000"}),
        ("offset", "mpeg", "mpeg2video", {"output_ts_offset": "5000"}),
        ("no duration", "flv", "libx264", {"flvflags": "no_duration_filesize"}),
        ("keyframe index", "flv", "libx264", {"flvflags": "add_keyframe_index"}),
        ("offset", "flv", "libx264", {"output_ts_offset": "7.3"}),
        ("small pages", "ogg", "libvpx", {"page_duration": "100000"}),
        ("small packets", "asf", "wmv2", {"packet_size": "1000"}),
        ("no index", "asf", "wmv2", {"live": "1"}),
        ("offset", "asf", "wmv2", {"output_ts_offset": "7.3"}),
        ("plays twice", "gif", "gif", {"loop": "2"}),
        ("long last picture", "gif", "gif", {"final_delay": "300"}),
        ("plays twice", "apng", "apng", {"plays": "2"}),
        ("Nielsen", "nut", "libx264", {"syncpoints": "timestamped", "strict": "-2"}),
    ]
    return [
        variant(f"{name}: {encoder} in {muxer}", muxer, encoder, muxer_options=chosen)
        for name, muxer, encoder, chosen in options
    ]


def changed_files() -> list[Layout]:
    """What FFmpeg reads, but does not write: edit lists, foreign boxes, packets with parity."""
    plain = {"x264-params": "keyint=12:bframes=0"}
    edits = [
        variant("edit list that begins at a keyframe", "mp4", "libx264", change=skipping(12), shown=24),
        variant("edit list that begins inside a GOP", "mp4", "libx264", change=skipping(17), shown=19),
        variant("edit list that ends early", "mp4", "libx264", change=ending_after(20), shown=20),
        variant("edit list with a hole", "mp4", "libx264", change=with_hole, shown=24),
    ]
    reordered = skipping(17, first_ticks=1024)
    return [
        *(replace(layout, options=plain) for layout in edits),
        variant("edit list inside a GOP of B-frames", "mp4", "libx264", change=reordered, shown=19),
        variant("empty edit first", "mp4", "libx264", change=empty_edit_first),
        variant("unknown boxes before the index", "mp4", "libx264", change=with_unknown_boxes),
        variant("media data of 64-bit length", "mp4", "libx264", change=with_large_mdat),
        variant("204-byte packets", "mpegts", "libx264", change=with_parity),
        variant("204-byte packets of MPEG-2", "mpegts", "mpeg2video", change=with_parity),
        variant("TS that begins inside a packet", "mpegts", "libx264", change=from_inside_a_packet),
    ]
