"""What passes before a texture that moves in place: a group and a trail by itself."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from motionsight_core.measure.grouping import Group
from motionsight_core.measure.joining import joined
from motionsight_core.measure.regions import Region
from motionsight_core.measure.sifting import sifted
from motionsight_core.measure.trails import Trail
from tests.core.measure.pictures import HEIGHT, WIDTH
from tests.core.measure.test_dividing import steps

#: Half of the frame, of which a fifth differs, and a square of 24 pixels in it.
TOP, SIDE = 90, 24
SQUARE = (slice(120, 120 + SIDE), slice(150, 150 + SIDE))


def waves() -> NDArray[np.float64]:
    """Flow [h, w, 2] to and fro, patch by patch, pixels."""
    patches = np.random.default_rng(3).normal(0, 0.5, (12, 20, 2))
    return np.asarray(cv2.resize(patches, (WIDTH, HEIGHT), interpolation=cv2.INTER_LINEAR), np.float64)


def group_of(differing: NDArray[np.bool_]) -> Group:
    rows, columns = np.nonzero(differing)
    return Group(rows, columns, 2.0)


def strewn(share: float = 0.2) -> NDArray[np.bool_]:
    differing = np.random.default_rng(4).uniform(size=(HEIGHT, WIDTH)) < share
    differing[:TOP] = False
    return differing


def test_what_gets_on_before_waves_is_a_group_by_itself() -> None:
    flow, differing = waves(), strewn()
    flow[SQUARE], differing[SQUARE] = (4.0, 0.5), True

    boat, water = sifted(group_of(differing), steps(flow))

    assert boat.box == pytest.approx((150, 120, 150 + SIDE, 120 + SIDE), abs=4)
    assert len(boat.rows) + len(water.rows) == differing.sum()
    assert water.box == pytest.approx((0, TOP, WIDTH, HEIGHT), abs=3)


@pytest.mark.parametrize("case", ["waves alone", "an arm of a swaying body", "a crowd", "a small group"])
def test_other_groups_stay_as_they_are(case: str) -> None:
    flow, differing = waves(), strewn()
    if case == "an arm of a swaying body":
        flow[:] = (1.2, 0.2)
    elif case == "a crowd":  # everything gets on
        flow[:] = (-4.0, 0.0)
    elif case == "a small group":
        differing[:, :100] = differing[:, 200:] = False
    if case != "waves alone":
        flow[SQUARE], differing[SQUARE] = (4.0, 0.5), True
    group = group_of(differing)

    assert sifted(group, steps(flow)) == [group]


def trail_of(*boxes: tuple[float, float, float, float]) -> Trail:
    """A trail with a box every tenth of a second."""
    trail = Trail(0)
    for frame, box in enumerate(boxes):
        mass = 0.3 * (box[2] - box[0]) * (box[3] - box[1])
        trail.add(frame, frame / 10, box, Region(box, mass, 2.0), layered=False)
    return trail


@pytest.mark.parametrize(("way", "tracks"), [(0.3, 2), (0.02, 1)])
def test_a_small_thing_that_gets_on_over_wide_waves_is_no_part_of_them(way: float, tracks: int) -> None:
    lefts = 0.3 + way * np.linspace(0, 1, 20)
    boat = trail_of(*((left, 0.7, left + 0.08, 0.8) for left in lefts))
    water = trail_of(*[(0.0, 0.5, 1.0, 1.0)] * 20)

    assert len(joined([water, boat])) == tracks


def test_an_arm_that_swings_is_a_part_of_its_body() -> None:
    tops = 0.35 + 0.1 * np.abs(np.linspace(-1, 1, 20))
    arm = trail_of(*((0.5, top, 0.56, top + 0.15) for top in tops))
    body = trail_of(*[(0.35, 0.3, 0.6, 0.9)] * 20)

    assert len(joined([body, arm])) == 1
