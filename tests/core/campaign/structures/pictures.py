"""Depths, chroma, colour models, sizes and shapes of pictures."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

from tests.core.campaign.layouts import Layout, pairs_in, variant

#: Where a display matrix, and where the pixels' shape is stored.
_TURNED = (
    "libx264 in mp4, libx264 in mov, libx264 in matroska, mjpeg in mov, mpeg4 in 3gp, libvpx-vp9 in webm"
)
_ANAMORPHIC = (
    "libx264 in mp4, libx264 in matroska, libx264 in mpegts, mpeg4 in avi, libx264 in flv, prores_ks in mov, "
    "mpeg4 in asf, libx265 in mp4"
)


def pixel_formats() -> list[Layout]:
    """Depths, chroma and colour models."""
    formats = {
        ("mp4", "libx264"): "yuv420p10le yuv422p yuv422p10le yuv444p yuv444p10le gray yuvj420p nv12",
        ("mp4", "libx264rgb"): "rgb24 bgr24",
        ("mp4", "libx265"): "yuv420p10le yuv420p12le yuv422p yuv422p10le yuv444p gbrp gray gray10le",
        ("webm", "libvpx-vp9"): "yuv422p yuv440p yuv444p gbrp yuva420p",
        ("webm", "libvpx"): "yuva420p",
        ("mp4", "libsvtav1"): "yuv420p10le",
        (
            "matroska",
            "ffv1",
        ): "yuv420p yuv444p16le yuv410p yuv411p yuva444p gray gray16le bgr0 rgba64le gbrp12le",
        ("mov", "prores_ks"): "yuv422p10le yuv444p10le yuva444p10le",
        ("mov", "dnxhd"): "yuv422p yuv422p10le",
        ("mov", "qtrle"): "rgb24 argb gray rgb555be",
        ("mov", "png"): "rgb24 rgba gray gray16be rgb48be monob",
        ("avi", "rawvideo"): "yuv420p yuv422p uyvy422 yuyv422 bgr24 bgra gray nv12 rgb555le",
        ("avi", "utvideo"): "yuv420p yuv422p yuv444p gbrp gbrap",
        ("avi", "mjpeg"): "yuvj420p yuvj422p yuvj444p yuv420p",
        ("avi", "huffyuv"): "yuv422p rgb24 bgra",
        ("mov", "mjpeg"): "yuvj422p",
        ("mxf", "mpeg2video"): "yuv420p yuv422p",
        ("mpegts", "mpeg2video"): "yuv422p",
        ("apng", "apng"): "rgb24 rgba gray",
        ("gif", "gif"): "bgr8 rgb8 gray",
        ("yuv4mpegpipe", "rawvideo"): "yuv420p yuv422p yuv444p gray yuv411p",
        ("nut", "rawvideo"): "rgb24 yuv444p10le monow",
    }
    return [
        variant(
            f"{encoder} {pix_fmt} in {muxer}",
            muxer,
            encoder,
            pix_fmt=pix_fmt,
            options=_profile(encoder, pix_fmt),
        )
        for (muxer, encoder), names in formats.items()
        for pix_fmt in names.split()
    ]


def _profile(encoder: str, pix_fmt: str) -> dict[str, str]:
    if encoder == "dnxhd":
        return {"profile": "dnxhr_hqx" if pix_fmt.endswith("10le") else "dnxhr_hq"}
    if encoder == "prores_ks":
        return {"profile": "4444" if "444" in pix_fmt else "hq"}
    if encoder == "libvpx-vp9":
        return {"profile": "0" if pix_fmt == "yuva420p" else "1", "auto-alt-ref": "0"}
    if encoder == "libvpx":
        return {"auto-alt-ref": "0"}
    return {}


def sizes_and_shapes() -> list[Layout]:
    """Odd sizes, tiny ones, upright ones, pixels that are not square, displays that are turned."""
    sizes = [
        ("mp4", "libx264", (130, 98), "yuv420p"),
        ("mp4", "libx264", (127, 95), "yuv444p"),
        ("mp4", "libx264", (96, 160), "yuv420p"),
        ("mp4", "libx264", (16, 16), "yuv420p"),
        ("mp4", "libx264", (640, 16), "yuv420p"),
        ("mp4", "libx265", (126, 94), "yuv420p"),
        ("mp4", "mpeg4", (127, 95), "yuv420p"),
        ("webm", "libvpx", (127, 95), "yuv420p"),
        ("webm", "libvpx-vp9", (127, 95), "yuv420p"),
        ("webm", "libvpx-vp9", (2, 2), "yuv420p"),
        ("mp4", "libsvtav1", (130, 66), "yuv420p"),
        ("avi", "mjpeg", (127, 95), "yuvj420p"),
        ("avi", "rawvideo", (127, 95), "bgr24"),
        ("avi", "ffv1", (127, 95), "yuv420p"),
        ("matroska", "ffv1", (33, 127), "yuv420p"),
        ("mov", "prores_ks", (126, 94), "yuv422p10le"),
        ("mov", "qtrle", (127, 95), "rgb24"),
        ("mpegts", "mpeg2video", (126, 94), "yuv420p"),
        ("flv", "flv", (126, 94), "yuv420p"),
        ("gif", "gif", (127, 95), "bgr8"),
        ("apng", "apng", (127, 95), "rgb24"),
        ("yuv4mpegpipe", "rawvideo", (127, 95), "yuv420p"),
        ("asf", "wmv2", (126, 94), "yuv420p"),
    ]
    aspect = Fraction(4, 3)
    of_sizes = [
        variant(f"{encoder} {size[0]}x{size[1]} in {muxer}", muxer, encoder, size=size, pix_fmt=pix_fmt)
        for muxer, encoder, size, pix_fmt in sizes
    ]
    turned = [
        variant(f"{encoder} turned by {degrees} in {muxer}", muxer, encoder, rotation=degrees)
        for muxer, encoder in pairs_in(_TURNED)
        for degrees in (90, 180, 270)
    ]
    anamorphic = [
        variant(f"{encoder} anamorphic in {muxer}", muxer, encoder, pixel_aspect=aspect)
        for muxer, encoder in pairs_in(_ANAMORPHIC)
    ]
    television = variant("mpeg2 of 16:9 in vob", "vob", "mpeg2video", size=(720, 576), count=12)
    both = variant("turned and anamorphic", "mp4", "libx264", pixel_aspect=aspect, rotation=90)
    return [*of_sizes, *turned, *anamorphic, replace(television, pixel_aspect=Fraction(64, 45)), both]
