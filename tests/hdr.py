"""HDR colours, frames and files, computed in float64 from the standards' formulas."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
from numpy.typing import NDArray

from tests.videos import scheduling_kept

BT709, BT2020, P3 = 1, 9, 12
PQ, HLG, SDR_10 = 16, 18, 14
Pixels = NDArray[np.float64]

# ITU-R BT.2087 and BT.2407: linear RGB to linear RGB.
TO_BT2020 = np.array([[0.6274, 0.3293, 0.0433], [0.0691, 0.9195, 0.0114], [0.0164, 0.0880, 0.8956]])
TO_BT709 = np.linalg.inv(TO_BT2020)
LUMINANCE = np.array([0.2627, 0.6780, 0.0593])


def pq(light: Pixels) -> Pixels:
    """PQ codes, 0 to 1, of light [..., 3] in cd/m2 (ITU-R BT.2100, table 4)."""
    powers = (light / 10_000) ** 0.1593017578125
    return ((0.8359375 + 18.8515625 * powers) / (1 + 18.6875 * powers)) ** 78.84375


def hlg(light: Pixels) -> Pixels:
    """HLG codes, 0 to 1, of light [..., 3] on a display of 1,000 cd/m2 (ITU-R BT.2100, table 5)."""
    light = light / 1_000
    luminance = (light @ LUMINANCE)[..., None]
    scene = light * np.where(luminance > 0, luminance, 1) ** (1 / 1.2 - 1)
    logarithmic = 0.17883277 * np.log(np.maximum(12 * scene - 0.28466892, 1e-9)) + 0.55991073
    return np.where(scene <= 1 / 12, np.sqrt(3 * scene), logarithmic)


ENCODE = {PQ: pq, HLG: hlg}


def as_seen(light: Pixels) -> Pixels:
    """What a picture should show, 0 to 255, of light [..., 3] in cd/m2 in BT.2020 primaries."""
    relative = light / 203
    peak = (10_000 / 203 - 0.5) / 0.5
    above = np.maximum(relative - 0.5, 0) / 0.5
    mapped = np.where(relative <= 0.5, relative, 0.5 + 0.5 * above * (1 + above / peak**2) / (1 + above))
    return srgb(np.clip(mapped @ TO_BT709.T, 0, 1))


def srgb(light: Pixels) -> Pixels:
    """sRGB codes, 0 to 255, of linear light."""
    return 255 * np.where(light <= 0.0031308, 12.92 * light, 1.055 * light ** (1 / 2.4) - 0.055)


@dataclass(frozen=True)
class Tags:
    """What a video says of its colours."""

    transfer: int
    primaries: int = BT2020
    matrix: int = 9

    def write(self, target: Any) -> None:
        """Set them on a frame or a codec context."""
        target.color_trc, target.color_primaries = self.transfer, self.primaries
        target.colorspace, target.color_range = self.matrix, 1


def frame_of(codes: Pixels, tags: Tags, *, pix_fmt: str = "yuv444p10le") -> av.VideoFrame:
    """A limited-range YUV frame of R'G'B' codes [h, w, 3], 0 to 1, through the matrix of BT.2020."""
    luma = codes @ LUMINANCE
    blue, red = (codes[..., 2] - luma) / 1.8814, (codes[..., 0] - luma) / 1.4746
    made = av.VideoFrame(codes.shape[1], codes.shape[0], pix_fmt)
    bits = made.format.components[0].bits
    unit = 2 ** (bits - 8)
    for target, values in zip(made.planes, (16 + 219 * luma, 128 + 224 * blue, 128 + 224 * red), strict=True):
        across, down = codes.shape[1] // target.width, codes.shape[0] // target.height
        shares = values.reshape(target.height, down, target.width, across).mean(axis=(1, 3))
        rows = np.zeros(
            (target.height, target.line_size // (2 if bits > 8 else 1)), "<u2" if bits > 8 else "u1"
        )
        rows[:, : target.width] = np.rint(shares * unit)
        target.update(rows.tobytes())
    tags.write(made)
    return made


def write_hdr(
    path: Path,
    pictures: Sequence[Pixels],
    tags: Tags,
    *,
    codec: str = "libx265",
    pix_fmt: str = "yuv420p10le",
    options: dict[str, str] | None = None,
) -> Path:
    """A video of 25 frames/s of R'G'B' codes [h, w, 3], 0 to 1."""
    container: Any = av.open(str(path), "w")
    with scheduling_kept(), container:
        stream = container.add_stream(codec, rate=25, options=options or {})
        stream.height, stream.width = pictures[0].shape[:2]
        stream.pix_fmt = pix_fmt
        stream.codec_context.thread_count = 1
        tags.write(stream.codec_context)
        for number, codes in enumerate(pictures):
            frame = frame_of(codes, tags, pix_fmt=pix_fmt)
            frame.pts, frame.time_base = number, Fraction(1, 25)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


def patches(*light: Sequence[float], size: int = 32, height: int = 64) -> Pixels:
    """A picture [height, size * n, 3] of upright patches, one of each light [3]."""
    return np.repeat(np.repeat(np.array(light)[None], size, axis=1), height, axis=0)
