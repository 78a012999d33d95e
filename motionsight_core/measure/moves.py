"""From the camera's velocities to what it did: segments with labels, and how steadily it was held.

Everything here works on the per-pair numbers of a whole clip, shot by shot. Times are source seconds.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import median_filter

from motionsight_core.record import CameraMove
from motionsight_core.settings import MeasureSettings

Floats = NDArray[np.float64]

#: Labels of a positive and of a negative velocity.
LABELS = {
    "pan": ("pan_right", "pan_left"),
    "tilt": ("tilt_up", "tilt_down"),
    "zoom": ("zoom_in", "zoom_out"),
    "roll": ("roll_cw", "roll_ccw"),
}
#: Deformation (1/s) up to which zoom and roll are believed without asking for parallax.
LEAST_DEFORMATION = 0.008
#: Divergence, and curl, over the deformation from which on zoom, and roll, are believed. One plane behind
#: another gives just 1, a zoom or a roll more than 10.
ZOOM_OVER_DEFORMATION = 1.5
ROLL_OVER_DEFORMATION = 1.5
#: Pairs over which they are compared: single ones are noisy.
BELIEF_PAIRS = 5
#: Standard deviation of the smoothing under shake, seconds: a hand's 1.5 Hz passes at 2 %.
SHAKE_SMOOTHING_S = 0.3
#: Level at which a segment begins and ends, share of its highest rate.
EDGE_LEVEL = 0.12
EDGE_LEVEL_UNDER_SHAKE = 0.4
#: Pauses shorter than this do not part two segments of one label, seconds.
PAUSE_S = 0.25
#: A component below this share of the strongest one's motion at the frame's edge is its shadow.
LEAST_SHARE = 0.07
#: Under shake a move must exceed this share of the shake's own speed: what is left of it is no move.
LEAST_OVER_SHAKE = 0.3
#: Median speed of the shake, frame widths per second. On a tripod it is below .002.
SHAKY = 0.06
UNSTEADY = 0.004
#: Above this the moves are read from what a stronger smoothing leaves.
SHAKEN = 0.010
#: Change of the horizontal drift from the top to the bottom edge that is an orbit or a sideways move of
#: the camera past near ground, widths per second and width.
LEAST_SHEAR = 0.06
#: What other deformation may stand beside it, share of the shear.
SHEAR_PURITY = 0.4
#: What a move is called where near things pass before far ones: the camera's place changes.
MOVED_IN_SPACE = {"pan": "truck", "tilt": "pedestal", "zoom": "dolly"}
#: Share of a move's time in which a near layer must show, and its least median speed over the far one's.
LAYERED_SHARE = 0.3
LAYERED_RATIO = 1.4
#: Field of view that is assumed for the angle of an arc, degrees: a usual wide to normal lens.
FIELD_OF_VIEW = 60.0


@dataclass(frozen=True, slots=True)
class CameraSamples:
    """The camera's velocity between neighbouring frames; all arrays [P]."""

    start_s: Floats
    """Time of the pair's earlier frame, source seconds."""
    end_s: Floats
    pan: Floats
    """Widths per second, positive to the right."""
    tilt: Floats
    """Heights per second, positive up."""
    zoom: Floats
    """Natural-log scale per second."""
    roll: Floats
    """Degrees per second, positive clockwise (of the camera)."""
    shear: Floats
    """Change of the content's horizontal velocity downwards, d(u)/dy, 1/s."""
    deformation: Floats
    """Magnitude of the part of the affine that neither turns nor scales, 1/s."""
    divergence: Floats
    """Mean growth by the affine, 1/s."""
    curl: Floats
    """Rotation by the affine, radians per second."""
    inliers: Floats
    """Share of background, 0 to 1."""
    near_ratio: Floats
    """How many times faster than the far background a near layer of it moves; 0 without one."""

    def __len__(self) -> int:
        return len(self.start_s)

    def part(self, first: int, last: int) -> CameraSamples:
        """The pairs first..last-1."""
        return CameraSamples(*(getattr(self, name)[first:last] for name in self.__slots__))


def shots(samples: CameraSamples, cuts: Iterable[float]) -> Iterator[CameraSamples]:
    """The pairs of each shot; a pair that ends at a cut belongs to none."""
    first = 0
    for cut in cuts:
        last = int(np.searchsorted(samples.end_s, cut))
        yield samples.part(first, last)
        first = last + 1
    yield samples.part(first, len(samples))


def believed_zoom(samples: CameraSamples) -> Floats:
    """Zoom without what parallax fakes of it: near ground that sinks faster looks like growth."""
    return np.where(_believed(samples, samples.divergence, ZOOM_OVER_DEFORMATION), samples.zoom, 0.0)


def believed_roll(samples: CameraSamples) -> Floats:
    """Roll without what parallax fakes of it: near ground that drifts faster looks like a turn."""
    return np.where(_believed(samples, samples.curl, ROLL_OVER_DEFORMATION), samples.roll, 0.0)


