"""What may be taken for the camera's motion, and is not: windows, hands, faint walls, overlays, noise."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
import pytest

from tests.core.measure.pictures import HEIGHT, WIDTH, Luma, film, measured, texture, view

PICTURE = texture()
#: Of a faint wall.
CONTRAST = 0.12
FAINT = np.asarray(np.clip(128 + CONTRAST * (PICTURE.astype(np.float32) - 128), 0, 255).astype(np.uint8))
RATE_TOLERANCE = 0.1


def labels(frame_at: Callable[[float], Luma], seconds: float = 3.0) -> list[str]:
    return [move.label for move in measured(film(frame_at, seconds)).camera_moves]


def written(frame: Luma, lines: int, left: int, top: int) -> None:
    for line in range(lines):
        cv2.putText(
            frame, f"some words {line}", (left, top + 14 * line), cv2.FONT_HERSHEY_SIMPLEX, 0.4, (30,), 1
        )


def test_a_window_that_scrolls_on_a_still_screen_is_no_tilt() -> None:
    page = np.full((900, 190), 250, np.uint8)
    written(page, 60, 5, 20)
    written(page, 60, 95, 20)

    def frame_at(t_s: float) -> Luma:
        screen = np.full((HEIGHT, WIDTH), 225, np.uint8)
        written(screen, 6, 4, 50)
        top = round(60 * t_s)
        screen[30:170, 110:300] = page[top : top + 140]
        return screen

    assert labels(frame_at) == ["static"]


@pytest.mark.parametrize(("down", "label"), [(0.0, "static"), (10.0, "tilt_up")])
def test_a_loud_cloth_before_a_faint_wall_is_not_the_camera(down: float, label: str) -> None:
    cloth = texture(3)

    def frame_at(t_s: float) -> Luma:
        frame = view(FAINT, down=down * t_s)
        x = round(60 + 60 * np.sin(2.2 * t_s))
        frame[30:, x : x + 150] = view(cloth, right=90 * np.sin(2.2 * t_s), clockwise=25 * t_s)[30:, :150]
        return frame

    assert labels(frame_at) == [label]


def test_a_logo_and_captions_do_not_hold_a_pan() -> None:
    def frame_at(t_s: float) -> Luma:
        frame = view(PICTURE, right=-27 * t_s)
        cv2.circle(frame, (290, 24), 20, (250,), -1)
        for line in range(4):
            written(frame, 3, 20 + 75 * line, 139)
        return frame

    (move,) = measured(film(frame_at)).camera_moves

    assert move.label == "pan_right"
    assert move.rate == pytest.approx(27 / WIDTH, rel=RATE_TOLERANCE)
    assert (move.start_s, move.end_s) == (0.0, 3.0)


def ground(t_s: float, *, far: float, near: float) -> Luma:
    """Ground whose drift, pixels per second to the right, goes from `far` at the top to `near` below."""
    rows = np.linspace(far, near, HEIGHT, dtype=np.float32)[:, None]
    x, y = np.meshgrid(np.arange(WIDTH, dtype=np.float32), np.arange(HEIGHT, dtype=np.float32))
    return cv2.remap(PICTURE, x + 480 - t_s * rows, y + 270, cv2.INTER_LINEAR).astype(np.uint8)


def test_ground_that_is_the_faster_the_nearer_it_is_makes_a_truck_of_a_pan() -> None:
    assert labels(lambda t_s: ground(t_s, far=-12, near=-45)) == ["truck_right"]


def rising(t_s: float, *, far: float, near: float) -> Luma:
    """Ground that a camera rises from: its drift, pixels per second down, goes from `far` to `near` below."""
    rows = np.arange(HEIGHT, dtype=np.float32)
    drift = far + (near - far) * np.clip((rows - 60) / (HEIGHT - 60), 0, None)
    x, y = np.meshgrid(np.arange(WIDTH, dtype=np.float32), rows - t_s * drift)
    return cv2.remap(PICTURE, x + 480, y.astype(np.float32) + 270, cv2.INTER_LINEAR).astype(np.uint8)


@pytest.mark.parametrize("far", [0.0, 1.5])
def test_ground_that_sinks_before_hills_that_stand_is_a_pedestal(far: float) -> None:
    assert labels(lambda t_s: rising(t_s, far=far, near=30)) == ["pedestal_up"]


def test_something_that_falls_before_a_wall_is_no_pedestal() -> None:
    def frame_at(t_s: float) -> Luma:
        frame = view(PICTURE)
        y = round(60 + 25 * t_s)
        frame[y:, 60:260] = view(texture(5), down=25 * t_s)[y:, 60:260]
        return frame

    assert labels(frame_at) == ["static"]


def test_ground_that_turns_about_a_middle_distance_is_an_arc() -> None:
    assert labels(lambda t_s: ground(t_s, far=-14, near=30)) == ["arc_cw"]


def test_something_quick_before_a_pan_makes_no_truck_of_it() -> None:
    def frame_at(t_s: float) -> Luma:
        frame = view(PICTURE, right=-24 * t_s)
        x = round(20 + 70 * t_s)
        frame[100:170, x : x + 70] = view(texture(5))[100:170, :70]
        return frame

    assert labels(frame_at) == ["pan_right"]


def test_a_cut_under_black_bars_is_found() -> None:
    other = texture(9)

    def frame_at(t_s: float) -> Luma:
        frame = view(PICTURE if t_s < 1.45 else other)
        frame[:38], frame[-38:] = 16, 16
        return frame

    assert measured(film(frame_at)).cuts == (1.5,)


def test_a_large_cloth_that_waves_under_noise_is_no_cut() -> None:
    cloth = texture(3)

    def frame_at(t_s: float) -> Luma:
        frame = view(FAINT)
        turned = view(cloth, right=160 * np.sin(4 * t_s), clockwise=80 * np.sin(3 * t_s))
        frame[30:, 60:280] = turned[30:, 60:280]
        grain = np.random.default_rng(round(10 * t_s)).normal(0, 14, frame.shape)
        return np.clip(frame + grain, 0, 255).astype(np.uint8)

    assert measured(film(frame_at, seconds=5.0)).cuts == ()


def test_noise_over_a_faint_picture_is_no_cut() -> None:
    rng = np.random.default_rng(3)

    def frame_at(t_s: float) -> Luma:
        noise = cv2.GaussianBlur(rng.normal(0, 26, (HEIGHT, WIDTH)).astype(np.float32), (0, 0), 1.2)
        return np.clip(view(FAINT, scale=float(np.exp(-0.25 * t_s))) + noise, 0, 255).astype(np.uint8)

    assert measured(film(frame_at)).cuts == ()


def test_each_move_has_its_evidence() -> None:
    measurement = measured(film(lambda t_s: view(PICTURE, right=-32 * t_s)))

    (evidence,) = measurement.move_evidence
    assert evidence.over_threshold > 3
    assert evidence.inliers > 0.9
    assert evidence.duration_s == pytest.approx(2.9)
    assert evidence.share == 1.0
    assert evidence.unsteadiness < 0.05
    assert evidence.halves > 0.95
    assert (evidence.still, evidence.depth, evidence.turns) == (0.0, 0.0, 0.0)
    assert measured(film(lambda _: view(PICTURE))).move_evidence == ()
