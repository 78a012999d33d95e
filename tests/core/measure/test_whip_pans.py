"""Whip pans are moves, however much they smear the picture; cuts stay cuts, however fast the camera is."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
import pytest
from av.video.frame import VideoFrame

from motionsight_core.measure import MotionMeasurement, MotionMeter
from motionsight_core.measure.whips import ShiftFinder, is_smeared, sharpness
from motionsight_core.settings import ClipSettings, MeasureSettings
from motionsight_core.video.sampling import measured_frames
from motionsight_core.video.shots import ShotFinder
from tests.core.measure.pictures import HEIGHT, WIDTH, Frames, Luma, texture, view

FPS = 30


def street(seed: int) -> Luma:
    """A wide picture with edges and flat areas, as a street has them, [h, w]."""
    rng = np.random.default_rng(seed)
    picture = np.full((1000, 2200), 170, np.uint8)
    for _ in range(400):
        x, y = int(rng.integers(0, 2200)), int(rng.integers(0, 1000))
        size = int(rng.integers(8, 90)), int(rng.integers(8, 120))
        cv2.rectangle(picture, (x, y), (x + size[0], y + size[1]), int(rng.integers(20, 240)), -1)
    cloudy = texture(seed, picture.shape)
    return np.asarray(cv2.addWeighted(picture, 0.8, cloudy, 0.2, 0), np.uint8)


STREET, OTHER = street(0), street(1)
WAYS = {"right": 0.0, "left": np.pi, "up": -np.pi / 2, "down": np.pi / 2, "right and down": 0.5}


def seen(
    picture: Luma, x: float, y: float, *, speed: tuple[float, float] = (0.0, 0.0), shutter: float = 0.5
) -> Luma:
    """The picture at a place, in widths from its middle, smeared by a speed in widths per second."""
    smear = np.array(speed) * shutter / FPS
    count = max(1, round(float(np.hypot(*smear)) * WIDTH / 2))
    total = np.zeros((HEIGHT, WIDTH), np.float32)
    for share in np.linspace(-0.5, 0.5, count) if count > 1 else (0.0,):
        dx, dy = smear * share
        total += view(picture, right=-WIDTH * (x + dx), down=-WIDTH * (y + dy))
    return (total / count).astype(np.uint8)


def film(frame_at: Callable[[float], Luma], seconds: float) -> Frames:
    """Frames with a camera's noise."""
    noise = np.random.default_rng(0).normal(0, 1.5, (8, HEIGHT, WIDTH))
    frames = []
    for index in range(round(seconds * FPS)):
        frame = frame_at(index / FPS) + noise[index % 8]
        frames.append((index / FPS, np.clip(frame, 0, 255).astype(np.uint8)))
    return frames


def whip(
    picture: Luma,
    way: float,
    distance: float,
    lasting_s: float,
    *,
    shutter: float = 0.5,
    then: Luma | None = None,
) -> Frames:
    """A second of rest, a whip over a distance in widths, a second of rest, perhaps of another picture."""
    direction = np.array([np.cos(way), np.sin(way)])

    def frame_at(t_s: float) -> Luma:
        share = float(np.clip((t_s - 1) / lasting_s, 0, 1))
        at = distance * (share * share * (3 - 2 * share) - 0.5) * direction
        speed = distance * 6 * share * (1 - share) / lasting_s * direction
        shown = picture if then is None or share < 0.5 else then
        return seen(shown, *at, speed=(speed[0], speed[1]), shutter=shutter)

    return film(frame_at, 2 + lasting_s)


def measured(frames: Frames) -> MotionMeasurement:
    times_s = np.array([t_s for t_s, _ in frames])
    meter = MotionMeter(MeasureSettings(), aspect=WIDTH / HEIGHT)
    for position in measured_frames(times_s, 10.0):
        meter.push(frames[position][1], float(times_s[position]))
    return meter.finish(0.0, float(times_s[-1] + 1 / FPS))


def scene_starts(frames: Frames) -> list[float]:
    finder = ShotFinder(ClipSettings())
    found = []
    for number, (t_s, luma) in enumerate(frames):
        # Colours: the finder compares hues as well.
        coloured = VideoFrame.from_ndarray(
            np.asarray(cv2.applyColorMap(luma, cv2.COLORMAP_JET), np.uint8), format="bgr24"
        )
        found.append(finder.push(number, coloured.reformat(format="yuv420p"), t_s))
    return [frames[number][0] for number in found if number is not None]


@pytest.mark.in_gate("2.0-0.4-down", "3.5-0.3-right and down", "4.0-0.4-left")
@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(("speed", "lasting_s"), [(2.0, 0.4), (3.5, 0.3), (4.0, 0.4)])
def test_a_whip_pan_is_a_very_fast_move_and_no_cut(way: str, speed: float, lasting_s: float) -> None:
    # Half as far up and down: the frame is not as high as it is wide.
    distance = speed * lasting_s * (0.5 if way in ("up", "down") else 1)

    frames = whip(STREET, WAYS[way], distance, lasting_s)
    measurement = measured(frames)

    assert measurement.cuts == ()
    assert scene_starts(frames) == []
    labels = {move.label for move in measurement.camera_moves}
    meant = {"right": "pan_right", "left": "pan_left", "up": "tilt_up", "down": "tilt_down"}
    assert labels == {meant.get(way, "pan_right"), *(["tilt_down"] if way == "right and down" else [])}
    gone = sum(
        move.rate * (move.end_s - move.start_s) / (1 if move.label.startswith("pan") else WIDTH / HEIGHT)
        for move in measurement.camera_moves
    )
    ways = np.abs([np.cos(WAYS[way]), np.sin(WAYS[way])]).sum()
    # The smoothing, which lets go of single outliers, flattens so short a peak.
    assert gone == pytest.approx(distance * ways, rel=0.3)
    assert measurement.steadiness == "smooth"