def _believed(samples: CameraSamples, component: Floats, ratio: float) -> NDArray[np.bool_]:
    """Where a component of the affine stands clear of its deformation, each over a few pairs."""
    if len(samples) == 0:
        return np.zeros(0, np.bool_)
    duration = samples.end_s - samples.start_s
    deformation = _blurred(samples.deformation, duration, np.ones(BELIEF_PAIRS))
    clear = np.abs(_blurred(component, duration, np.ones(BELIEF_PAIRS))) > ratio * deformation
    return (deformation < LEAST_DEFORMATION) | clear


def shake_of(samples: CameraSamples, aspect: float) -> float:
    """Median speed of what is too quick to be a move, frame widths per second.

    Each velocity against the mean of its two neighbours: a move that starts, stops or turns gently
    passes, a hand's 1.5 to 6 Hz does not.
    """
    if len(samples) < 4:
        return 0.0
    quick = [values[1:-1] - (values[:-2] + values[2:]) / 2 for values in (samples.pan, samples.tilt / aspect)]
    return float(np.median(np.hypot(*quick)))


def moves_of_shot(samples: CameraSamples, settings: MeasureSettings, aspect: float) -> list[CameraMove]:
    """The moves of one shot, ordered by start."""
    if len(samples) == 0:
        return []
    shake = shake_of(samples, aspect)
    duration = samples.end_s - samples.start_s
    shaken = shake > SHAKEN
    velocities = {
        "pan": samples.pan,
        "tilt": samples.tilt,
        "zoom": believed_zoom(samples),
        "roll": believed_roll(samples),
    }
    smooth = {name: _smoothed(values, duration, shaken) for name, values in velocities.items()}
    thresholds = {name: float(getattr(settings, name)) for name in velocities}
    if shaken:
        thresholds["pan"] = max(thresholds["pan"], LEAST_OVER_SHAKE * shake)
        thresholds["tilt"] = max(thresholds["tilt"], LEAST_OVER_SHAKE * shake * aspect)
    edge = _edge_motion(smooth, aspect)
    strongest = np.max(np.stack(list(edge.values())), axis=0)
    level = EDGE_LEVEL_UNDER_SHAKE if shaken else EDGE_LEVEL
    moves = []
    for name, values in smooth.items():
        for sign, label in zip((1, -1), LABELS[name], strict=True):
            for first, last in _segments(
                sign * values, samples, thresholds[name], level, settings.min_move_s
            ):
                mine = float(np.mean(edge[name][first:last]))
                if mine < LEAST_SHARE * float(np.mean(strongest[first:last])):
                    continue
                if mine >= 0.9 * float(np.mean(strongest[first:last])) and _is_layered(samples, first, last):
                    label = _in_space(label)
                moves.append(_move(samples, sign * values, first, last, label, thresholds[name]))
    moves += _arcs(samples, duration, shaken, settings, aspect)
    return sorted(_without_shadows_of_arcs(moves), key=lambda move: (move.start_s, move.label))


def steadiness_of(shakes: Iterable[float], moves: Iterable[CameraMove]) -> str:
    """static, smooth, unsteady or shaky, by the shot that shakes most."""
    shake = max(shakes, default=0.0)
    if shake > SHAKY:
        return "shaky"
    if shake > UNSTEADY:
        return "unsteady"
    return "smooth" if any(move.label != "static" for move in moves) else "static"


def _edge_motion(velocities: dict[str, Floats], aspect: float) -> dict[str, Floats]:
    """How fast each component moves the content where it moves it most, widths per second."""
    radius = float(np.hypot(0.5, 0.5 / aspect))
    return {
        "pan": np.abs(velocities["pan"]),
        "tilt": np.abs(velocities["tilt"]) / aspect,
        "zoom": np.abs(velocities["zoom"]) * radius,
        "roll": np.abs(np.radians(velocities["roll"])) * radius,
    }


def _smoothed(values: Floats, duration: Floats, shaken: bool) -> Floats:
    """Velocities [P] without single outliers, and without shake where there is some."""
    if len(values) < 3:
        return values
    if not shaken:
        return _blurred(median_filter(values, 3, mode="nearest"), duration, np.ones(3))
    sigma = SHAKE_SMOOTHING_S / float(np.median(duration))
    reach = max(1, round(2.5 * sigma))
    kernel = np.exp(-0.5 * (np.arange(-reach, reach + 1) / sigma) ** 2)
    return _blurred(values, duration, kernel)


def _blurred(values: Floats, duration: Floats, kernel: Floats) -> Floats:
    """Weighted mean around each sample, each sample counting as long as it lasts."""
    reach = len(kernel) // 2
    weighted = np.convolve(values * duration, kernel)[reach : reach + len(values)]
    return weighted / np.convolve(duration, kernel)[reach : reach + len(values)]


