"""MotionMeter: frames go in one at a time, one MotionMeasurement comes out at the end."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from motionsight_core.measure.camera import LEAST_SUPPORT, PairRegistrar, Registration
from motionsight_core.measure.clarity import clarity
from motionsight_core.measure.cuts import is_cut
from motionsight_core.measure.held import is_repeat, with_holds
from motionsight_core.measure.moves import moves_of_shot
from motionsight_core.measure.regions import RegionFinder
from motionsight_core.measure.samples import (
    CameraSamples,
    believed_roll,
    believed_zoom,
    moving_parts,
    shots,
)
from motionsight_core.measure.shake import shaken_spans, steadiness_of
from motionsight_core.measure.tracks import RegionTracker
from motionsight_core.measure.types import CameraPath, MotionMeasurement
from motionsight_core.measure.weighted import weighted_median
from motionsight_core.record import CameraMove
from motionsight_core.settings import MeasureSettings

Luma = NDArray[np.uint8]

#: Clarity is measured on one frame in this time, seconds.
CLARITY_EVERY_S = 1.0
#: A move that reaches the first or last pair reaches the end of the shot; slack of the comparison, s.
TOUCHING_S = 1e-6
#: Deformation, 1/s, from which on the affine says where the frame's centre goes.
SLOPING = 0.05
#: Share of background at which the camera's rest is as sure as it gets.
SURE_INLIERS = 0.5


@dataclass(frozen=True, slots=True)
class _Pair:
    """What is kept of a pair of neighbouring frames: numbers only, in the units of CameraSamples."""

    start_s: float
    end_s: float
    pan: float
    tilt: float
    zoom: float
    roll: float
    shear: float
    deformation: float
    divergence: float
    curl: float
    inliers: float
    near_ratio: float
    seen: bool
    """Whether the earlier frame has enough texture to tell that it stands still."""


class MotionMeter:
    """Measures a clip from its luma, streaming: what is kept does not grow with the frames' pixels.

    Example:
        >>> meter = MotionMeter(MeasureSettings(), aspect=16 / 9)
        >>> for index in range(3):
        ...     meter.push(np.zeros((180, 320), np.uint8), t_s=index / 10)
        >>> meter.finish(0.0, 0.3).steadiness
        'static'
    """

    def __init__(self, settings: MeasureSettings, *, aspect: float) -> None:
        """`aspect`: displayed width over height."""
        self._settings = settings
        self._aspect = aspect
        self._registrar: PairRegistrar | None = None
        self._last: tuple[Luma, float] | None = None
        self._finder = RegionFinder(settings.region_threshold, settings.fps)
        self._tracker = RegionTracker(settings.fps)
        self._pairs: list[_Pair] = []
        self._cuts: list[float] = []
        self._clarity: list[tuple[float, float]] = []
        """(time, clarity)."""
        self._next_clarity_s = -np.inf
        self._flow_widths = 0.0

    def push(self, luma: Luma, t_s: float) -> None:
        """Takes the next frame.

        Args:
            luma: [h, w], upright, square pixels; every frame of one size.
            t_s: its time, source seconds, after the time before.

        Raises:
            ValueError: the frame has another size or does not come later than the one before.
        """
        if self._last is not None:
            _check(luma, t_s, *self._last)
            if is_repeat(self._last[0], luma):
                # The frame before is on display for longer, as if there were no other.
                return
        if t_s >= self._next_clarity_s:
            self._clarity.append((t_s, clarity(luma)))
            self._next_clarity_s = t_s + CLARITY_EVERY_S
        if self._last is None:
            self._registrar = PairRegistrar(*luma.shape)
            self._finder.push(t_s, luma, None)
        else:
            self._push_pair(*self._last, luma, t_s)
        self._last = luma, t_s

    def finish(self, start_s: float, end_s: float) -> MotionMeasurement:
        """The measurement of the clip that spans `start_s` to `end_s`, source seconds."""
        for t_s, regions in self._finder.flush():
            self._tracker.push(t_s, regions)
        samples = self._samples(start_s, end_s)
        parts = list(shots(samples, self._cuts))
        moves: list[CameraMove] = []
        for shot, bounds in zip(parts, pairwise([start_s, *self._cuts, end_s]), strict=True):
            for part in moving_parts(shot):
                found = moves_of_shot(part, self._settings, self._aspect)
                moves += [_to_bounds(move, shot, *bounds) for move in found]
        steadiness = steadiness_of(parts, moves, self._aspect)
        measured_s = sum(float(np.sum(shot.duration_s)) for shot in parts)
        return MotionMeasurement(
            camera_moves=tuple(map(_rounded, moves)) or (_static(samples, start_s, end_s),),
            steadiness=steadiness,
            cuts=tuple(round(cut, 3) for cut in self._cuts),
            tracks=self._tracker.tracks(end_s - start_s),
            motion_score=round(self._flow_widths / measured_s, 4) if measured_s else 0.0,
            clarity=self._median_clarity(end_s),
            camera_path=CameraPath(
                t_s=(samples.start_s + samples.end_s) / 2,
                pan=samples.pan,
                tilt=samples.tilt,
                zoom=believed_zoom(samples),
                roll=believed_roll(samples),
                inliers=samples.inliers,
            ),
            shaken=shaken_spans(parts, steadiness, self._aspect),
        )

    def _median_clarity(self, end_s: float) -> float:
        """Clarity over the clip's time: a frame that is shown for long counts for each second of it."""
        if not self._clarity:
            return 0.0
        times_s, values = np.array(self._clarity).T
        shown_s = np.diff(times_s, append=end_s)
        return round(weighted_median(values, np.maximum(np.round(shown_s / CLARITY_EVERY_S), 1)), 3)

    def _push_pair(self, previous: Luma, previous_s: float, luma: Luma, t_s: float) -> None:
        assert self._registrar is not None  # noqa: S101  made with the first frame
        registration = self._registrar.register(previous, luma)
        seen = registration.support >= LEAST_SUPPORT
        if is_cut(previous, luma, registration.flow, registration.inliers):
            self._cuts.append(t_s)
            self._registrar.forget()
            self._close_shot()
            self._pairs.append(_Pair(previous_s, t_s, *[0.0] * 10, seen=seen))
            self._finder.push(t_s, luma, None)
            return
        height, width = luma.shape
        self._pairs.append(_velocities(registration, previous_s, t_s, width, height, seen=seen))
        self._flow_widths += (
            float(np.mean(np.hypot(*np.moveaxis(registration.flow[::4, ::4], -1, 0)))) / width
        )
        for found_s, regions in self._finder.push(t_s, luma, registration):
            self._tracker.push(found_s, regions)

    def _close_shot(self) -> None:
        for t_s, regions in self._finder.flush():
            self._tracker.push(t_s, regions)
        self._tracker.cut()

    def _samples(self, start_s: float, end_s: float) -> CameraSamples:
        columns = {
            field.name: np.array([getattr(pair, field.name) for pair in self._pairs], np.float64)
            for field in fields(_Pair)
        }
        seen = columns.pop("seen").astype(np.bool_)
        samples = CameraSamples(**columns, held=np.zeros(len(seen), np.bool_))
        if self._last is None or self._registrar is None:
            return samples
        luma, last_s = self._last
        return with_holds(
            samples,
            np.append(seen, self._registrar.support(luma) >= LEAST_SUPPORT),
            np.append(samples.start_s, last_s),
            (start_s, end_s),
            1 / self._settings.fps,
        )


