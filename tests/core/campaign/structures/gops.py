"""How frames refer to one another."""

from __future__ import annotations

from tests.core.campaign.layouts import Layout, pairs_in, variant

_KEYS = "keyint=12:min-keyint=12:scenecut=0"
_X265 = f"{_KEYS}:log-level=none:pools=none:frame-threads=1"
_MANY = (
    "libx264 in mp4, libx265 in mp4, libsvtav1 in mp4, libx264 in mov, mpeg4 in 3gp, libx264 in ismv, "
    "libx264 in matroska, libx265 in matroska, libvpx in webm, libvpx-vp9 in webm, mpeg4 in avi, libx264 "
    "in avi, libx264 in mpegts, mpeg2video in mpegts, mpeg2video in mpeg, mpeg2video in vob, libx264 in "
    "flv, flv in flv, libvpx in ogg, wmv2 in asf, mpeg2video in mxf, libvpx-vp9 in ivf, mpeg2video in "
    "mpeg2video, gif in gif, rawvideo in yuv4mpegpipe"
)
_VPX = {"lag-in-frames": "12", "auto-alt-ref": "1", "g": "18"}


def groups_of_pictures() -> list[Layout]:
    """How frames refer to one another."""
    x264 = {
        "no B-frames": "bframes=0",
        "three B-frames": f"{_KEYS}:bframes=3:b-adapt=0",
        "B-pyramid": f"{_KEYS}:bframes=3:b-adapt=0:b-pyramid=normal",
        "strict B-pyramid": f"{_KEYS}:bframes=3:b-adapt=0:b-pyramid=strict",
        "open GOP": f"{_KEYS}:bframes=3:b-adapt=0:open-gop=1",
        "intra only": "keyint=1",
        "intra refresh": "keyint=12:intra-refresh=1:bframes=0",
        "one keyframe": "keyint=infinite:bframes=2",
        "several slices": f"{_KEYS}:slices=4",
        "headers repeated": f"{_KEYS}:repeat-headers=1:aud=1",
        "interlaced": f"{_KEYS}:tff=1",
        "fake interlaced": f"{_KEYS}:fake-interlaced=1",
        "several references": f"{_KEYS}:ref=8:bframes=5:b-adapt=0",
        "16 B-frames": "keyint=40:bframes=16:b-adapt=0:b-pyramid=normal",
        "weighted, CAVLC": f"{_KEYS}:cabac=0:weightp=2",
        "HRD": f"{_KEYS}:nal-hrd=vbr:vbv-maxrate=2000:vbv-bufsize=2000",
        "pulldown": f"{_KEYS}:pic-struct=1",
    }
    x265 = {
        "B-pyramid": f"{_X265}:bframes=4:b-adapt=0",
        "open GOP": f"{_X265}:bframes=4:b-adapt=0:open-gop=1",
        "closed GOP": f"{_X265}:bframes=4:b-adapt=0:open-gop=0",
        "temporal layers": f"{_X265}:temporal-layers=3:bframes=4:b-adapt=0",
        "intra only": "keyint=1:log-level=none:pools=none",
        "RADL": f"{_X265}:open-gop=0:radl=2:bframes=4:b-adapt=0",
        "intra refresh": "keyint=12:intra-refresh=1:bframes=0:log-level=none:pools=none",
        "one keyframe": "keyint=-1:log-level=none:pools=none",
        "headers repeated": f"{_X265}:repeat-headers=1:aud=1",
    }
    layouts = []
    for muxer in ("mp4", "matroska", "mpegts", "flv", "avi", "asf", "mxf"):
        layouts += [
            variant(f"h264 {name} in {muxer}", muxer, "libx264", options={"x264-params": params})
            for name, params in x264.items()
            if muxer in ("mp4", "mpegts") or name in ("B-pyramid", "open GOP", "intra refresh", "no B-frames")
        ]
        layouts += [
            variant(f"hevc {name} in {muxer}", muxer, "libx265", options={"x265-params": params})
            for name, params in x265.items()
            if muxer in ("mp4", "mpegts") or (muxer == "matroska" and name in ("open GOP", "temporal layers"))
        ]
    for name, muxer, encoder, options in (
        ("vp8 hidden frames", "webm", "libvpx", _VPX),
        ("vp9 hidden frames", "webm", "libvpx-vp9", _VPX),
        ("vp9 hidden frames in MP4", "mp4", "libvpx-vp9", _VPX),
        ("vp9 hidden frames in IVF", "ivf", "libvpx-vp9", _VPX),
        ("vp8 hidden frames in IVF", "ivf", "libvpx", _VPX),
        ("vp8 hidden frames in Ogg", "ogg", "libvpx", _VPX),
        ("vp8 hidden frames in AVI", "avi", "libvpx", _VPX),
        ("vp9 error resilient", "webm", "libvpx-vp9", {"error-resilient": "1"}),
        ("av1 random access", "mp4", "libsvtav1", {"svtav1-params": "lp=1:pred-struct=2:keyint=16"}),
        ("av1 low delay", "webm", "libsvtav1", {"svtav1-params": "lp=1:pred-struct=1:keyint=16"}),
        ("av1 one keyframe in Matroska", "matroska", "libsvtav1", {"g": "-1"}),
        ("mpeg4 B-frames in MP4", "mp4", "mpeg4", {"bf": "2", "g": "12"}),
        ("mpeg4 B-frames in AVI", "avi", "mpeg4", {"bf": "2", "g": "12"}),
        ("mpeg4 B-frames in Matroska", "matroska", "mpeg4", {"bf": "2", "g": "12"}),
        ("mpeg4 quarter pixels", "avi", "mpeg4", {"flags": "+qpel"}),
        ("mpeg4 B-frames alone", "m4v", "mpeg4", {"bf": "2", "g": "12"}),
        ("mpeg2 B-frames in TS", "mpegts", "mpeg2video", {"bf": "2", "g": "12"}),
        ("mpeg2 B-frames in PS", "mpeg", "mpeg2video", {"bf": "2", "g": "12"}),
        ("mpeg2 B-frames in VOB", "vob", "mpeg2video", {"bf": "2", "g": "12"}),
        ("mpeg2 B-frames in MXF", "mxf", "mpeg2video", {"bf": "2", "g": "12"}),
        ("mpeg2 B-frames alone", "mpeg2video", "mpeg2video", {"bf": "2", "g": "12"}),
        ("mpeg2 B-frames in MOV", "mov", "mpeg2video", {"bf": "2", "g": "12"}),
        ("mpeg2 B-frames in AVI", "avi", "mpeg2video", {"bf": "2", "g": "12"}),
        ("mpeg2 intra only in TS", "mpegts", "mpeg2video", {"g": "1"}),
        ("mpeg2 interlaced in TS", "mpegts", "mpeg2video", {"flags": "+ildct+ilme"}),
        ("mpeg1 B-frames in PS", "mpeg", "mpeg1video", {"bf": "2", "g": "12"}),
        ("mpeg1 B-frames alone", "mpeg1video", "mpeg1video", {"bf": "2", "g": "12"}),
        ("ffv1 in several slices", "matroska", "ffv1", {"level": "3", "slices": "4"}),
        ("huffyuv with long GOP ffv1", "avi", "ffv1", {"g": "10"}),
        ("mjpeg optimal tables", "avi", "mjpeg", {"huffman": "optimal"}),
    ):  # fmt: skip
        layouts.append(variant(name, muxer, encoder, options=options))
    return layouts


def many_frames() -> list[Layout]:
    """Files of enough frames that a window in them is reached by seeking."""
    keys = {"g": "40", "x264-params": "keyint=40:bframes=3:b-adapt=0:open-gop=1", "x265-params": _X265}
    used = {"libx264": "x264-params", "libx265": "x265-params"}
    return [
        variant(
            f"400 frames of {encoder} in {muxer}",
            muxer,
            encoder,
            count=400,
            size=(64, 64),
            options={used.get(encoder, "g"): keys[used.get(encoder, "g")]},
        )
        for muxer, encoder in pairs_in(_MANY)
    ]
