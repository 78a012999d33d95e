"""From a decoder's frame to upright pictures: RGB for models and people, luma for the measurement.

Rotation, mirroring and pixel aspect are applied here and nowhere else; colour matrix and range are
those that the video declares. HDR and BT.2020 become SDR in BT.709 where pictures are made (`to_rgb`,
`as_sdr`); luma is measured as it is coded.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache

import cv2
import numpy as np
from av.sidedata.sidedata import Type as SideDataType
from av.video.frame import VideoFrame
from av.video.reformatter import ColorPrimaries, ColorRange, Colorspace, ColorTrc, Interpolation
from numpy.typing import NDArray

from motionsight_core.video.tone_mapping import tone_map

# FFmpeg's scaler would start a pool of threads for each frame, which lives until the frame is collected:
# hundreds of them, and their stacks count as memory. The decoding processes keep the cores busy already.
_SCALER_THREADS = 1
_RGB, _UNSPECIFIED, _SMPTE170M = 0, 2, 6
# swscale converts from these matrices, and refuses a frame that declares another one.
_KNOWN_MATRICES = frozenset({_RGB, _UNSPECIFIED, _SMPTE170M, *Colorspace})
# The tone curve doubles what swscale's fast rounding is wrong by, 2 levels of 255.
_ACCURATE_AREA = Interpolation.AREA | Interpolation.ACCURATE_RND
_COLOURS = 3
# Planar 8-bit YUV: plane 0 is the luma, and planes can be blended as they are.
PLANAR_8_BIT = frozenset(
    f"yuv{j}{subsampling}p" for j in ("", "j") for subsampling in ("410", "411", "420", "422", "440", "444")
)


def within(width: int, height: int, max_pixels: int) -> tuple[int, int]:
    """The size (width, height) of the same shape with at most `max_pixels`, never enlarged."""
    scale = min(1.0, (max_pixels / (width * height)) ** 0.5)
    return max(1, int(width * scale)), max(1, int(height * scale))


@dataclass(frozen=True, slots=True)
class Geometry:
    """How coded frames become displayed ones."""

    width: int
    """Displayed width, pixels: rotation and pixel aspect applied."""
    height: int
    """Displayed height, pixels."""
    transpose: bool
    """Swap rows and columns, before the flips."""
    flip_x: bool
    flip_y: bool

    def within(self, max_pixels: int) -> tuple[int, int]:
        """Displayed size (width, height) of at most `max_pixels`, same shape, never enlarged."""
        return within(self.width, self.height, max_pixels)

    def upright(self, image: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """A coded-orientation image [h, w, ...] as displayed: a view of it."""
        if self.transpose:
            image = image.swapaxes(0, 1)
        if self.flip_x:
            image = image[:, ::-1]
        return image[::-1] if self.flip_y else image

    def coded(self, size: tuple[int, int]) -> tuple[int, int]:
        """A displayed size (width, height) in coded orientation."""
        return (size[1], size[0]) if self.transpose else size


def geometry_of(frame: VideoFrame, sample_aspect_ratio: Fraction | None) -> Geometry:
    """The geometry that a frame's display matrix and the stream's pixel aspect ask for."""
    width, height = _displayed_width(frame.width, sample_aspect_ratio), frame.height
    a, b, c, d = _display_matrix(frame)
    if abs(b) > abs(a):  # x of the display comes from y of the frame
        return Geometry(height, width, transpose=True, flip_x=c < 0, flip_y=b < 0)
    return Geometry(width, height, transpose=False, flip_x=a < 0, flip_y=d < 0)


@lru_cache
def _displayed_width(width: int, sample_aspect_ratio: Fraction | None) -> int:
    """Of so many pixels, in square ones. Kept, since exact fractions take as long as all else of a frame's
    geometry."""
    aspect = sample_aspect_ratio or Fraction(1)
    # Aspects beyond 4 are damaged headers, not anamorphic video.
    return max(1, round(width * aspect)) if Fraction(1, 4) <= aspect <= 4 else width


def _unnamed_side_data(kind: type[SideDataType], value: object) -> SideDataType:
    """A member without a name for a type of side data that PyAV does not know.

    PyAV reads all side data of a frame to find one, and gives up at the first type that is newer than its
    list (29, EXIF; the views of spatial video), although it was not asked for.
    """
    member = object.__new__(kind)
    member._name_, member._value_ = f"UNKNOWN_{value}", value
    return member


SideDataType._missing_ = classmethod(_unnamed_side_data)  # pyrefly: ignore[bad-assignment]


def _display_matrix(frame: VideoFrame) -> tuple[int, int, int, int]:
    """The 2x2 part of the display matrix (ISO/IEC 14496-12, 6.2.2): x' = ax + cy, y' = bx + dy."""
    if "DISPLAYMATRIX" not in frame.side_data:
        return 1, 0, 0, 1
    # pyrefly: ignore[bad-argument-type] after `in`, it takes the value for an object
    a, b, _, c, d = struct.unpack("=5i", bytes(frame.side_data["DISPLAYMATRIX"])[:20])
    return a, b, c, d


def to_rgb(frame: VideoFrame, geometry: Geometry, *, max_pixels: int) -> NDArray[np.uint8]:
    """RGB [H, W, 3] as displayed, of at most `max_pixels`; a view that is good until it is copied.

    HDR is tone-mapped and BT.2020 converted, so the colours are those of SDR video in BT.709.
    """
    return geometry.upright(_rgb(frame, geometry.coded(geometry.within(max_pixels))))


def as_sdr(frame: VideoFrame, size: tuple[int, int]) -> VideoFrame:
    """An HDR or BT.2020 frame as SDR in BT.709, in yuv444p; any other frame comes back as it is.

    Frames are converted before they are blended: a mean of PQ codes would be far darker than that of the
    pictures.

    Args:
        size: (width, height) of a converted frame, in coded orientation.
    """
    if tone_map(frame.color_trc, frame.color_primaries) is None:
        return frame
    picture = VideoFrame.from_ndarray(_rgb(frame, size), "rgb24")
    made = picture.reformat(
        format="yuv444p",
        dst_colorspace=Colorspace.ITU709,
        dst_color_range=ColorRange.JPEG,
        threads=_SCALER_THREADS,
    )
    made.color_trc, made.color_primaries = ColorTrc.BT709, ColorPrimaries.BT709
    return made


def _rgb(frame: VideoFrame, size: tuple[int, int]) -> NDArray[np.uint8]:
    """SDR RGB [h, w, 3] as coded, of `size` (width, height)."""
    width, height = size
    mapped = tone_map(frame.color_trc, frame.color_primaries)
    picture = frame.reformat(
        width=width,
        height=height,
        format="rgb24" if mapped is None else "rgb48le",
        interpolation=Interpolation.AREA if mapped is None else _ACCURATE_AREA,
        src_colorspace=colour_matrix(frame),
        threads=_SCALER_THREADS,
    )
    source = picture.planes[0]
    rows = np.frombuffer(memoryview(source), np.uint8).reshape(height, source.line_size)
    if mapped is None:
        return rows[:, : 3 * width].reshape(height, width, 3)
    return mapped(rows[:, : 6 * width].view("<u2").reshape(height, width, 3))


def colour_matrix(frame: VideoFrame) -> int:
    """The matrix to convert a frame's colours with.

    Where the video does not say, or names one that swscale does not know: BT.2020 for HDR and wide gamut,
    BT.709 for other high definition, BT.601 else.
    """
    matrix = frame.colorspace
    if matrix in _KNOWN_MATRICES and matrix != _UNSPECIFIED:
        return matrix
    wide = tone_map(frame.color_trc, frame.color_primaries) is not None
    if wide and frame.color_primaries != ColorPrimaries.BT709:
        return Colorspace.BT2020
    if frame.width >= 1280 or frame.height > 576:
        return Colorspace.ITU709
    return matrix if matrix == _UNSPECIFIED else Colorspace.ITU601


def reformatted(
    frame: VideoFrame,
    format: str,
    *,
    size: tuple[int, int] | None = None,
    interpolation: Interpolation = Interpolation.BILINEAR,
) -> VideoFrame:
    """The frame in another pixel format and of `size` (width, height), whatever matrix it declares."""
    width, height = size or (frame.width, frame.height)
    matrix = None if frame.colorspace in _KNOWN_MATRICES else colour_matrix(frame)
    return frame.reformat(
        width=width,
        height=height,
        format=format,
        interpolation=interpolation,
        src_colorspace=matrix,
        dst_colorspace=matrix,
        threads=_SCALER_THREADS,
    )


def luma_size(geometry: Geometry, *, width: int) -> tuple[int, int]:
    """Size (width, height) of a video's luma: square pixels, `width` wide, or as wide as the video."""
    shown_width = min(width, geometry.width)
    return shown_width, max(1, round(shown_width * geometry.height / geometry.width))


