"""The benchmark that moves a camera over the pictures of one that stands still."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from benchmarks.virtual_camera import MOTIONS, SEEN, WIDTH, Pose, seen, taken
from tests.core.measure.pictures import texture

PICTURE = np.repeat(texture()[:, :, None], 3, axis=2)


def test_a_pan_shows_what_lies_to_the_right_and_a_zoom_what_lies_in_the_middle() -> None:
    straight, panned = seen(PICTURE, Pose()), seen(PICTURE, Pose(right=0.1))
    assert straight.shape == panned.shape == (360, WIDTH, 3)
    shift = WIDTH // 10
    away = np.abs(panned[:, :-shift].astype(int) - straight[:, shift:])
    assert away.mean() < 2

    whole = seen(PICTURE, Pose(zoom=float(np.log(SEEN))))
    assert np.abs(whole[180].astype(int) - PICTURE[360, ::2]).mean() < 6


@pytest.mark.parametrize("name", ["static", "roll", "shaken pan"])
def test_what_the_virtual_camera_does_is_what_is_measured(name: str, tmp_path: Path) -> None:
    motion = MOTIONS[name]
    found = taken([PICTURE] * 30, 15.0, motion, tmp_path / "taken.mp4")
    assert {move.label: move.rate for move in found.camera_moves} == pytest.approx(motion.rates, rel=0.1)