def _check(luma: Luma, t_s: float, previous: Luma, previous_s: float) -> None:
    if luma.shape != previous.shape:
        raise ValueError(f"a clip's frames must have one size; got {luma.shape} after {previous.shape}")
    if t_s <= previous_s:
        raise ValueError(f"times must increase; got {t_s} s after {previous_s} s")


def _velocities(
    motion: Registration, start_s: float, end_s: float, width: int, height: int, *, seen: bool
) -> _Pair:
    """The camera's velocities: the content's, turned round, over the pair's duration."""
    duration = end_s - start_s
    (scale_cos, _, shift_x), (scale_sin, _, shift_y) = motion.similarity
    (xx, xy, affine_x), (yx, yy, affine_y) = motion.affine
    deformation = float(np.hypot((xx - yy) / 2, (xy + yx) / 2)) / duration
    if deformation > SLOPING:
        # No similarity fits ground that recedes: which part of it wins changes from pair to pair.
        shift_x, shift_y = affine_x, affine_y
    return _Pair(
        start_s=start_s,
        end_s=end_s,
        pan=-shift_x / width / duration,
        tilt=shift_y / height / duration,
        zoom=float(np.log(np.hypot(scale_cos, scale_sin))) / duration,
        # y points down: a positive angle is clockwise on the screen, a camera turning counter-clockwise.
        roll=-float(np.degrees(np.arctan2(scale_sin, scale_cos))) / duration,
        shear=xy / duration,
        deformation=deformation,
        divergence=((xx + yy) / 2 - 1) / duration,
        curl=(yx - xy) / 2 / duration,
        inliers=motion.inliers,
        near_ratio=motion.near_ratio,
        seen=seen,
    )


def _to_bounds(move: CameraMove, shot: CameraSamples, start_s: float, end_s: float) -> CameraMove:
    """A move in the first or last pair of a shot goes on to the shot's ends, where no pair is measured."""
    if move.start_s <= shot.start_s[0] + TOUCHING_S:
        move = replace(move, start_s=start_s)
    if move.end_s >= shot.end_s[-1] - TOUCHING_S:
        move = replace(move, end_s=end_s)
    return move


def _rounded(move: CameraMove) -> CameraMove:
    """Milliseconds, and four decimals of a rate: what lies below is noise of the measurement."""
    return replace(move, start_s=round(move.start_s, 3), end_s=round(move.end_s, 3), rate=round(move.rate, 4))


def _static(samples: CameraSamples, start_s: float, end_s: float) -> CameraMove:
    confidence = 0.0
    if len(samples):
        seen = np.average(samples.inliers, weights=samples.duration_s)
        confidence = round(float(np.clip(seen / SURE_INLIERS, 0.0, 1.0)), 3)
    return CameraMove(start_s, end_s, "static", 0.0, confidence)