def _segments(
    values: Floats, samples: CameraSamples, threshold: float, level: float, min_move_s: float
) -> Iterator[tuple[int, int]]:
    """Spans [first, last) in which the velocity stays above the threshold long enough."""
    runs = _joined(_runs(values > threshold), samples)
    for first, last in runs:
        if samples.end_s[last - 1] - samples.start_s[first] < min_move_s - 1e-6:
            continue
        floor = level * float(np.max(values[first:last]))
        # A move begins before it passes the threshold, and under smoothing after it seems to.
        while first > 0 and floor < values[first - 1] < values[first]:
            first -= 1
        while last < len(values) and floor < values[last] < values[last - 1]:
            last += 1
        while last - first > 1 and values[first] < floor:
            first += 1
        while last - first > 1 and values[last - 1] < floor:
            last -= 1
        yield first, last


def _runs(above: NDArray[np.bool_]) -> list[tuple[int, int]]:
    edges = np.flatnonzero(np.diff(np.concatenate([[False], above, [False]]).astype(np.int8)))
    return [(int(first), int(last)) for first, last in edges.reshape(-1, 2)]


def _joined(runs: list[tuple[int, int]], samples: CameraSamples) -> list[tuple[int, int]]:
    joined: list[tuple[int, int]] = []
    for first, last in runs:
        if joined and samples.start_s[first] - samples.end_s[joined[-1][1] - 1] < PAUSE_S:
            joined[-1] = (joined[-1][0], last)
        else:
            joined.append((first, last))
    return joined


def _is_layered(samples: CameraSamples, first: int, last: int) -> bool:
    """Whether a near layer of the background passes before the far one during a move."""
    ratio = samples.near_ratio[first:last]
    seen = ratio[ratio > 0]
    return len(seen) >= LAYERED_SHARE * len(ratio) and float(np.median(seen)) >= LAYERED_RATIO


def _in_space(label: str) -> str:
    """The label of the move of the camera's place that looks like a turn or a zoom."""
    kind, way = label.split("_")
    # The camera that turns right and the one that goes right both see the content drift left.
    return f"{MOVED_IN_SPACE[kind]}_{way}" if kind in MOVED_IN_SPACE else label


def _move(
    samples: CameraSamples, values: Floats, first: int, last: int, label: str, threshold: float
) -> CameraMove:
    duration = samples.end_s[first:last] - samples.start_s[first:last]
    rate = float(np.sum(values[first:last] * duration) / np.sum(duration))
    # Twice the threshold is beyond doubt; a tenth of background is a guess.
    clear = min(1.0, float(np.max(values[first:last])) / (2 * threshold))
    seen = float(np.clip(np.mean(samples.inliers[first:last]) / 0.5, 0.2, 1.0))
    return CameraMove(
        start_s=float(samples.start_s[first]),
        end_s=float(samples.end_s[last - 1]),
        label=label,
        rate=rate,
        confidence=round(clear * seen, 3),
    )


def _arcs(
    samples: CameraSamples, duration: Floats, shaken: bool, settings: MeasureSettings, aspect: float
) -> list[CameraMove]:
    """Orbits: far ground drifts one way while near ground drifts the other.

    Seen from above, a camera that goes to the left and keeps looking at what it circles goes clockwise.
    The angle assumes that far ground shows the camera's own turning, over FIELD_OF_VIEW.
    """
    shear = _smoothed(samples.shear, duration, shaken)
    # d(v)/dx: as large as the shear in a roll, and none in an orbit.
    skew = np.abs(_smoothed(2 * samples.curl + samples.shear, duration, shaken))
    growth = np.abs(_smoothed(2 * samples.divergence, duration, shaken))
    other = np.maximum(skew, growth)
    half = np.abs(shear) / (2 * aspect)
    # Half the frame's height above the centre is far, as much below it is near: the drift must change
    # its sign well inside.
    crossing = np.abs(_smoothed(samples.pan, duration, shaken)) < 0.8 * half
    orbit = (np.abs(shear) > LEAST_SHEAR) & (other < SHEAR_PURITY * np.abs(shear)) & crossing
    far_turn = FIELD_OF_VIEW * np.abs(-_smoothed(samples.pan, duration, shaken) - shear / (2 * aspect))
    moves = []
    for sign, label in ((1, "arc_cw"), (-1, "arc_ccw")):
        rate = np.where(orbit & (sign * shear > 0), far_turn, 0.0)
        for first, last in _segments(rate, samples, 1e-3, 0.0, settings.min_move_s):
            moves.append(_move(samples, rate, first, last, label, 1e-3))
    return moves


def _without_shadows_of_arcs(moves: list[CameraMove]) -> list[CameraMove]:
    """An orbit turns and shifts the picture by itself: no pan, zoom or roll is claimed beside it."""
    arcs = [move for move in moves if move.label.startswith("arc")]
    return [
        move
        for move in moves
        if move in arcs
        or not any(
            min(move.end_s, arc.end_s) - max(move.start_s, arc.start_s) > 0.5 * (move.end_s - move.start_s)
            for arc in arcs
        )
    ]
