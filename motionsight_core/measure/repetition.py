"""Motion that repeats: how often a track swings, bounces or is struck, and how long each time takes.

A signal of the track (where its box is, or the principal components of the pixels inside it) repeats when its
autocorrelation has a clear peak and its turns come at even intervals. The count is that of the turns, so that
a motion that slows down is counted right as well. Periodicity of the pixels' likeness over time is after
Cutler and Davis, "Robust real-time periodic motion detection" (PAMI 2000).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from scipy import fft
from scipy.ndimage import gaussian_filter1d

from motionsight_core.measure.peaks import peaks_of
from motionsight_core.measure.thumbnails import Thumbnails
from motionsight_core.record import ObjectTrack, Repetition

Floats = NDArray[np.float64]

#: Times that something must happen to be a repetition.
LEAST_COUNT = 3
#: Shortest period, seconds: at ten frames a second three frames are the least that show a turn.
SHORTEST_S = 0.3
#: Autocorrelation, as a peak over the lags, from which on a lag may be a period.
LEAST_CORRELATION = 0.25
#: Likeness and evenness of the times together from which on they are a repetition; the fewest times must be
#: evener, since three turns of something else look even by chance.
LEAST_EVENNESS, EVENNESS_OF_FEWEST = 0.55, 0.7
#: Most deviation of the intervals between turns, over their mean.
MOST_IRREGULARITY = 0.3
#: Rise of a turn over what is beside it, share of the signal's usual swing.
LEAST_PROMINENCE = 0.4
#: Least swing of a position, sides of the frame ...
LEAST_SWING = 0.012
#: ... and of the track's own size.
LEAST_SWING_OF_SIZE = 0.08
#: ... and of the pixels in it, root mean square luma levels.
LEAST_LEVELS = 2.0
#: A track whose ends lie nearer than this share of its size stays: its place is looked at so much longer ...
STAYING = 1.0
AROUND_S = 2.0
#: ... and what repeats there is the track's where it is there for this share of that time.
LEAST_COMMON = 0.6
#: Share of the track's time that the repetition must last.
LEAST_SHARE = 0.4


@dataclass(frozen=True, slots=True)
class Cycles:
    """A signal's repetition."""

    count: int
    """Whole times that it happens."""
    period_s: float
    """Median time of one."""
    start_s: float
    end_s: float
    evenness: float
    """0 to 1: autocorrelation at the period, less where the intervals differ."""


def repetitions_of(
    tracks: Sequence[ObjectTrack], thumbnails: Thumbnails, *, bounds: Sequence[float], step_s: float
) -> tuple[Repetition, ...]:
    """Of those tracks whose motion repeats.

    Args:
        tracks: of one clip.
        thumbnails: of its frames.
        bounds: the clip's start, its cuts and its end, source seconds.
        step_s: distance of the frames.
    """
    found = [
        (track.track_id, _cycles(track, thumbnails, shot, step_s))
        for track in tracks
        for shot in pairwise(bounds)
        if shot[0] <= track.boxes[0].t_s < shot[1]
    ]
    return tuple(
        Repetition(track_id, cycles.count, cycles.period_s, cycles.start_s, cycles.end_s, cycles.evenness)
        for track_id, cycles in found
        if cycles is not None
    )


def _cycles(
    track: ObjectTrack, thumbnails: Thumbnails, shot: tuple[float, float], step_s: float
) -> Cycles | None:
    """The evenest of what a track's box and the pixels in it do."""
    t_s = np.array([box.t_s for box in track.boxes])
    boxes = np.array([(box.x0, box.y0, box.x1, box.y1) for box in track.boxes])
    size = np.median(boxes[:, 2:] - boxes[:, :2], axis=0)
    centres = (boxes[:, :2] + boxes[:, 2:]) / 2
    stays = bool((np.abs(centres[-1] - centres[0]) < STAYING * size).all())
    start_s, end_s = track.start_s, track.end_s + step_s / 2
    if stays:
        # It may have rested, or been lost, before and after.
        start_s, end_s = max(shot[0], start_s - AROUND_S), min(shot[1], end_s + AROUND_S)
    shown_s, signals = thumbnails.components(t_s, boxes, start_s=start_s, end_s=end_s)
    found = [cycles_of(shown_s, signal, step_s=step_s, least_swing=LEAST_LEVELS) for signal in signals]
    for side, values in enumerate(centres.T):
        swing = max(LEAST_SWING, LEAST_SWING_OF_SIZE * float(size[side]))
        found.append(cycles_of(t_s, values, step_s=step_s, least_swing=swing))
    of_track = [cycles for cycles in found if cycles is not None and _shares(cycles, track)]
    return max(of_track, key=lambda cycles: cycles.evenness, default=None)


def _shares(cycles: Cycles, track: ObjectTrack) -> bool:
    """Whether the track is there for most of the repetition: what it has come to may repeat without it."""
    common_s = min(cycles.end_s, track.end_s) - max(cycles.start_s, track.start_s)
    return common_s >= LEAST_COMMON * (cycles.end_s - cycles.start_s)


