"""From the camera's velocities to what it did: segments with labels, and how steadily it was held.

Everything here works on the per-pair numbers of a whole clip, shot by shot. Times are source seconds.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import median_filter

from motionsight_core.camera_motion import CAMERA_MOTIONS, Axis, CameraLabel, label_of
from motionsight_core.measure.calibration import probability_of_move
from motionsight_core.measure.move_evidence import FoundMove, evidence_of
from motionsight_core.measure.samples import (
    CameraSamples,
    believed_roll,
    believed_zoom,
    blurred,
    blurred_in_time,
    runs,
)
from motionsight_core.measure.shake import SHAKY, Shake
from motionsight_core.record import CameraMove
from motionsight_core.settings import MeasureSettings

Floats = NDArray[np.float64]

#: Standard deviation of the smoothing under shake, seconds: a hand's 1.5 Hz passes at 2 %.
SHAKE_SMOOTHING_S = 0.3
#: Level at which a segment begins and ends, share of its highest rate.
EDGE_LEVEL = 0.12
EDGE_LEVEL_UNDER_SHAKE = 0.4
#: Pauses shorter than this do not part two segments of one label, seconds.
PAUSE_S = 0.25
#: A component below this share of the strongest one's motion at the frame's edge is its shadow.
LEAST_SHARE = 0.07
#: The same where depth shows: ground that a camera nears sinks, and far walls do not.
LEAST_SHARE_IN_DEPTH = 0.3
#: Under shake a move must exceed this share of the shake's own speed: what is left of it is no move.
LEAST_OVER_SHAKE = 0.3
#: Above this the moves are read from what a stronger smoothing leaves.
SHAKEN = 0.010
#: Share of a move's time in which near ground is faster than far things, and how much at least.
LAYERED_SHARE = 0.4
LAYERED_RATIO = 1.2
#: Least arc, degrees per second.
LEAST_ARC = 0.5
#: Field of view that is assumed for the angle of an arc, degrees: a usual wide to normal lens.
FIELD_OF_VIEW = 60.0


def moves_of_shot(samples: CameraSamples, settings: MeasureSettings, aspect: float) -> list[FoundMove]:
    """The moves of one shot, or of a part of it without held frames, ordered by start."""
    if len(samples) == 0:
        return []
    shake = Shake.of(samples, aspect)
    if shake.median() > SHAKEN:
        under, shaken = np.full(len(samples), shake.median()), np.ones(len(samples), np.bool_)
    else:
        # A part of it may shake strongly all the same.
        under = shake.local(len(samples))
        shaken = under > SHAKY
    duration = samples.duration_s
    velocities: dict[Axis, Floats] = {
        "pan": samples.pan,
        "tilt": samples.tilt,
        "zoom": believed_zoom(samples),
        "roll": believed_roll(samples),
    }
    smooth: dict[Axis, Floats] = {
        axis: _smoothed(values, duration, shaken) for axis, values in velocities.items()
    }
    thresholds = {name: np.full(len(samples), float(getattr(settings, name))) for name in velocities}
    if not shake.is_timing:
        least = np.where(shaken, LEAST_OVER_SHAKE * under, 0.0)
        thresholds["pan"] = np.maximum(thresholds["pan"], least)
        thresholds["tilt"] = np.maximum(thresholds["tilt"], least * aspect)
    edge = _edge_motion(smooth, aspect)
    strongest = np.max(np.stack(list(edge.values())), axis=0)
    level = np.where(shaken, EDGE_LEVEL_UNDER_SHAKE, EDGE_LEVEL)
    moves: list[FoundMove] = []
    for name, values in smooth.items():
        for sign in (1, -1):
            for first, last in _segments(
                sign * values, samples, thresholds[name], level, settings.min_move_s
            ):
                mine, most = (
                    float(np.average(motion[first:last], weights=duration[first:last]))
                    for motion in (edge[name], strongest)
                )
                depth = _depth_share(samples, first, last)
                layered = depth >= LAYERED_SHARE
                if mine < (LEAST_SHARE_IN_DEPTH if layered else LEAST_SHARE) * most:
                    continue
                # The camera that turns right and the one that goes right both see the content drift left.
                goes = mine >= 0.9 * most and layered
                part = slice(first, last)
                evidence = evidence_of(
                    samples.part(first, last),
                    sign * velocities[name][part],
                    thresholds[name][part],
                    share=mine / max(most, 1e-9),
                    shake=float(np.mean(under[part])),
                    depth=depth,
                )
                label = label_of(name, sign, changes_place=goes)
                moves.append(FoundMove(_move(samples, sign * values, first, last, label), evidence))
    moves += _arcs(samples, under, shaken, settings)
    return sorted(
        _judged(_without_shadows_of_arcs(moves)), key=lambda found: (found.move.start_s, found.move.label)
    )


def _edge_motion(velocities: dict[Axis, Floats], aspect: float) -> dict[Axis, Floats]:
    """How fast each component moves the content where it moves it most, widths per second."""
    radius = float(np.hypot(0.5, 0.5 / aspect))
    return {
        "pan": np.abs(velocities["pan"]),
        "tilt": np.abs(velocities["tilt"]) / aspect,
        "zoom": np.abs(velocities["zoom"]) * radius,
        "roll": np.abs(np.radians(velocities["roll"])) * radius,
    }


def _smoothed(values: Floats, duration: Floats, shaken: NDArray[np.bool_]) -> Floats:
    """Velocities [P] without single outliers, and without shake where there is some."""
    if len(values) < 3:
        return values
    calm = blurred(median_filter(values, 3, mode="nearest"), duration, np.ones(3))
    if not shaken.any():
        return calm
    return np.where(shaken, blurred_in_time(values, duration, SHAKE_SMOOTHING_S), calm)


def _segments(
    values: Floats, samples: CameraSamples, threshold: Floats, level: Floats, min_move_s: float
) -> Iterator[tuple[int, int]]:
    """Spans [first, last) in which the velocity stays above the threshold long enough.

    They begin and end at a level [P], a share of their highest velocity.
    """
    found: list[tuple[int, int]] = []
    for first, last in _joined(runs(values > threshold), values < -threshold, samples):
        if samples.end_s[last - 1] - samples.start_s[first] < min_move_s - 1e-6:
            continue
        peak = first + int(np.argmax(values[first:last]))
        floor = float(level[peak] * values[peak])
        # A move begins before it passes the threshold, and under smoothing after it seems to.
        while first > 0 and floor < values[first - 1] < values[first]:
            first -= 1
        while last < len(values) and floor < values[last] < values[last - 1]:
            last += 1
        while last - first > 1 and values[first] < floor:
            first += 1
        while last - first > 1 and values[last - 1] < floor:
            last -= 1
        if found and first <= found[-1][1]:
            # What begins before the last one ends goes on with it.
            first = found.pop()[0]
        found.append((first, last))
    yield from found


def _joined(
    spans: list[tuple[int, int]], opposite: NDArray[np.bool_], samples: CameraSamples
) -> list[tuple[int, int]]:
    """The spans without short pauses between them; a motion the other way is no pause."""
    joined: list[tuple[int, int]] = []
    for first, last in spans:
        pause = slice(joined[-1][1], first) if joined else slice(0)
        pause_s = float(np.sum(samples.duration_s[pause]))
        if joined and pause_s < PAUSE_S and not opposite[pause].any():
            joined[-1] = (joined[-1][0], last)
        else:
            joined.append((first, last))
    return joined


def _depth_share(samples: CameraSamples, first: int, last: int) -> float:
    """Share of a move's time in which near things pass before far ones."""
    duration = samples.duration_s[first:last]
    layered = samples.depth_ratio[first:last] >= LAYERED_RATIO
    return float(np.sum(duration[layered]) / np.sum(duration))


