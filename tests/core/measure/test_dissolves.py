"""Shot changes that take time are found with their times, and what moves is none."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest

from benchmarks._scenes_drawn import Draw, rendered_and_measured
from motionsight_core.measure import MotionMeasurement
from motionsight_core.measure.narrate import describe_camera
from motionsight_core.measure.samples import Joint, joints_of
from motionsight_core.record import Dissolve
from tests.core.measure.pictures import HEIGHT, WIDTH, Luma, film, measured, texture, view

OLD, NEW = texture(1), texture(2)
BLACK = np.full((HEIGHT, WIDTH), 16, np.uint8)
FPS = 15.0

Shown = Callable[[float], Luma]


def still(picture: Luma) -> Shown:
    return lambda t_s: view(picture)


def panning(picture: Luma, widths_per_s: float, *, from_s: float = 0.0) -> Shown:
    """The camera turns to the right."""
    return lambda t_s: view(picture, right=-WIDTH * widths_per_s * (t_s - from_s))


def joined(old: Shown, new: Shown, start_s: float, end_s: float) -> Shown:
    """The one, mixed into the other from one time to another."""

    def frame(t_s: float) -> Luma:
        share = float(np.clip((t_s - start_s) / (end_s - start_s), 0, 1))
        return np.asarray(cv2.addWeighted(new(t_s), share, old(t_s), 1 - share, 0), np.uint8)

    return frame


def of(frame_at: Shown, seconds: float = 4.0) -> MotionMeasurement:
    return measured(film(frame_at, seconds, fps=FPS))


@pytest.mark.parametrize("lasts_s", [0.4, 0.8, 1.6])
def test_a_dissolve_is_found_with_its_times_and_is_neither_a_cut_nor_a_move(lasts_s: float) -> None:
    motion = of(joined(still(OLD), still(NEW), 1.2, 1.2 + lasts_s))

    (found,) = motion.dissolves
    assert found.kind == "dissolve"
    assert (found.start_s, found.end_s) == pytest.approx((1.2, 1.2 + lasts_s), abs=0.1)
    assert motion.cuts == ()
    assert [move.label for move in motion.camera_moves] == ["static"]


def test_moves_before_and_after_a_dissolve_end_and_begin_in_its_middle() -> None:
    motion = of(joined(panning(OLD, 0.15), panning(NEW, -0.2, from_s=2.0), 1.6, 2.4))

    assert len(motion.dissolves) == 1
    first, second = motion.camera_moves
    assert (first.label, second.label) == ("pan_right", "pan_left")
    assert (first.rate, second.rate) == pytest.approx((0.15, 0.2), rel=0.1)
    assert (first.start_s, second.end_s) == (0.0, pytest.approx(4.0, abs=0.1))
    assert first.end_s == second.start_s == pytest.approx(2.0, abs=0.1)


def test_fades_are_told_from_dissolves_at_the_ends_of_a_clip_and_within_it() -> None:
    out = joined(still(OLD), lambda t_s: BLACK, 1.5, 2.0)
    within = joined(out, still(NEW), 2.0, 2.6)
    ends = joined(joined(lambda t_s: BLACK, within, 0.0, 0.5), lambda t_s: BLACK, 3.5, 4.0)

    motion = of(ends)

    assert [one.kind for one in motion.dissolves] == ["fade_in", "fade_out", "fade_in", "fade_out"]
    times = [time for one in motion.dissolves for time in (one.start_s, one.end_s)]
    assert times == pytest.approx([0.0, 0.5, 1.5, 2.0, 2.0, 2.6, 3.5, 4.0], abs=0.12)
    assert motion.cuts == ()
    assert [move.label for move in motion.camera_moves] == ["static"]


def test_a_move_goes_on_through_the_fades_at_the_ends_of_a_clip() -> None:
    shown = joined(lambda t_s: BLACK, panning(OLD, 0.15), 0.0, 0.5)

    motion = of(joined(shown, lambda t_s: BLACK, 3.5, 4.0))

    (move,) = motion.camera_moves
    assert move.label == "pan_right"
    assert (move.start_s, move.end_s) == (0.0, pytest.approx(4.0, abs=0.1))


def flickering(t_s: float) -> Luma:
    light = 1 + 0.3 * np.sin(7 * t_s)
    return np.clip(view(OLD).astype(np.float32) * light, 0, 255).astype(np.uint8)


def wiped(t_s: float) -> Luma:
    """An edge crosses the picture, behind which there is another one."""
    frame = view(OLD)
    edge = int(np.clip((t_s - 1) / 1.5, 0, 1) * WIDTH)
    frame[:, :edge] = view(NEW)[:, :edge]
    return frame


@pytest.mark.parametrize(
    "shown",
    [
        panning(OLD, 0.6),
        lambda t_s: view(OLD, scale=float(np.exp(0.4 * t_s))),
        lambda t_s: view(OLD, clockwise=40 * t_s),
        flickering,
        wiped,
        lambda t_s: cv2.GaussianBlur(view(OLD), (0, 0), 0.3 + 3 * abs(t_s - 2)).astype(np.uint8),
        lambda t_s: view(OLD if t_s < 2 else NEW),
    ],
    ids=["pan", "zoom", "roll", "flicker", "wipe", "refocus", "cut"],
)
def test_what_moves_flickers_or_cuts_is_no_dissolve(shown: Shown) -> None:
    assert of(shown).dissolves == ()


def test_an_object_is_followed_to_the_middle_of_a_dissolve_and_no_further() -> None:
    def crossing(picture: Luma) -> Shown:
        def frame(t_s: float) -> Luma:
            shown = view(picture)
            x = int(20 + 60 * t_s)
            shown[70:110, x : x + 40] = view(NEW)[:40, :40] // 3
            return shown

        return frame

    motion = of(joined(crossing(OLD), crossing(texture(3)), 1.6, 2.4))

    (dissolve,) = motion.dissolves
    middle_s = (dissolve.start_s + dissolve.end_s) / 2
    assert motion.tracks
    for track in motion.tracks:
        assert track.end_s <= middle_s or track.start_s >= middle_s
    assert any(dissolve.start_s < box.t_s < dissolve.end_s for track in motion.tracks for box in track.boxes)


def test_a_fade_out_and_the_fade_in_after_it_are_one_joint_and_those_at_the_ends_lead_nowhere() -> None:
    fades = [
        Dissolve(0.0, 0.5, "fade_in"),
        Dissolve(2.0, 2.5, "fade_out"),
        Dissolve(2.6, 3.0, "fade_in"),
        Dissolve(5.5, 6.0, "fade_out"),
    ]

    assert joints_of([4.0], fades, 0.0, 6.0) == [
        Joint(0.0, 0.0, 0.5),
        Joint(2.0, 2.55, 3.0),
        Joint(4.0, 4.0, 4.0),
        Joint(5.5, 6.0, 6.0),
    ]


@pytest.mark.parametrize("kind", ["cut", "dissolve"])
def test_a_shot_of_a_third_of_a_second_lies_between_two_joints(kind: str) -> None:
    spans = [(1.0, 1.2), (1.5, 1.7), (2.0, 2.2)] if kind == "dissolve" else [(1.0, 1.0), (1.3, 1.3)]
    cuts = [] if kind == "dissolve" else [start_s for start_s, _ in spans]
    dissolves = [Dissolve(*span) for span in spans] if kind == "dissolve" else []

    joints = joints_of(cuts, dissolves, 0.0, 4.0)

    assert joints == [Joint(start_s, (start_s + end_s) / 2, end_s) for start_s, end_s in spans]


def test_black_between_a_fade_and_a_cut_is_no_shot() -> None:
    assert joints_of([2.8], [Dissolve(2.0, 2.5, "fade_out")], 0.0, 6.0) == [Joint(2.0, 2.65, 2.8)]
    assert joints_of([2.0], [Dissolve(2.3, 2.9, "fade_in")], 0.0, 6.0) == [Joint(2.0, 2.15, 2.9)]


def test_the_description_tells_how_the_shots_are_joined() -> None:
    motion = of(joined(still(OLD), still(NEW), 1.2, 2.0))
    (one,) = motion.dissolves
    assert describe_camera(motion, start_s=0.0, end_s=4.0) == (
        f"One shot dissolves into another from {one.start_s:.1f} s to {one.end_s:.1f} s. "
        "The camera is fixed: a steady view, as from a tripod, throughout."
    )

    out = joined(still(OLD), lambda t_s: BLACK, 1.5, 2.0)
    motion = of(joined(lambda t_s: BLACK, joined(out, still(NEW), 2.0, 2.6), 0.0, 0.5))
    text = describe_camera(motion, start_s=0.0, end_s=4.0)
    assert text.startswith(
        "The picture fades in until 0.5 s. The picture fades out and in again from 1.5 s to 2.6 s."
    )


@pytest.mark.parametrize("number", [43, 71])
def test_a_shot_whose_camera_speeds_up_and_slows_down_is_no_dissolve(number: int, tmp_path: Path) -> None:
    """Scenes of a development seed: the picture that the first frames foretell is not the one that comes, but
    the motion from frame to frame leads there."""
    truth, motion = rendered_and_measured(Draw(414, 0.4), number, tmp_path)
    assert truth.dissolves == ()
    assert motion.dissolves == ()
