"""The camera's velocity from frame to frame, shot by shot, and how it is smoothed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from motionsight_core.record import Dissolve

Floats = NDArray[np.float64]

#: Black between two shots that lasts less is part of one joint: a fade out, black, a fade in. Seconds.
BLACK_S = 0.5
#: Times that differ by less are the same, seconds.
SAME_S = 1e-6
#: Deformation (1/s) up to which zoom and roll are believed without asking for parallax.
LEAST_DEFORMATION = 0.008
#: Divergence, and curl, over the deformation from which on zoom, and roll, are believed. One plane behind
#: another gives just 1, a zoom or a roll more than 10.
ZOOM_OVER_DEFORMATION = 1.5
ROLL_OVER_DEFORMATION = 1.5
#: Pairs over which they are compared: single ones are noisy.
BELIEF_PAIRS = 5


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
    texture: Floats
    """Mean texture weight of the picture, 0 to 1."""
    still: Floats
    """Share of the picture that holds still though the camera's motion would move it, 0 to 1."""
    depth_ratio: Floats
    """How many times faster near things go than far ones, the camera's way; 1 where depth does not show."""
    far_drift: Floats
    """In an orbit, how far things drift to the right, widths per second; near ones go the other way."""
    near_drift: Floats
    held: NDArray[np.bool_]
    """Where one frame is shown for long: the picture stands still."""

    def __len__(self) -> int:
        return len(self.start_s)

    @property
    def duration_s(self) -> Floats:
        """How long each sample lasts, seconds."""
        return self.end_s - self.start_s

    def part(self, first: int, last: int) -> CameraSamples:
        """The pairs first..last-1."""
        return CameraSamples(*(getattr(self, name)[first:last] for name in self.__slots__))


@dataclass(frozen=True, slots=True)
class Joint:
    """Where one shot gives way to the next; at the begin or end of a clip, to nothing."""

    start_s: float
    """Source seconds; the last moment of the old shot alone."""
    at_s: float
    """Where the one ends for the reader, and the other begins."""
    end_s: float
    """The first moment of the new shot alone."""


def joints_of(
    cuts_s: Iterable[float], dissolves: Sequence[Dissolve], start_s: float, end_s: float
) -> list[Joint]:
    """The joints of a clip's span, in order; a fade out and what follows the black after it are one."""
    found: list[tuple[Joint, str]] = [(Joint(cut_s, cut_s, cut_s), "cut") for cut_s in cuts_s]
    for one in dissolves:
        at_s = {
            "dissolve": (one.start_s + one.end_s) / 2,
            "fade_out": end_s if end_s - one.end_s < BLACK_S else one.end_s,
            "fade_in": start_s if one.start_s - start_s < BLACK_S else one.start_s,
        }[one.kind]
        found.append((Joint(one.start_s, at_s, one.end_s), one.kind))
    joints: list[Joint] = []
    last = ""
    for joint, kind in sorted(found, key=lambda pair: pair[0].at_s):
        # Between two cuts, or dissolves, that are as near lies a short shot.
        is_black = last == "fade_out" or kind == "fade_in"
        if joints and is_black and joint.start_s < joints[-1].end_s + BLACK_S:
            before = joints.pop()
            joint = Joint(before.start_s, (before.at_s + joint.at_s) / 2, max(before.end_s, joint.end_s))
        joints.append(joint)
        last = kind
    return joints


def shots(
    samples: CameraSamples, joints: Iterable[Joint], start_s: float, end_s: float
) -> Iterator[tuple[CameraSamples, tuple[float, float]]]:
    """Each shot of a clip's span: its pairs, and from when until when it lasts.

    A pair that ends at a cut belongs to none, nor do those of a dissolve.
    """
    first, from_s = 0, start_s
    for joint in joints:
        last = int(np.searchsorted(samples.end_s, joint.start_s))
        if joint.at_s > from_s:
            yield samples.part(first, max(first, last)), (from_s, joint.at_s)
        first, from_s = int(np.searchsorted(samples.start_s, joint.end_s - SAME_S)), joint.at_s
    if from_s < end_s:
        yield samples.part(first, len(samples)), (from_s, end_s)


def moving_parts(shot: CameraSamples) -> Iterator[CameraSamples]:
    """The samples of a shot between its held frames: no move goes on over one."""
    for first, last in runs(~shot.held):
        yield shot.part(first, last)


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
    duration = samples.duration_s
    deformation = blurred(samples.deformation, duration, np.ones(BELIEF_PAIRS))
    clear = np.abs(blurred(component, duration, np.ones(BELIEF_PAIRS))) > ratio * deformation
    return (deformation < LEAST_DEFORMATION) | clear


def blurred(values: Floats, duration: Floats, kernel: Floats) -> Floats:
    """Weighted mean around each sample, each sample counting as long as it lasts."""
    reach = len(kernel) // 2
    weighted = np.convolve(values * duration, kernel)[reach : reach + len(values)]
    return weighted / np.convolve(duration, kernel)[reach : reach + len(values)]


def blurred_in_time(values: Floats, duration: Floats, sigma_s: float) -> Floats:
    """Mean around each sample under a Gaussian of its time, each sample counting as long as it lasts."""
    middle_s = np.cumsum(duration) - duration / 2
    reach = max(1, round(2.5 * sigma_s / float(np.median(duration))))
    total, weights = values * duration, duration.copy()
    for distance in range(1, min(reach, len(values) - 1) + 1):
        kernel = np.exp(-0.5 * ((middle_s[distance:] - middle_s[:-distance]) / sigma_s) ** 2)
        for here, there in (
            (slice(distance, None), slice(None, -distance)),
            (slice(None, -distance), slice(distance, None)),
        ):
            total[here] += kernel * duration[there] * values[there]
            weights[here] += kernel * duration[there]
    return total / weights


def runs(above: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """The runs [first, last) of what is true."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], above, [False]]).astype(np.int8)))
    return [(int(first), int(last)) for first, last in edges.reshape(-1, 2)]
