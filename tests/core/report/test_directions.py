"""Directions and speeds, as the charts count them."""

from __future__ import annotations

from typing import Any

import pytest

from motionsight_core.report._directions import camera_sectors, track_course

RIGHT, UP_RIGHT, UP, LEFT, DOWN = 0, 1, 2, 4, 6


def move(label: str, rate: float, start_s: float = 0.0, end_s: float = 2.0) -> dict[str, Any]:
    return {"label": label, "rate": rate, "start_s": start_s, "end_s": end_s}


def test_a_pan_goes_sideways_and_a_tilt_up_or_down() -> None:
    assert camera_sectors([move("pan_left", 0.1)], 0.5625) == [LEFT]
    assert camera_sectors([move("tilt_up", 0.1, 0, 1), move("tilt_down", 0.1, 1, 2)], 0.5625) == [UP, DOWN]


def test_a_pan_under_a_tilt_goes_aslant() -> None:
    moves = [move("pan_right", 0.1), move("tilt_up", 0.2, 1.0, 2.0)]
    assert camera_sectors(moves, 0.5) == [RIGHT, UP_RIGHT]


def test_zooms_rolls_and_short_ways_go_nowhere() -> None:
    assert camera_sectors([move("zoom_in", 0.3), move("roll_cw", 9.0), move("static", 0.0)], 0.5) == []
    assert camera_sectors([move("pan_right", 0.02, 0.0, 0.5)], 0.5) == []


@pytest.mark.parametrize("label", ["static", "zoom_in", "pan_right", "whatever_left"])
def test_a_row_of_another_program_without_a_rate_or_with_a_label_of_its_own_goes_nowhere(label: str) -> None:
    assert camera_sectors([move(label, 0.1) | {"rate": None}], 0.5) == []


def boxes(*centres: tuple[float, float]) -> list[dict[str, float]]:
    return [
        {"t_s": number * 0.1, "x0": x - 0.1, "y0": y - 0.1, "x1": x + 0.1, "y1": y + 0.1}
        for number, (x, y) in enumerate(centres)
    ]


def test_a_track_goes_where_its_boxes_end_and_upwards_in_the_picture_is_up() -> None:
    direction, speed = track_course(boxes(*((0.5, 0.9 - 0.02 * n) for n in range(20))), 0.5)
    assert direction == UP
    assert speed == pytest.approx(0.1)  # .2 heights a second, of a frame half as high as wide


def test_jitter_is_neither_a_direction_nor_a_speed() -> None:
    direction, speed = track_course(boxes(*((0.5 + 0.004 * (n % 2), 0.5) for n in range(30))), 0.5)
    assert direction is None
    assert speed < 0.02


@pytest.mark.parametrize("count", [0, 1, 2, 3])
def test_a_track_of_a_few_boxes_has_a_course(count: int) -> None:
    direction, speed = track_course(boxes(*((0.1 + 0.2 * n, 0.5) for n in range(count))), 0.5)
    assert direction == (RIGHT if count > 1 else None)
    assert speed == pytest.approx(2.0 if count > 1 else 0.0)
