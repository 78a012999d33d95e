"""Nominal rates, times of no rate, and few frames."""

from __future__ import annotations

import itertools
import random
from fractions import Fraction

from tests.core.campaign.layouts import Layout, pairs_in, variant


def _jittered(count: int, *, seed: int, step_ms: int = 40, jitter_ms: int = 18) -> tuple[int, ...]:
    rng = random.Random(seed)
    return tuple(number * step_ms + rng.randrange(jitter_ms) for number in range(count))


#: Frames per second.
_RATES = {
    "24000/1001": Fraction(24_000, 1001),
    "30000/1001": Fraction(30_000, 1001),
    "60": Fraction(60),
    "1": Fraction(1),
    "15/2": Fraction(15, 2),
    "240": Fraction(240),
}
_AT_RATES = (
    "libx264 in mp4, libx264 in matroska, libx264 in mpegts, mpeg4 in avi, libx264 in flv, mpeg2video in "
    "mxf, libvpx in webm, gif in gif, rawvideo in yuv4mpegpipe, libvpx in ogg, wmv2 in asf, libvpx in "
    "ivf, mpeg2video in mpeg"
)
#: Starts of 36 frames, milliseconds.
_TIMES_MS = {
    "jitter": _jittered(36, seed=1),
    "held frames": tuple(itertools.accumulate([0] + [40] * 10 + [5000] + [40] * 10 + [300, 20] * 7)),
    "slow start": tuple(itertools.accumulate([0, 2000, 1000] + [33] * 33)),
    "slides": tuple(range(0, 36 * 3000, 3000)),
    "one long last step": (*range(0, 35 * 40, 40), 8000),
    "time lapse": tuple(range(0, 36 * 900_000, 900_000)),
    "two rates": (*range(0, 18 * 16, 16), *range(18 * 16, 18 * 16 + 18 * 100, 100)),
    "starts late": tuple(10_000 + 40 * number for number in range(36)),
}
_AT_TIMES = (
    "libx264 in mp4, libx264 in mov, libsvtav1 in mp4, libx264 in matroska, libvpx-vp9 in webm, libvpx in "
    "webm, libx264 in mpegts, libx264 in flv, wmv2 in asf, apng in apng, gif in gif, libx264 in nut, "
    "libvpx in ivf"
)
_FEW = (
    "libx264 in mp4, libsvtav1 in mp4, libx265 in matroska, libvpx-vp9 in webm, mpeg4 in avi, libx264 in "
    "mpegts, mpeg2video in mpegts, libx264 in flv, prores_ks in mov, gif in gif, libvpx in ogg, wmv2 in "
    "asf, mpeg2video in mpeg"
)


def clocks() -> list[Layout]:
    """Nominal rates, and times of no rate."""
    at_rates = [
        variant(f"{encoder} at {name} Hz in {muxer}", muxer, encoder, rate=rate)
        for muxer, encoder in pairs_in(_AT_RATES)
        for name, rate in _RATES.items()
        if not (encoder in ("mpeg2video", "gif") and name in ("1", "15/2", "240"))
    ]
    at_times = [
        variant(f"{encoder} {name} in {muxer}", muxer, encoder, times_ms=(*times, 2 * times[-1] - times[-2]))
        for muxer, encoder in pairs_in(_AT_TIMES)
        for name, times in _TIMES_MS.items()
        # FFmpeg leaves half of the timestamps out of such an FLV, and GIF's steps end at 655 s.
        if not (muxer in ("flv", "gif") and name == "time lapse")
    ]
    return at_rates + at_times


def few_frames() -> list[Layout]:
    """One frame, two, three."""
    return [
        variant(f"{count} frames of {encoder} in {muxer}", muxer, encoder, count=count)
        for muxer, encoder in pairs_in(_FEW)
        for count in (1, 2, 3)
        if not (encoder == "gif" and count == 1)  # a still picture
    ]
