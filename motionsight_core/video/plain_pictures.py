"""Frames as pictures that every program shows alike: upright, square pixels, SDR, 8 bits, 4:2:0."""

from __future__ import annotations

import numpy as np
from av.video.frame import VideoFrame
from av.video.reformatter import ColorRange, Colorspace, Interpolation

from motionsight_core.video.pixels import Geometry, as_sdr, colour_matrix, plane

_FORMAT = "yuv420p"
_SCALER_THREADS = 1
_UNSPECIFIED, _SMPTE170M = 2, 6
#: Matrices that players know; pictures in any other one are converted to BT.709.
_PLAIN_MATRICES = frozenset({Colorspace.ITU709, Colorspace.ITU601, _SMPTE170M})


class PlainPictures:
    """Makes yuv420p pictures, limited range, of a video's frames, all of the first one's size and matrix.

    A side of odd length loses its last row or column, which 4:2:0 has no room for. What is plain already
    keeps its values.
    """

    def __init__(self, first: VideoFrame, geometry: Geometry) -> None:
        """`first`: its displayed size is that of all pictures."""
        self._shown = max(2, geometry.width), max(2, geometry.height)
        sdr = as_sdr(first, (2, 2))
        matrix = colour_matrix(sdr)
        if matrix == _UNSPECIFIED:
            matrix = _SMPTE170M
        self.matrix = matrix if matrix in _PLAIN_MATRICES else int(Colorspace.ITU709)
        """As `VideoFrame.colorspace`."""
        self.primaries: int = sdr.color_primaries
        self.transfer: int = sdr.color_trc

    @property
    def size(self) -> tuple[int, int]:
        """(width, height) in pixels, both even."""
        width, height = self._shown
        return width - width % 2, height - height % 2

    def of(self, frame: VideoFrame, geometry: Geometry) -> VideoFrame:
        """The picture of a frame: new, without the frame's type, its side data and its time."""
        coded = geometry.coded(self._shown)
        frame = self._plain(as_sdr(frame, coded), coded)
        width, height = geometry.coded(self.size)
        made = VideoFrame(*self.size, _FORMAT)
        for index, target in enumerate(made.planes):
            half = 1 if index else 0
            pixels = plane(frame, index)[: height >> half, : width >> half]
            rows = np.zeros((target.height, target.line_size), np.uint8)
            rows[:, : target.width] = geometry.upright(pixels)
            target.update(rows.tobytes())
        made.colorspace, made.color_range = self.matrix, ColorRange.MPEG
        made.color_primaries, made.color_trc = self.primaries, self.transfer
        return made

    def _plain(self, frame: VideoFrame, size: tuple[int, int]) -> VideoFrame:
        """The frame in our format and matrix, at a size (width, height), as coded."""
        matrix = colour_matrix(frame)
        same = frame.format.name == _FORMAT and (frame.width, frame.height) == size
        if same and frame.color_range != ColorRange.JPEG and matrix in (_UNSPECIFIED, self.matrix):
            return frame
        width, height = size
        return frame.reformat(
            width=width,
            height=height,
            format=_FORMAT,
            src_colorspace=matrix,
            dst_colorspace=self.matrix,
            dst_color_range=ColorRange.MPEG,
            interpolation=Interpolation.AREA,
            threads=_SCALER_THREADS,
        )
