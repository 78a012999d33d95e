"""HDR and wide-gamut video as standard dynamic range: what models and people see of it.

Coded values become linear light, pass a tone curve, are converted to BT.709 primaries, and are encoded as
sRGB. The first two steps and the last one are look-up tables over 16 bits, the one between them is a matrix.

The curve is fixed: mastering metadata is often missing or wrong, and stands only in some of a video's frames,
so the same moment would look different in a clip that begins elsewhere.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TypeAlias

import cv2
import numpy as np
from av.video.reformatter import ColorPrimaries, ColorTrc
from numpy.typing import NDArray

Light: TypeAlias = NDArray[np.float64]
"""Linear light, any shape; 1 is diffuse white."""

_Chromaticities: TypeAlias = tuple[tuple[float, float], tuple[float, float], tuple[float, float]]
"""xy of red, green and blue."""

_MAX = 65_535
_SWSCALE_WHITE = 65_283
"""What swscale makes of the highest code of YUV video in RGB of 16 bits."""
_WHITE = 203.0
"""Diffuse white of HDR video (ITU-R BT.2408), cd/m2."""
_PQ_PEAK = 10_000.0
"""The brightest that PQ can code, cd/m2."""
_HLG_PEAK, _HLG_GAMMA = 1_000.0, 1.2
"""The nominal display of HLG (ITU-R BT.2100): peak in cd/m2, and its system gamma."""
_KNEE = 0.5
"""Light up to here keeps its value; what is brighter shares the rest of the range."""

_WHITE_POINT = (0.3127, 0.3290)
_BT709 = ((0.640, 0.330), (0.300, 0.600), (0.150, 0.060))
_BT2020 = ((0.708, 0.292), (0.170, 0.797), (0.131, 0.046))
_P3 = ((0.680, 0.320), (0.265, 0.690), (0.150, 0.060))
_HDR_PRIMARIES: dict[int, _Chromaticities] = {
    ColorPrimaries.UNSPECIFIED: _BT2020,
    ColorPrimaries.BT2020: _BT2020,
    ColorPrimaries.SMPTE431: _P3,
    ColorPrimaries.SMPTE432: _P3,
}
# Close enough to one another, and to sRGB, for a change of primaries.
_SDR_TRANSFERS = frozenset(
    {ColorTrc.BT709, ColorTrc.SMPTE170M, ColorTrc.IEC61966_2_1, ColorTrc.BT2020_10, ColorTrc.BT2020_12}
)


class ToneMap:
    """The conversion from one kind of coded RGB to sRGB. It keeps neutral colours neutral.

    Args:
        transfer: `ColorTrc.SMPTE2084` (PQ), `ColorTrc.ARIB_STD_B67` (HLG), or an SDR transfer characteristic.
        primaries: those of the coded RGB.
    """

    def __init__(self, transfer: int, primaries: _Chromaticities) -> None:
        codes = np.minimum(np.arange(_MAX + 1) / _SWSCALE_WHITE, 1.0)
        shares = np.linspace(0.0, 1.0, _MAX + 1)
        to_xyz = _rgb_to_xyz(primaries)
        self._to_bt709 = (np.linalg.inv(_rgb_to_xyz(_BT709)) @ to_xyz).astype(np.float32)
        self._luminance = to_xyz[1:2].astype(np.float32)
        self._scene_light: NDArray[np.float32] | None = None
        if transfer == ColorTrc.ARIB_STD_B67:
            self._scene_light = hlg_scene_light(codes).astype(np.float32)
            light = tone_curve(shares * (_HLG_PEAK / _WHITE))
        elif transfer == ColorTrc.SMPTE2084:
            light = tone_curve(pq_display_light(codes) / _WHITE)
        else:
            light = srgb_light(codes)
        self._mapped_light = np.rint(light * _MAX).astype(np.uint16)
        self._encoded = np.rint(srgb_code(shares) * 255).astype(np.uint8)

    def __call__(self, coded: NDArray[np.uint16]) -> NDArray[np.uint8]:
        """swscale's RGB [h, w, 3] of 16 bits as sRGB [h, w, 3]; colours outside of BT.709 are clipped."""
        if self._scene_light is not None:
            coded = self._display_light(cv2.LUT(coded, self._scene_light))
        # Integers saturate in every step: a colour that BT.709 lacks has a component below 0.
        light = cv2.transform(cv2.LUT(coded, self._mapped_light), self._to_bt709)
        return np.asarray(cv2.LUT(light, self._encoded), np.uint8)

    def _display_light(self, scene_light: cv2.typing.MatLike) -> NDArray[np.uint16]:
        """HLG's OOTF: the display's light [h, w, 3], of which 65,535 is its peak."""
        gain = cv2.pow(cv2.transform(scene_light, self._luminance), _HLG_GAMMA - 1)
        gains = cv2.cvtColor(gain, cv2.COLOR_GRAY2BGR)
        return np.asarray(cv2.multiply(scene_light, gains, scale=_MAX, dtype=cv2.CV_16U), np.uint16)


