"""MotionMeter: frames go in one at a time, one MotionMeasurement comes out at the end."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from motionsight_core.measure.camera import LEAST_SUPPORT, PairRegistrar, Registration
from motionsight_core.measure.clarity import clarity
from motionsight_core.measure.cuts import CutFinder, shows_same
from motionsight_core.measure.differences import Chroma
from motionsight_core.measure.dissolves import DissolveFinder, is_during, rate_of, within
from motionsight_core.measure.flashes import FlashFilter, Frame
from motionsight_core.measure.found import FoundTracks, found_tracks, judged
from motionsight_core.measure.grain import Smoother
from motionsight_core.measure.held import is_repeat, with_holds
from motionsight_core.measure.move_evidence import FoundMove
from motionsight_core.measure.moves import moves_of_shot
from motionsight_core.measure.pairs import Pair, mended, pair_of, samples_of, shifted_pair
from motionsight_core.measure.regions import RegionFinder
from motionsight_core.measure.repetition import repetitions_of
from motionsight_core.measure.samples import (
    CameraSamples,
    believed_roll,
    believed_zoom,
    joints_of,
    moving_parts,
    shots,
)
from motionsight_core.measure.shake import shaken_spans, steadiness_of
from motionsight_core.measure.thumbnails import Thumbnails
from motionsight_core.measure.tracks import RegionTracker
from motionsight_core.measure.types import CameraPath, MotionMeasurement
from motionsight_core.measure.weighted import weighted_median
from motionsight_core.measure.whips import Breaks, NewPicture, Shift, ShiftFinder, breaks_of, sharpness
from motionsight_core.record import CameraMove, Dissolve
from motionsight_core.settings import MeasureSettings

Luma = NDArray[np.uint8]
#: Looks at what moves, to give it names and the shape of things.
Look = Callable[[FoundTracks], FoundTracks]

#: Clarity is measured on one frame in this time, seconds.
CLARITY_EVERY_S = 1.0
#: A move that reaches the first or last pair reaches the end of the shot; slack of the comparison, s.
TOUCHING_S = 1e-6
#: Share of background below which the flow may have lost a fast turn.
LOST_INLIERS = 0.25
#: Share of background at which the camera's rest is as sure as it gets.
SURE_INLIERS = 0.5


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
        self._smoother = Smoother()
        self._last: tuple[Luma, float] | None = None
        """Without most of its noise, and its time."""
        self._shown = np.zeros((1, 1), np.uint8)
        """The same frame as it came."""
        self._shown_chroma: Chroma | None = None
        self._finder = RegionFinder(settings.region_threshold, settings.fps)
        self._tracker = RegionTracker(settings.fps)
        self._thumbnails = Thumbnails()
        self._thumbnail = np.zeros((1, 1), np.uint8)
        """Of the last frame."""
        self._dissolves = DissolveFinder()
        self._cuts = CutFinder()
        self._shifts: ShiftFinder | None = None
        self._pairs: list[Pair] = []
        self._new_pictures: list[NewPicture] = []
        self._flashes = FlashFilter(self._shows_same)
        self._newest: tuple[Luma, float] | None = None
        """The last frame that came, and its time."""
        self._clarity: list[tuple[float, float]] = []
        """(time, clarity)."""
        self._next_clarity_s = -np.inf

    def push(self, luma: Luma, t_s: float, *, chroma: Chroma | None = None) -> None:
        """Takes the next frame.

        Args:
            luma: [h, w], upright, square pixels; every frame of one size.
            t_s: its time, source seconds, after the time before.
            chroma: Cb and Cr [h / 2, w / 2, 2], rounded down but at least 1; None where there are no colours.

        Raises:
            ValueError: the frame has another size or does not come later than the one before.
        """
        if self._newest is not None:
            _check(luma, t_s, *self._newest)
        self._newest = luma, t_s
        for frame in self._flashes.push(Frame(t_s, luma, chroma)):
            self._measure(frame)

    def _measure(self, frame: Frame) -> None:
        t_s, luma, chroma = frame
        if self._last is not None and self._is_repeat(luma, chroma):
            # The frame before is on display for longer, as if there were no other.
            return
        self._thumbnail = self._thumbnails.push(luma, t_s)
        if t_s >= self._next_clarity_s:
            self._clarity.append((t_s, clarity(luma)))
            self._next_clarity_s = t_s + CLARITY_EVERY_S
        self._shown, self._shown_chroma = luma, chroma
        luma = self._smoother.push(luma, t_s)
        if self._last is None:
            self._registrar = PairRegistrar(*luma.shape)
            self._finder.push(t_s, luma, None, chroma)
            self._dissolves.push(self._thumbnail, t_s, None)
        else:
            self._push_pair(*self._last, luma, t_s, chroma)
        self._last = luma, t_s

    def finish(self, start_s: float, end_s: float, *, look: Look | None = None) -> MotionMeasurement:
        """The measurement of the clip that spans `start_s` to `end_s`, source seconds.

        Args:
            start_s: where the clip begins.
            end_s: where it ends.
            look: see Look.
        """
        for frame in self._flashes.flush():
            self._measure(frame)
        for seen in self._finder.flush():
            self._tracker.push(seen)
        breaks = self._breaks()
        dissolves = within(self._dissolves.finish(), start_s, end_s)
        cuts_s = [self._pairs[pair].end_s for pair in sorted(breaks.cuts)]
        cuts_s = [cut_s for cut_s in cuts_s if not any(is_during(one, cut_s) for one in dissolves)]
        pairs = mended(self._pairs, breaks)
        samples = self._samples(pairs, start_s, end_s)
        joints = joints_of(cuts_s, dissolves, start_s, end_s)
        parts = list(shots(samples, joints, start_s, end_s))
        bounds = (*(span[0] for _, span in parts), end_s)
        found = self._things(end_s - start_s, dissolves, look)
        step_s = 1 / self._settings.fps
        repetitions = repetitions_of(found.tracks, self._thumbnails, bounds=bounds, step_s=step_s)
        likely, doubt = self._moves(parts)
        moves = [one.move for one in likely]
        shot_samples = [shot for shot, _ in parts]
        steadiness = steadiness_of(shot_samples, moves, self._aspect)
        flow_widths = sum(
            pair.flow_widths
            for pair in pairs
            if not any(one.start_s < pair.end_s and pair.start_s < one.end_s for one in dissolves)
        )
        measured_s = sum(float(np.sum(shot.duration_s)) for shot in shot_samples)
        return MotionMeasurement(
            camera_moves=tuple(map(_rounded, moves)) or (_static(samples, start_s, end_s, doubt),),
            steadiness=steadiness,
            cuts=tuple(round(cut_s, 3) for cut_s in cuts_s),
            dissolves=dissolves,
            tracks=found.tracks,
            repetitions=repetitions,
            objects_at_once=found.most_at_once,
            objects_in_all=found.in_all,
            track_evidence=found.evidence,
            names=found.names,
            detections=found.detections,
            names_left_out=found.names_left_out,
            motion_score=round(flow_widths / measured_s, 4) if measured_s else 0.0,
            clarity=self._median_clarity(end_s),
            camera_path=CameraPath(
                t_s=(samples.start_s + samples.end_s) / 2,
                pan=samples.pan,
                tilt=samples.tilt,
                zoom=believed_zoom(samples),
                roll=believed_roll(samples),
                inliers=samples.inliers,
            ),
            shaken=shaken_spans(shot_samples, steadiness, self._aspect),
            move_evidence=tuple(one.evidence for one in likely),
        )

    def _things(
        self,
        duration_s: float,
        dissolves: Sequence[Dissolve],
        look: Callable[[FoundTracks], FoundTracks] | None,
    ) -> FoundTracks:
        """What moves in the clip, looked at and judged."""
        spans = [(one.start_s, one.end_s) for one in dissolves]
        least = self._settings.least_confidence
        found = found_tracks(
            self._tracker, duration_s, frame_s=1 / self._settings.fps, dissolves=spans, least=least
        )
        if look is not None and found.tracks:
            found = look(found)
        return judged(found, least).first(self._settings.most_tracks)

    def _moves(
        self, parts: Sequence[tuple[CameraSamples, tuple[float, float]]]
    ) -> tuple[list[FoundMove], float]:
        """The camera's moves that are likely enough, and the confidence of the likeliest of all."""
        found = [
            replace(one, move=_to_bounds(one.move, shot, *span))
            for shot, span in parts
            for part in moving_parts(shot)
            for one in moves_of_shot(part, self._settings, self._aspect)
        ]
        least = self._settings.least_confidence
        highest = max((one.move.confidence for one in found), default=0.0)
        return [one for one in found if one.move.confidence >= least], highest

    def _median_clarity(self, end_s: float) -> float:
        """Clarity over the clip's time: a frame that is shown for long counts for each second of it."""
        if not self._clarity:
            return 0.0
        times_s, values = np.array(self._clarity).T
        shown_s = np.diff(times_s, append=end_s)
        return round(weighted_median(values, np.maximum(np.round(shown_s / CLARITY_EVERY_S), 1)), 3)

    def _shows_same(self, previous: Luma, luma: Luma) -> bool:
        assert self._registrar is not None  # noqa: S101  made with the first frame
        return shows_same(previous, luma, self._registrar.flow(previous, luma))

    def _is_repeat(self, luma: Luma, chroma: Chroma | None) -> bool:
        if not is_repeat(self._shown, luma):
            return False
        before = self._shown_chroma
        return chroma is None or before is None or is_repeat(before, chroma)

    def _push_pair(
        self, previous: Luma, previous_s: float, luma: Luma, t_s: float, chroma: Chroma | None
    ) -> None:
        assert self._registrar is not None  # noqa: S101  made with the first frame
        registration = self._registrar.register(previous, luma)
        is_new = self._cuts.is_cut(previous, luma, registration.flow, registration.inliers)
        if is_new or registration.inliers < LOST_INLIERS:
            self._shifts = self._shifts or ShiftFinder(*luma.shape)
            shift = self._shifts.find(previous, luma)
            if is_new or (shift is not None and shift.is_sure):
                sharp = sharpness(previous), sharpness(luma)
                self._new_pictures.append(NewPicture(len(self._pairs), is_new, shift, *sharp))
                self._push_break(registration, shift, previous_s, luma, t_s, chroma)
                return
        self._dissolves.push(self._thumbnail, t_s, rate_of(registration, t_s - previous_s, luma.shape))
        self._pairs.append(pair_of(registration, previous_s, t_s, luma.shape))
        for seen in self._finder.push(t_s, luma, registration, chroma):
            self._tracker.push(seen)

    def _push_break(
        self,
        registration: Registration,
        shift: Shift | None,
        previous_s: float,
        luma: Luma,
        t_s: float,
        chroma: Chroma | None,
    ) -> None:
        """A pair over which no object is followed: of a cut, or of a turn too fast for the flow."""
        assert self._registrar is not None  # noqa: S101  made with the first frame
        seen = registration.support >= LEAST_SUPPORT
        self._pairs.append(shifted_pair(shift, previous_s, t_s, luma.shape, seen=seen))
        self._registrar.forget()
        self._dissolves.push(self._thumbnail, t_s, None)
        for seen_before in self._finder.flush():
            self._tracker.push(seen_before)
        self._tracker.cut()
        self._finder.push(t_s, luma, None, chroma)

    def _breaks(self) -> Breaks:
        durations = np.array([pair.end_s - pair.start_s for pair in self._pairs])
        rates = np.array([(pair.pan, pair.tilt / self._aspect) for pair in self._pairs]).reshape(-1, 2)
        return breaks_of(self._new_pictures, rates * durations[:, None], durations)

    def _samples(self, pairs: list[Pair], start_s: float, end_s: float) -> CameraSamples:
        """The camera's motion over the clip's span."""
        samples = samples_of(pairs)
        if self._last is None or self._registrar is None:
            return samples
        luma, last_s = self._last
        seen = [*(pair.seen for pair in pairs), self._registrar.support(luma) >= LEAST_SUPPORT]
        times_s = np.append(samples.start_s, last_s)
        return with_holds(samples, np.array(seen), times_s, (start_s, end_s), 1 / self._settings.fps)


def _check(luma: Luma, t_s: float, previous: Luma, previous_s: float) -> None:
    if luma.shape != previous.shape:
        raise ValueError(f"a clip's frames must have one size; got {luma.shape} after {previous.shape}")
    if t_s <= previous_s:
        raise ValueError(f"times must increase; got {t_s} s after {previous_s} s")


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


def _static(samples: CameraSamples, start_s: float, end_s: float, doubt: float) -> CameraMove:
    """Rest; `doubt` is the confidence of a move that was not believed."""
    confidence = 0.0
    if len(samples):
        seen = np.average(samples.inliers, weights=samples.duration_s)
        confidence = round(float(np.clip(seen / SURE_INLIERS, 0.0, 1.0)) * (1 - doubt), 3)
    return CameraMove(start_s, end_s, "static", 0.0, confidence)
