"""MotionMeter: frames go in one at a time, one MotionMeasurement comes out at the end."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from motionsight_core.measure.camera import PairRegistrar, Registration
from motionsight_core.measure.clarity import clarity
from motionsight_core.measure.cuts import is_cut
from motionsight_core.measure.moves import (
    CameraSamples,
    believed_roll,
    believed_zoom,
    moves_of_shot,
    shake_of,
    shots,
    steadiness_of,
)
from motionsight_core.measure.regions import RegionFinder
from motionsight_core.measure.tracks import RegionTracker
from motionsight_core.measure.types import CameraPath, MotionMeasurement
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
        self._clarity: list[float] = []
        self._next_clarity_s = -np.inf
        self._flow_widths = 0.0
        self._flow_s = 0.0

    def push(self, luma: Luma, t_s: float) -> None:
        """Takes the next frame.

        Args:
            luma: [h, w], upright, square pixels; every frame of one size.
            t_s: its time, source seconds, after the time before.

        Raises:
            ValueError: the frame has another size or does not come later than the one before.
        """
        if t_s >= self._next_clarity_s:
            self._clarity.append(clarity(luma))
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
        samples = self._samples()
        moves: list[CameraMove] = []
        shakes = []
        bounds = [start_s, *self._cuts, end_s]
        for index, shot in enumerate(shots(samples, self._cuts)):
            shakes.append(shake_of(shot, self._aspect))
            found = moves_of_shot(shot, self._settings, self._aspect)
            moves += [_to_bounds(move, shot, bounds[index], bounds[index + 1]) for move in found]
        steadiness = steadiness_of(shakes, moves)
        return MotionMeasurement(
            camera_moves=tuple(map(_rounded, moves)) or (_static(samples, start_s, end_s),),
            steadiness=steadiness,
            cuts=tuple(round(cut, 3) for cut in self._cuts),
            tracks=self._tracker.tracks(end_s - start_s),
            motion_score=round(self._flow_widths / self._flow_s, 4) if self._flow_s else 0.0,
            clarity=round(float(np.median(self._clarity)), 3) if self._clarity else 0.0,
            camera_path=CameraPath(
                t_s=(samples.start_s + samples.end_s) / 2,
                pan=samples.pan,
                tilt=samples.tilt,
                zoom=believed_zoom(samples),
                roll=believed_roll(samples),
                inliers=samples.inliers,
            ),
        )

    def _push_pair(self, previous: Luma, previous_s: float, luma: Luma, t_s: float) -> None:
        if luma.shape != previous.shape:
            raise ValueError(f"a clip's frames must have one size; got {luma.shape} after {previous.shape}")
        if t_s <= previous_s:
            raise ValueError(f"times must increase; got {t_s} s after {previous_s} s")
        assert self._registrar is not None  # noqa: S101  made with the first frame
        registration = self._registrar.register(previous, luma)
        if is_cut(previous, luma, registration.flow, registration.inliers):
            self._cuts.append(t_s)
            self._registrar.forget()
            self._close_shot()
            self._pairs.append(_Pair(previous_s, t_s, *[0.0] * 10))
            self._finder.push(t_s, luma, None)
            return
        height, width = luma.shape
        self._pairs.append(_velocities(registration, previous_s, t_s, width, height))
        self._flow_widths += (
            float(np.mean(np.hypot(*np.moveaxis(registration.flow[::4, ::4], -1, 0)))) / width
        )
        self._flow_s += t_s - previous_s
        for found_s, regions in self._finder.push(t_s, luma, registration):
            self._tracker.push(found_s, regions)

    def _close_shot(self) -> None:
        for t_s, regions in self._finder.flush():
            self._tracker.push(t_s, regions)
        self._tracker.cut()

    def _samples(self) -> CameraSamples:
        columns = {
            name: np.array([getattr(pair, name) for pair in self._pairs], np.float64)
            for name in _Pair.__slots__
        }
        return CameraSamples(**columns)


def _velocities(motion: Registration, start_s: float, end_s: float, width: int, height: int) -> _Pair:
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
        confidence = round(float(np.clip(np.mean(samples.inliers) / SURE_INLIERS, 0.0, 1.0)), 3)
    return CameraMove(start_s, end_s, "static", 0.0, confidence)
