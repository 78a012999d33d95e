"""What is kept of a pair of neighbouring frames: numbers only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np

from motionsight_core.measure.camera import LEAST_SUPPORT, Registration
from motionsight_core.measure.samples import CameraSamples
from motionsight_core.measure.whips import Breaks, Shift

#: Deformation, 1/s, from which on the affine says where the frame's centre goes.
SLOPING = 0.05


@dataclass(frozen=True, slots=True)
class Pair:
    """How the camera moved between two neighbouring frames, in the units of CameraSamples."""

    start_s: float
    end_s: float
    seen: bool
    """Whether the earlier frame has enough texture to tell that it stands still."""
    pan: float = 0.0
    tilt: float = 0.0
    zoom: float = 0.0
    roll: float = 0.0
    shear: float = 0.0
    deformation: float = 0.0
    divergence: float = 0.0
    curl: float = 0.0
    inliers: float = 0.0
    texture: float = 0.0
    still: float = 0.0
    depth_ratio: float = 1.0
    far_drift: float = 0.0
    near_drift: float = 0.0
    flow_widths: float = 0.0
    """Mean length of the flow, frame widths."""
    is_shift: bool = False
    """Whether the picture is shifted as a whole, farther than the flow sees."""


def pair_of(motion: Registration, start_s: float, end_s: float, size: tuple[int, ...]) -> Pair:
    """The camera's velocities: the content's, turned round, over the pair's duration."""
    height, width = size
    duration = end_s - start_s
    (scale_cos, _, shift_x), (scale_sin, _, shift_y) = motion.similarity
    (xx, xy, affine_x), (yx, yy, affine_y) = motion.affine
    deformation = float(np.hypot((xx - yy) / 2, (xy + yx) / 2)) / duration
    if deformation > SLOPING:
        # No similarity fits ground that recedes: which part of it wins changes from pair to pair.
        shift_x, shift_y = affine_x, affine_y
    if motion.depth.drift is not None:
        shift_x, shift_y = motion.depth.drift
    return Pair(
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
        texture=motion.texture,
        still=motion.still,
        depth_ratio=motion.depth.ratio,
        far_drift=motion.orbit[0] / width / duration,
        near_drift=motion.orbit[1] / width / duration,
        flow_widths=float(np.mean(np.hypot(*np.moveaxis(motion.flow[::4, ::4], -1, 0)))) / width,
        seen=motion.support >= LEAST_SUPPORT,
    )


def shifted_pair(
    shift: Shift | None, start_s: float, end_s: float, size: tuple[int, ...], *, seen: bool
) -> Pair:
    """A pair that shifts the picture as a whole; without a shift, one of which nothing is known."""
    if shift is None:
        return Pair(start_s, end_s, seen)
    height, width = size
    duration = end_s - start_s
    return Pair(
        start_s,
        end_s,
        seen,
        pan=-shift.right / width / duration,
        tilt=shift.down / height / duration,
        inliers=shift.agreement,
        flow_widths=float(np.hypot(shift.right, shift.down)) / width,
        is_shift=True,
    )


def mended(pairs: Sequence[Pair], breaks: Breaks) -> list[Pair]:
    """The pairs without what the flow makes of lost pictures: a cut or jump moves nothing, a whip one way."""
    result = list(pairs)
    for index in breaks.cuts | breaks.jumps:
        result[index] = Pair(pairs[index].start_s, pairs[index].end_s, pairs[index].seen)
    for first, last in breaks.whips:
        shifted = [pair for pair in pairs[first:last] if pair.is_shift]
        around = shifted or [pairs[index] for index in (first - 1, last) if 0 <= index < len(pairs)]
        pan, tilt = (float(np.mean([getattr(pair, name) for pair in around])) for name in ("pan", "tilt"))
        result[first:last] = [
            Pair(pair.start_s, pair.end_s, pair.seen, pan=pan, tilt=tilt) for pair in pairs[first:last]
        ]
    return result


def samples_of(pairs: Sequence[Pair]) -> CameraSamples:
    """The pairs as arrays."""
    columns = {
        field.name: np.array([getattr(pair, field.name) for pair in pairs], np.float64)
        for field in fields(CameraSamples)
        if field.name != "held"
    }
    return CameraSamples(**columns, held=np.zeros(len(pairs), np.bool_))