def chroma_size(size: tuple[int, int]) -> tuple[int, int]:
    """Size (width, height) of the chroma that goes with luma of `size`."""
    return max(1, size[0] // 2), max(1, size[1] // 2)


def to_luma(frame: VideoFrame, geometry: Geometry, *, size: tuple[int, int]) -> NDArray[np.uint8]:
    """Luma [h, w] as displayed, of `size` (width, height)."""
    size = geometry.coded(size)
    if frame.format.name in PLANAR_8_BIT:
        luma = resized(plane(frame, 0), size)
    else:
        luma = reformatted(frame, "gray", size=size, interpolation=Interpolation.AREA).to_ndarray()
    return np.ascontiguousarray(geometry.upright(np.asarray(luma, np.uint8)))


def to_chroma(frame: VideoFrame, geometry: Geometry, *, size: tuple[int, int]) -> NDArray[np.uint8] | None:
    """Cb and Cr [h, w, 2] as displayed, of `size` (width, height); None of a frame without colours."""
    size = geometry.coded(size)
    if frame.format.name not in PLANAR_8_BIT:
        if len(frame.format.components) < _COLOURS and not frame.format.has_palette:
            return None
        # Planes of chroma are half as large as the frame.
        width, height = size
        frame = reformatted(frame, "yuv420p", size=(2 * width, 2 * height), interpolation=Interpolation.AREA)
    planes = [resized(plane(frame, index), size) for index in (1, 2)]
    return np.ascontiguousarray(geometry.upright(np.asarray(cv2.merge(planes), np.uint8)))


def to_small_bgr(frame: VideoFrame, *, size: tuple[int, int]) -> NDArray[np.uint8]:
    """BGR [h, w, 3] of `size` (width, height), as coded: for comparing frames, not for showing them."""
    if frame.format.name in PLANAR_8_BIT:
        # Not by area, which would look at each pixel of each frame.
        planes = [cv2.resize(plane(frame, index), size, interpolation=cv2.INTER_LINEAR) for index in range(3)]
        return np.asarray(cv2.cvtColor(cv2.merge(planes), cv2.COLOR_YUV2BGR), np.uint8)
    small = reformatted(frame, "bgr24", size=size)
    return np.asarray(small.to_ndarray(), np.uint8)


def halved(frame: VideoFrame, least: tuple[int, int]) -> VideoFrame:
    """The frame as SDR in planar YUV of 8 bits, halved as often as leaves it `least` (width, height) in size.

    Halving is the cheap part of making a frame small; the same frame comes back where there is none.
    """
    frame = as_sdr(frame, least)
    if frame.format.name not in PLANAR_8_BIT:
        frame = reformatted(frame, "yuv444p")
    sizes = [(source.width, source.height) for source in frame.planes]
    halvings = 0
    while (
        frame.width >> halvings + 1 >= least[0]
        and frame.height >> halvings + 1 >= least[1]
        and all(side % (2 << halvings) == 0 for size in sizes for side in size)
    ):
        halvings += 1
    if halvings == 0:
        return frame
    planes = [
        resized(plane(frame, index), (width >> halvings, height >> halvings))
        for index, (width, height) in enumerate(sizes)
    ]
    return frame_of_planes(planes, format=frame.format.name, like=frame)


def shrunk(frame: VideoFrame, size: tuple[int, int]) -> VideoFrame:
    """The frame as SDR in yuv444p, of `size` (width, height): little to keep, and quickly made.

    Its colours are converted when it is shown, by `to_rgb`.
    """
    frame = as_sdr(frame, size)
    if frame.format.name not in PLANAR_8_BIT:
        return reformatted(frame, "yuv444p", size=size, interpolation=Interpolation.AREA)
    planes = [_shrunk(plane(frame, index), size) for index in range(3)]
    # The "yuvj" formats are the same with a full range, which they say in their names.
    return frame_of_planes(planes, format=f"yuv{'j' * ('j' in frame.format.name)}444p", like=frame)


def _shrunk(pixels: NDArray[np.uint8], size: tuple[int, int]) -> NDArray[np.uint8]:
    """A plane [h, w] at `size`: halved by area as often as it can be, and the rest linearly."""
    height, width = pixels.shape
    while width % 2 == height % 2 == 0 and width >= 2 * size[0] and height >= 2 * size[1]:
        width, height = width // 2, height // 2
        pixels = np.asarray(cv2.resize(pixels, (width, height), interpolation=cv2.INTER_AREA), np.uint8)
    return np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_LINEAR), np.uint8)


