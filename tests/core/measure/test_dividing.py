"""Groups of pixels that are two things: divided by their motions, and only where these are two."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from motionsight_core.measure.dividing import Step, divided
from motionsight_core.measure.grouping import Group

HEIGHT, WIDTH = 180, 320
#: The group: two squares of 40 pixels, side by side.
ROWS, COLUMNS = (side.ravel() for side in np.mgrid[60:100, 100:180])
GROUP = Group(ROWS, COLUMNS, 2.0)
STILL = np.eye(3)
ROW, COLUMN = np.mgrid[0:HEIGHT, 0:WIDTH].astype(np.float64)


def steps(flow: NDArray[np.floating], passing: NDArray[np.float64] = STILL) -> list[Step]:
    """The same step three times, with the error that flow has."""
    noise = np.random.default_rng(0).normal(0, 0.2, (3, HEIGHT, WIDTH, 2))
    return [((flow + one).astype(np.float32), passing) for one in noise]


def flow_of(*parts: tuple[slice, tuple[float, float]]) -> NDArray[np.float64]:
    """[h, w, 2]: each part's columns with their motion, pixels."""
    flow = np.zeros((HEIGHT, WIDTH, 2))
    for columns, motion in parts:
        flow[:, columns] = motion
    return flow


def spans(groups: list[Group]) -> list[tuple[int, int]]:
    return sorted((int(group.columns.min()), int(group.columns.max()) + 1) for group in groups)


@pytest.mark.parametrize("other", [(-3.0, 0.0), (2.0, 0.0), (3.0, 3.0), (0.0, 4.0)])
def test_two_things_side_by_side_are_two_groups(other):
    flow = flow_of((slice(0, 140), (4.0, 0.0)), (slice(140, WIDTH), other))

    assert spans(divided([GROUP], steps(flow))) == [
        (100, pytest.approx(140, abs=4)),
        (pytest.approx(140, abs=4), 180),
    ]


def test_it_is_told_by_the_motion_against_a_background_that_passes():
    passing = np.array([[1.0, 0.0, -6.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]])
    flow = flow_of((slice(0, 140), (-6.0, 0.0)), (slice(140, WIDTH), (-2.0, 0.0)))

    assert divided([GROUP], steps(flow, passing)) == [GROUP]  # the left half is the ground, uncovered
    flow = flow_of((slice(0, 140), (-9.0, 0.0)), (slice(140, WIDTH), (-2.0, 0.0)))
    assert len(divided([GROUP], steps(flow, passing))) == 2


@pytest.mark.parametrize(
    "flow",
    [
        flow_of((slice(0, WIDTH), (4.0, 1.0))),
        # A pendulum, a thing that comes nearer, and an edge at which the flow of what is fast is blurred.
        np.stack([0.08 * (ROW - 20), -0.08 * (COLUMN - 140)], axis=-1),
        np.stack([0.06 * (COLUMN - 60), 0.06 * (ROW - 80)], axis=-1),
        flow_of((slice(0, 110), (5.0, 0.0)), (slice(110, WIDTH), (9.0, 0.0))),
    ],
)
def test_one_thing_is_one_group(flow):
    assert divided([GROUP], steps(flow)) == [GROUP]


def test_what_hardly_differs_or_is_strewn_is_one_group():
    rng = np.random.default_rng(1)
    slow = flow_of((slice(0, 140), (4.0, 0.0)), (slice(140, WIDTH), (4.3, 0.0)))
    leaves = rng.normal(0, 4, (HEIGHT, WIDTH, 2))

    assert divided([GROUP], steps(slow)) == [GROUP]
    assert divided([GROUP], steps(leaves)) == [GROUP]


def test_small_groups_and_the_last_frame_are_left_as_they_are():
    flow = flow_of((slice(0, 140), (4.0, 0.0)), (slice(140, WIDTH), (-4.0, 0.0)))
    rows, columns = (side.ravel() for side in np.mgrid[60:70, 132:148])
    small = Group(rows, columns, 2.0)

    assert divided([small], steps(flow)) == [small]
    assert divided([GROUP], []) == [GROUP]


def apart(gap: int, *, down: int = 0, size: int = 40) -> Group:
    """A square of 40 pixels, and another one of `size` so far to its right, and so much further down."""
    first, second = np.mgrid[60:100, 100:140], np.mgrid[60 : 60 + size, 140 : 140 + size]
    rows = np.concatenate([first[0].ravel(), second[0].ravel() + down])
    columns = np.concatenate([first[1].ravel(), second[1].ravel() + gap])
    return Group(rows, columns, 2.0)


TWO_WAYS = flow_of((slice(0, 146), (3.0, 0.0)), (slice(146, WIDTH), (5.0, 0.5)))


def test_two_things_with_a_gap_between_them_are_two_groups_where_they_go_different_ways():
    assert spans(divided([apart(12)], steps(TWO_WAYS))) == [(100, 140), (152, 192)]


@pytest.mark.parametrize(
    "flow",
    [
        flow_of((slice(0, WIDTH), (3.0, 0.0))),  # the wheels of a car
        flow_of((slice(0, 146), (3.0, 0.0)), (slice(146, WIDTH), (3.6, 0.0))),
        # Both ends of a log that turns, and of one that comes nearer.
        np.stack([-0.08 * (ROW - 20), 0.08 * (COLUMN - 60)], axis=-1),
        np.stack([0.05 * (COLUMN - 40), 0.05 * (ROW - 40)], axis=-1),
        # A thing, and what it uncovers of the ground.
        flow_of((slice(0, 146), (3.0, 0.0)), (slice(146, WIDTH), (0.2, 0.0))),
    ],
)
def test_parts_of_one_thing_with_a_gap_between_them_are_one_group(flow):
    assert spans(divided([apart(12)], steps(flow))) == [(100, 192)]


def test_a_part_above_or_below_another_is_a_thing():
    assert spans(divided([apart(12, down=30)], steps(TWO_WAYS))) == [(100, 140), (152, 192)]


def test_an_arm_that_moves_before_its_body_is_no_thing():
    rows, columns = (side.ravel() for side in np.mgrid[60:140, 100:180])
    from_edge = np.minimum(np.minimum(rows - 60, 139 - rows), np.minimum(columns - 100, 179 - columns))
    rim_and_middle = (from_edge < 15) | (from_edge >= 22)
    group = Group(rows[rim_and_middle], columns[rim_and_middle], 2.0)
    flow = flow_of((slice(0, WIDTH), (3.0, 0.0)))
    flow[78:122, 118:162] = (6.0, 0.0)

    assert spans(divided([group], steps(flow))) == [(100, 180)]


def test_what_is_small_goes_with_the_thing_that_is_nearest():
    dots = np.array([[58, 146], [104, 195]])
    group = apart(12)
    dotted = Group(
        np.concatenate([group.rows, *(row + np.repeat(np.arange(4), 4) for row, _ in dots)]),
        np.concatenate([group.columns, *(column + np.tile(np.arange(4), 4) for _, column in dots)]),
        2.0,
    )
    assert spans(divided([dotted], steps(TWO_WAYS))) == [(100, 140), (146, 199)]