def cycles_of(t_s: Floats, values: Floats, *, step_s: float, least_swing: float) -> Cycles | None:
    """How a signal repeats; None where it does not.

    Args:
        t_s: times [N], seconds, increasing.
        values: the signal [N].
        step_s: distance of the times where none is missing, seconds.
        least_swing: what it must swing from turn to turn, in its own unit.
    """
    duration_s = float(t_s[-1] - t_s[0]) if len(t_s) else 0.0
    if duration_s < LEAST_COUNT * SHORTEST_S:
        return None
    even_s = np.arange(t_s[0], t_s[-1] + step_s / 2, step_s)
    # A jump, such as at the beginning of a track, would hide the rest.
    signal = np.clip(np.interp(even_s, t_s, values), *np.percentile(values, (3, 97)))
    lag = _period(signal, step_s)
    if lag is None:
        return None
    # What is slower than the period is no part of it, what is much quicker is noise.
    calm, slow = (gaussian_filter1d(signal, sigma, mode="nearest") for sigma in (lag / 10, lag))
    wave = calm - slow
    swing = float(np.ptp(np.percentile(wave, (10, 90))))
    if swing < least_swing:
        return None
    turns = [_peaks(side * wave, lag, swing) for side in (1, -1)]
    times = max(turns, key=len)
    if len(times) < LEAST_COUNT - 1:
        return None
    intervals = np.diff(times)
    irregularity = float(np.std(intervals) / np.mean(intervals))
    if irregularity > MOST_IRREGULARITY:
        return None
    period, ends = float(np.median(intervals)), np.sort(np.concatenate(turns))[[0, -1]]
    # Before the first turn and after the last one it goes on for half a time at most.
    before, after = (min(period / 2, float(rest)) for rest in (ends[0], len(wave) - 1 - ends[1]))
    halves = len(turns[0]) + len(turns[1]) - 1
    count = round(halves / 2 + (before + after) / period)
    first, last = ends[0] - before, ends[1] + after
    if count < LEAST_COUNT or last - first < LEAST_SHARE * (len(wave) - 1):
        return None
    # What is at rest before and after is not unlike itself.
    correlation = _correlation(wave[int(first) : int(last) + 2], lag)
    evenness = correlation * (1 - irregularity)
    if evenness < (EVENNESS_OF_FEWEST if count == LEAST_COUNT else LEAST_EVENNESS):
        return None
    return Cycles(
        count=count,
        period_s=round(period * step_s, 3),
        start_s=round(float(even_s[0] + first * step_s), 3),
        end_s=round(float(even_s[0] + last * step_s), 3),
        evenness=round(evenness, 3),
    )


def _period(signal: Floats, step_s: float) -> float | None:
    """The lag, in steps, at which the signal is most like itself."""
    shortest, longest = SHORTEST_S / step_s, len(signal) / LEAST_COUNT
    best: tuple[float, float] | None = None
    # Each time without what is slower than some span: a walk across the frame is no swing.
    spans = np.geomspace(2 * shortest, max(2 * longest, 2 * shortest + 1), 4)
    slow = np.stack([gaussian_filter1d(signal, span / 2, mode="nearest") for span in spans])
    for likeness in _autocorrelation(signal - slow, int(min(longest * 1.3, len(signal) - 2))):
        peaks = peaks_of(likeness, height=LEAST_CORRELATION, prominence=0.2)
        peaks = peaks[(peaks >= shortest) & (peaks <= longest)]
        if not len(peaks):
            continue
        # The first of those that are nearly as high: twice a period is one as well.
        high = likeness[peaks]
        lag = int(peaks[int(np.argmax(high > 0.85 * high.max()))])
        if best is None or likeness[lag] > best[1]:
            best = _vertex(likeness, lag), float(likeness[lag])
    return None if best is None else best[0]


def _autocorrelation(values: Floats, most: int) -> Floats:
    """Likeness of each signal [..., N] with itself so many steps later, -1 to 1: [..., 1 + most]."""
    values = values - values.mean(axis=-1, keepdims=True)
    count = values.shape[-1]
    # By Fourier transform: a track may last for hours.
    size = fft.next_fast_len(2 * count - 1, real=True)
    spectrum = np.asarray(fft.rfft(values, size))
    products = np.asarray(fft.irfft(np.abs(spectrum) ** 2, size))[..., 1 : most + 1]
    energy = np.cumsum(values**2, axis=-1)
    before, after = (
        energy[..., count - 1 - most : count - 1][..., ::-1],
        energy[..., -1:] - energy[..., :most],
    )
    power = np.sqrt(before * after)
    likeness = np.ones((*values.shape[:-1], 1 + most))
    likeness[..., 1:] = np.clip(np.divide(products, power, out=np.zeros_like(power), where=power > 0), -1, 1)
    return likeness


def _correlation(wave: Floats, lag: float) -> float:
    whole = int(lag)
    likeness = _autocorrelation(wave, min(whole + 2, len(wave) - 2))
    return float(np.max(likeness[max(whole - 1, 1) :]))


def _vertex(values: Floats, peak: int) -> float:
    """Where a peak lies between its samples."""
    if not 0 < peak < len(values) - 1:
        return float(peak)
    before, here, after = values[peak - 1 : peak + 2]
    bend = before - 2 * here + after
    return float(peak) if bend >= 0 else peak + float(0.5 * (before - after) / bend)


def _peaks(wave: Floats, lag: float, swing: float) -> Floats:
    """Where the wave turns back down, in steps."""
    peaks = peaks_of(wave, prominence=LEAST_PROMINENCE * swing, distance=max(1.0, 0.6 * lag))
    return np.array([_vertex(wave, int(peak)) for peak in peaks])