def tone_map(transfer: int, primaries: int) -> ToneMap | None:
    """How video with these tags becomes SDR in BT.709; None for what is shown as it is coded.

    Args:
        transfer: as `VideoFrame.color_trc`.
        primaries: as `VideoFrame.color_primaries`; where HDR video does not say, they are BT.2020.
    """
    if transfer in (ColorTrc.SMPTE2084, ColorTrc.ARIB_STD_B67):
        return _tone_map(transfer, _HDR_PRIMARIES.get(primaries, _BT709))
    if transfer in _SDR_TRANSFERS and primaries == ColorPrimaries.BT2020:
        return _tone_map(ColorTrc.BT709, _BT2020)
    return None


_tone_map = lru_cache(ToneMap)


def tone_curve(light: Light) -> Light:
    """Light of HDR video, diffuse white at 1, within 0 to 1.

    Identity up to the knee, then Reinhard's curve with a white point, which meets it with the same slope
    and reaches 1 at PQ's peak: diffuse white comes to .75, 1,000 cd/m2 to .95.
    """
    room = 1 - _KNEE
    above = np.maximum(light - _KNEE, 0) / room
    white = (_PQ_PEAK / _WHITE - _KNEE) / room
    return np.minimum(light, _KNEE) + room * above * (1 + above / white**2) / (1 + above)


def pq_display_light(codes: NDArray[np.float64]) -> NDArray[np.float64]:
    """PQ's EOTF (SMPTE ST 2084): light in cd/m2 of codes within 0 to 1."""
    m1, m2 = 2610 / 16384, 2523 / 4096 * 128
    c1, c2, c3 = 3424 / 4096, 2413 / 4096 * 32, 2392 / 4096 * 32
    powers = codes ** (1 / m2)
    return _PQ_PEAK * (np.maximum(powers - c1, 0) / (c2 - c3 * powers)) ** (1 / m1)


def hlg_scene_light(codes: NDArray[np.float64]) -> NDArray[np.float64]:
    """HLG's inverse OETF (ARIB STD-B67): the scene's light, 0 to 1, of codes within 0 to 1."""
    a, b, c = 0.17883277, 0.28466892, 0.55991073
    return np.where(codes <= 0.5, codes**2 / 3, (np.exp((codes - c) / a) + b) / 12)


def srgb_light(codes: NDArray[np.float64]) -> Light:
    """Linear light of sRGB codes within 0 to 1 (IEC 61966-2-1)."""
    return np.where(codes <= 0.04045, codes / 12.92, ((codes + 0.055) / 1.055) ** 2.4)


def srgb_code(light: Light) -> NDArray[np.float64]:
    """sRGB codes, 0 to 1, of linear light within 0 to 1 (IEC 61966-2-1)."""
    return np.where(light <= 0.0031308, 12.92 * light, 1.055 * light ** (1 / 2.4) - 0.055)


def _rgb_to_xyz(primaries: _Chromaticities) -> NDArray[np.float64]:
    """[3, 3] CIE XYZ of linear RGB whose white is D65."""
    # DCI-P3's own white is another one; taking D65 for it keeps its greys grey.
    red, green, blue, white = (np.array([x / y, 1.0, (1 - x - y) / y]) for x, y in (*primaries, _WHITE_POINT))
    columns = np.stack([red, green, blue], axis=1)
    return columns * np.linalg.solve(columns, white)