@pytest.mark.parametrize("shutter", [0.25, 0.5, 1.0])
def test_a_whip_that_leaves_nothing_in_common_from_frame_to_frame_is_no_cut(shutter: float) -> None:
    frames = whip(STREET, 0.0, 2.6, 0.3, shutter=shutter)

    assert measured(frames).cuts == ()
    assert scene_starts(frames) == []


def test_a_whip_from_one_place_to_another_is_no_cut() -> None:
    frames = whip(STREET, 0.0, 1.6, 0.4, then=OTHER)

    assert measured(frames).cuts == ()
    assert scene_starts(frames) == []


CUTS: dict[str, tuple[Callable[[float], Luma], Callable[[float], Luma]]] = {
    "to another picture": (lambda _: seen(STREET, -0.3, 0.0), lambda _: seen(OTHER, 0.3, 0.0)),
    "to another place of the same picture": (
        lambda _: seen(STREET, -0.8, 0.0),
        lambda _: seen(STREET, 0.8, 0.1),
    ),
    "to a place that shows half of the same": (
        lambda _: seen(STREET, -0.25, 0.0),
        lambda _: seen(STREET, 0.25, 0.0),
    ),
    "between two fast pans": (
        lambda t: seen(STREET, 0.9 * t - 1, 0.0, speed=(0.9, 0.0)),
        lambda t: seen(OTHER, 0.9 * t - 2, 0.0, speed=(0.9, 0.0)),
    ),
    "into a very fast pan": (
        lambda _: seen(STREET, -0.3, 0.0),
        lambda t: seen(OTHER, 2 * (t - 1.5) - 1, 0.0, speed=(2.0, 0.0)),
    ),
    "out of focus": (
        lambda _: seen(STREET, -0.3, 0.0),
        lambda _: cv2.GaussianBlur(seen(OTHER, 0.3, 0.0), (0, 0), 4).astype(np.uint8),
    ),
    "to stripes": (
        lambda _: seen(STREET, -0.3, 0.0),
        lambda _: np.repeat(OTHER[:HEIGHT, 40:41], WIDTH, axis=1),
    ),
}


@pytest.mark.parametrize("kind", CUTS)
def test_a_cut_stays_a_cut(kind: str) -> None:
    before, after = CUTS[kind]
    frames = film(lambda t: before(t) if t < 1.49 else after(t), 2.4)

    assert measured(frames).cuts == (1.5,)
    if not kind.endswith(("pan", "pans")):  # where all changes fast, a cut does not stand out
        assert scene_starts(frames) == [1.5]


def test_a_jump_of_a_picture_that_moves_otherwise_is_no_move() -> None:
    # Two recordings of one pan, joined: the picture jumps back by a third of its width.
    frames = film(lambda t: seen(STREET, 0.3 * (t if t < 1.15 else t - 1.2), 0.0), 2.4)

    measurement = measured(frames)

    assert {move.label for move in measurement.camera_moves} == {"pan_right"}
    assert measurement.motion_score == pytest.approx(0.3, abs=0.04)


def test_an_unsharp_picture_that_is_shown_between_two_cuts_is_a_shot_of_its_own() -> None:
    sharp, last = view(STREET), view(OTHER)
    # Smeared along one way, as in a whip, but it holds still for half a second.
    unsharp = np.asarray(cv2.blur(view(texture(7)), (41, 1)), np.uint8)
    assert is_smeared(sharpness(unsharp), sharpness(sharp))
    meter = MotionMeter(MeasureSettings(), aspect=WIDTH / HEIGHT)
    for index in range(25):
        picture = sharp if index < 10 else unsharp if index < 15 else last
        grain = np.random.default_rng(index).integers(0, 3, picture.shape).astype(np.uint8)
        meter.push(np.asarray(cv2.add(picture, grain), np.uint8), index / 10)

    assert meter.finish(0.0, 2.5).cuts == (1.0, 1.5)


def test_a_large_shift_is_found_and_two_different_pictures_have_none() -> None:
    finder = ShiftFinder(HEIGHT, WIDTH)
    here = seen(STREET, 0.0, 0.0)

    shift = finder.find(here, seen(STREET, 0.5, 0.1, speed=(4.0, 0.8)))

    assert shift is not None
    assert shift.is_sure
    assert (shift.right, shift.down) == pytest.approx((-0.5 * WIDTH, -0.1 * WIDTH), abs=5)
    assert finder.find(here, seen(OTHER, 0.0, 0.0)) is None
    assert finder.find(here, seen(STREET, 0.02, 0.0)) is None


def test_a_smear_is_told_from_an_unsharp_picture() -> None:
    sharp = sharpness(seen(STREET, 0.0, 0.0))

    assert is_smeared(sharpness(seen(STREET, 0.0, 0.0, speed=(5.0, 0.0))), sharp)
    assert is_smeared(sharpness(seen(STREET, 0.0, 0.0, speed=(0.0, 4.0))), sharp)
    assert not is_smeared(
        sharpness(cv2.GaussianBlur(seen(STREET, 0.0, 0.0), (0, 0), 6).astype(np.uint8)), sharp
    )
    assert not is_smeared(sharp, sharp)
