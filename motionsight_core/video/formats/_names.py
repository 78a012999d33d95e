"""Names: which of them are taken for videos when a whole directory or prefix is listed."""

from __future__ import annotations

_SUFFIXES = """
    .360 .3g2 .3gp .3gp2 .3gpp .f4v .insv .ismv .lrv .m4v .mj2 .mov .mp4 .mqv .qt
    .amv .asf .avi .divx .dvr-ms .flv .mk3d .mkv .nut .ogm .ogv .ogx .rm .rmvb .webm .wmv .wtv
    .m2t .m2ts .mts .tod .tp .trp .ts .tts
    .evo .m1v .m2p .m2v .mp2v .mpe .mpeg .mpg .mpv .vob .vro
    .dif .dv .gxf .ivf .mxf .y4m
    .apng .avif .avifs .gif .heics .heifs .mjpeg .mjpg
    .264 .265 .266 .av1 .avc .dav .h264 .h265 .h266 .hevc .mp4v .obu .vvc
"""
#: Suffixes of the containers and raw streams that are read, in lower case. Not those that mostly belong to
#: something else, such as .webp, .png and .heic (still pictures) or .dat.
VIDEO_SUFFIXES = frozenset(_SUFFIXES.split())
#: A longer ending is part of a name, not its suffix.
_LONGEST_SUFFIX = 12


def is_hidden(name: str) -> bool:
    """Whether the last part of an object's name begins with a dot, or is empty: a folder's placeholder."""
    last = name.rpartition("/")[2]
    return not last or last.startswith(".")


def is_video_name(name: str) -> bool:
    """Whether an object's name, which may hold folders, is that of a video and not hidden."""
    return not is_hidden(name) and suffix_of(name) in VIDEO_SUFFIXES


def suffix_of(name: str) -> str:
    """The suffix of an object's name in lower case, with its dot; empty where it has none."""
    # Not pathlib, which puts each name into Python's table of interned strings.
    stem, _, ending = name.rpartition("/")[2].rpartition(".")
    return f".{ending.lower()}" if stem and 0 < len(ending) < _LONGEST_SUFFIX else ""