def frame_of_planes(planes: Sequence[NDArray[np.uint8]], *, format: str, like: VideoFrame) -> VideoFrame:
    """A frame of these planes [h, w] in the colours of another.

    Args:
        format: planar YUV of 8 bits, as is that of `like`.
    """
    height, width = planes[0].shape
    made = VideoFrame(width, height, format)
    for pixels, target in zip(planes, made.planes, strict=True):
        padding = target.line_size - target.width
        rows = np.pad(pixels, ((0, 0), (0, padding))) if padding else np.ascontiguousarray(pixels)
        target.update(rows)  # pyrefly: ignore[bad-argument-type] anything with a buffer
    made.colorspace = colour_matrix(like)
    # The "yuvj" formats say in their name that their range is full.
    made.color_range = ColorRange.JPEG if like.format.name.startswith("yuvj") else like.color_range
    made.color_trc, made.color_primaries = like.color_trc, like.color_primaries
    return made


def plane(frame: VideoFrame, index: int) -> NDArray[np.uint8]:
    """One 8-bit plane [h, w] of a frame, a view of the frame's own memory."""
    source = frame.planes[index]
    rows = np.frombuffer(memoryview(source), np.uint8).reshape(source.height, source.line_size)
    return rows[:, : source.width]


def reduced(pixels: NDArray[np.uint8], *, max_pixels: int) -> NDArray[np.uint8]:
    """Frames [T, H, W, 3] of at most `max_pixels` each; the same array where they are."""
    count, height, width, channels = pixels.shape
    size = within(width, height, max_pixels)
    if size == (width, height):
        return pixels
    small = np.empty((count, size[1], size[0], channels), np.uint8)
    for source, target in zip(pixels, small, strict=True):
        target[:] = resized(source, size)
    return small


def resized(image: NDArray[np.uint8], size: tuple[int, int]) -> NDArray[np.uint8]:
    """An image [h, w] or [h, w, 3] at `size` (width, height), by area where it shrinks.

    Halving by area is many times faster than an uneven step, so as many of these as fit come first.
    """
    height, width = image.shape[:2]
    while width % 2 == height % 2 == 0 and width >= 2 * size[0] and height >= 2 * size[1]:
        width, height = width // 2, height // 2
        image = np.asarray(cv2.resize(image, (width, height), interpolation=cv2.INTER_AREA), np.uint8)
    method = cv2.INTER_AREA if height > size[1] else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(image, size, interpolation=method), np.uint8)
