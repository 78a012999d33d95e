"""How steadily the camera is held: over a whole clip, and where it differs from that."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import median_filter

from motionsight_core.camera_motion import Steadiness
from motionsight_core.measure.samples import CameraSamples, runs
from motionsight_core.measure.types import ShakenSpan
from motionsight_core.measure.weighted import weighted_median
from motionsight_core.record import CameraMove

Floats = NDArray[np.float64]

#: Median speed of the shake, frame widths per second. On a tripod it is below .002.
SHAKY = 0.06
UNSTEADY = 0.004
#: Quick changes of the velocity come from the timing of the frames where they exceed the velocity itself at
#: most so much, for this share of the time, and are this much smaller across the way than along it.
TIMING_RATIO = 1.2
TIMING_SHARE = 0.8
TIMING_ACROSS = 0.25
#: Time over which the shake of one part of a clip is measured, seconds.
LOCAL_S = 1.5
#: Shortest part whose shake is told apart from the rest's, seconds.
LEAST_SPAN_S = 1.0
#: Share of a clip's time that counts as all of it.
WHOLE_SHARE = 0.85


@dataclass(frozen=True, slots=True)
class Shake:
    """What is too quick to be a move in each sample of a shot but the first and the last, arrays [P - 2].

    Each velocity against those of its two neighbours: a move that starts, stops or turns gently passes, a
    hand's 1.5 to 6 Hz does not.
    """

    speed: Floats
    """Widths per second."""
    duration_s: Floats
    is_timing: bool
    """Whether it is an even move whose frames were repeated, or are shown early or late."""

    @classmethod
    def of(cls, shot: CameraSamples, aspect: float) -> Shake:
        if len(shot) < 4:
            return cls(np.zeros(0), np.zeros(0), False)
        velocity = np.stack([shot.pan, shot.tilt / aspect])
        middle_s = (shot.start_s + shot.end_s) / 2
        share = (middle_s[1:-1] - middle_s[:-2]) / (middle_s[2:] - middle_s[:-2])
        even = (1 - share) * velocity[:, :-2] + share * velocity[:, 2:]
        quick = velocity[:, 1:-1] - even
        duration_s = shot.duration_s[1:-1]
        return cls(np.hypot(*quick), duration_s, _is_timing(quick, even, duration_s))

    def median(self) -> float:
        """Over the shot's time, widths per second."""
        return weighted_median(self.speed, self.duration_s) if len(self.speed) else 0.0

    def local(self, count: int) -> Floats:
        """Around each of the shot's `count` samples, widths per second."""
        if not len(self.speed):
            return np.zeros(count)
        reach = round(LOCAL_S / 2 / float(np.median(self.duration_s)))
        return np.pad(median_filter(self.speed, 2 * reach + 1, mode="nearest"), 1, mode="edge")


def _is_timing(quick: Floats, even: Floats, duration_s: Floats) -> bool:
    """Whether quick changes [2, N] of an even velocity [2, N] come from the frames' timing.

    That changes the speed along the way alone, and never turns it round; a hand trembles across as well.
    """
    speed = np.hypot(*even)
    along = np.abs(np.sum(quick * even, axis=0)) / np.maximum(speed, 1e-9)
    across = np.abs(quick[0] * even[1] - quick[1] * even[0]) / np.maximum(speed, 1e-9)
    timed_s = float(np.sum(duration_s[along <= TIMING_RATIO * speed]))
    if timed_s < TIMING_SHARE * float(np.sum(duration_s)):
        return False
    return weighted_median(across, duration_s) < TIMING_ACROSS * weighted_median(along, duration_s)


def steadiness_of(shots: Iterable[CameraSamples], moves: Iterable[CameraMove], aspect: float) -> Steadiness:
    """What a clip is for most of its time."""
    shakes = [Shake.of(shot, aspect) for shot in shots]
    speeds = [np.zeros_like(shake.speed) if shake.is_timing else shake.speed for shake in shakes]
    durations = [shake.duration_s for shake in shakes]
    word = _word(Shake(np.concatenate(speeds), np.concatenate(durations), False).median())
    return word or ("smooth" if any(move.label != "static" for move in moves) else "static")


def shaken_spans(
    shots: Sequence[CameraSamples], steadiness: Steadiness, aspect: float
) -> tuple[ShakenSpan, ...]:
    """Where the picture shakes, if that is not for all of the clip as `steadiness` says."""
    least = {"shaky": SHAKY, "unsteady": SHAKY}.get(steadiness, UNSTEADY)
    spans = [span for shot in shots for span in _spans(shot, least, aspect)]
    whole_s = sum(float(np.sum(shot.duration_s)) for shot in shots)
    shaken_s = sum(span.end_s - span.start_s for span in spans)
    return () if shaken_s > WHOLE_SHARE * whole_s else tuple(spans)


def _spans(shot: CameraSamples, least: float, aspect: float) -> list[ShakenSpan]:
    shake = Shake.of(shot, aspect)
    if shake.is_timing:
        return []
    spans = []
    for first, last in runs(shake.local(len(shot)) > least):
        start_s, end_s = float(shot.start_s[first]), float(shot.end_s[last - 1])
        inside = slice(max(first - 1, 0), max(last - 1, 1))
        word = _word(weighted_median(shake.speed[inside], shake.duration_s[inside]))
        if word and end_s - start_s >= LEAST_SPAN_S:
            spans.append(ShakenSpan(round(start_s, 3), round(end_s, 3), word))
    return spans


def _word(speed: float) -> Steadiness | None:
    return "shaky" if speed > SHAKY else "unsteady" if speed > UNSTEADY else None