def _judged(moves: Sequence[FoundMove]) -> list[FoundMove]:
    """The moves, each with the number of those of its kind that go the other way, and how likely it is."""
    ways = Counter(
        (CAMERA_MOTIONS[found.move.label].axis, CAMERA_MOTIONS[found.move.label].sign) for found in moves
    )
    judged = []
    for found in moves:
        motion = CAMERA_MOTIONS[found.move.label]
        evidence = replace(found.evidence, turns=float(ways[motion.axis, -motion.sign]))
        confidence = probability_of_move(found.move.label, evidence)
        judged.append(FoundMove(replace(found.move, confidence=confidence), evidence))
    return judged


def _move(samples: CameraSamples, values: Floats, first: int, last: int, label: CameraLabel) -> CameraMove:
    duration = samples.duration_s[first:last]
    rate = float(np.average(values[first:last], weights=duration))
    return CameraMove(
        start_s=float(samples.start_s[first]),
        end_s=float(samples.end_s[last - 1]),
        label=label,
        rate=rate,
        confidence=0.0,  # known once all moves are
    )


def _arcs(
    samples: CameraSamples, under: Floats, shaken: NDArray[np.bool_], settings: MeasureSettings
) -> list[FoundMove]:
    """Orbits: far things drift one way while near ones drift the other.

    Seen from above, a camera that goes to the left and keeps looking at what it circles goes clockwise. The
    angle assumes that far things show the camera's own turning, over FIELD_OF_VIEW.
    """
    far, near = (
        _smoothed(drift, samples.duration_s, shaken) for drift in (samples.far_drift, samples.near_drift)
    )
    # Positive where near things go to the right.
    turn = np.where(far * near < 0, np.sign(near) * FIELD_OF_VIEW * np.abs(far), 0.0)
    moves, least = [], np.full(len(samples), LEAST_ARC)
    for sign in (1, -1):
        rate = sign * turn
        for first, last in _segments(rate, samples, least, 0 * least, settings.min_move_s):
            part = slice(first, last)
            evidence = evidence_of(
                samples.part(first, last),
                rate[part],
                least[part],
                share=1.0,
                shake=float(np.mean(under[part])),
                depth=1.0,
            )
            moves.append(FoundMove(_move(samples, rate, first, last, label_of("arc", sign)), evidence))
    return moves


def _without_shadows_of_arcs(moves: list[FoundMove]) -> list[FoundMove]:
    """An orbit turns and shifts the picture by itself: no pan, zoom or roll is claimed beside it."""
    arcs = [found for found in moves if CAMERA_MOTIONS[found.move.label].axis == "arc"]
    return [
        found for found in moves if found in arcs or not any(_is_within(found.move, arc.move) for arc in arcs)
    ]


def _is_within(move: CameraMove, other: CameraMove) -> bool:
    """Whether most of a move's time is another one's."""
    common_s = min(move.end_s, other.end_s) - max(move.start_s, other.start_s)
    return common_s > 0.5 * (move.end_s - move.start_s)
