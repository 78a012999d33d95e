"""Tracks under what makes them hard: light, meetings, rests, overlays; and how many are kept and counted."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from motionsight_core import Settings
from motionsight_core.measure.differences import Difference, Picture, exposure_change
from motionsight_core.measure.grouping import Group, moving_groups
from motionsight_core.measure.regions import Region
from motionsight_core.measure.slopes import drifting_groups
from motionsight_core.measure.tolerance import strength_of
from motionsight_core.measure.track_evidence import evidence_of, is_of_a_thing
from motionsight_core.measure.trails import Trail
from motionsight_core.record import ObjectTrack
from motionsight_core.settings import MeasureSettings
from tests.core.measure.pictures import HEIGHT, WIDTH, Luma, film, measured, texture, view
from tests.core.measure.test_regions_and_tracks import PICTURE, covers, with_square

OTHER = view(texture(9))[70:110, 100:140]
NEAR = texture(3)


def with_other(frame: Luma, left: float, top: float) -> Luma:
    """The frame with another textured square of 40 pixels before it."""
    x, y = round(left), round(top)
    frame[y : y + 40, x : x + 40] = OTHER
    return frame


def ways(tracks: tuple[ObjectTrack, ...]) -> list[int]:
    """Signs of the ways across that tracks go."""
    return sorted(int(np.sign(track.boxes[-1].x0 - track.boxes[0].x0)) for track in tracks)


def test_under_light_that_flickers_a_square_is_one_track() -> None:
    def frame_at(t_s: float) -> Luma:
        gain = 1 + 0.2 * np.sin(17 * t_s)
        return cv2.convertScaleAbs(with_square(view(PICTURE), 20 + 60 * t_s), alpha=gain).astype(np.uint8)

    (track,) = measured(film(frame_at)).tracks
    assert len(track.boxes) >= 28
    # What lies beside it is a little too bright or dark in the frame where the light turns.
    assert all(covers(track, n, 20 + 60 * track.boxes[n].t_s, 70, 13) for n in range(3, 26))


def test_a_change_of_light_is_found_and_an_object_is_none() -> None:
    still = view(PICTURE)
    brighter = cv2.convertScaleAbs(still, alpha=1.2, beta=5).astype(np.uint8)
    gain, offset = exposure_change(still, brighter)
    assert (gain, offset) == (pytest.approx(1.2, abs=0.03), pytest.approx(5, abs=3))
    assert exposure_change(still, with_square(still.copy(), 100)) == (1.0, 0.0)


def test_two_squares_that_pass_each_other_are_two_tracks_all_the_way() -> None:
    def frame_at(t_s: float) -> Luma:
        return with_square(with_other(view(PICTURE), 250 - 60 * t_s, 60), 30 + 60 * t_s, 85)

    tracks = measured(film(frame_at, seconds=3.4)).tracks
    assert ways(tracks) == [-1, 1]
    assert all(track.end_s - track.start_s > 3.0 for track in tracks)


def test_two_squares_that_begin_side_by_side_are_two_tracks_from_the_beginning() -> None:
    def frame_at(t_s: float) -> Luma:
        return with_square(with_other(view(PICTURE), 165 + 35 * t_s, 75), 120 - 35 * t_s, 70)

    tracks = measured(film(frame_at)).tracks
    assert ways(tracks) == [-1, 1]
    assert max(track.start_s for track in tracks) <= 0.2


def test_two_squares_that_stay_together_but_go_at_their_own_speeds_are_two_tracks() -> None:
    def frame_at(t_s: float) -> Luma:
        return with_square(with_other(view(PICTURE), 80 + 35 * t_s, 98), 30 + 70 * t_s, 60)

    tracks = measured(film(frame_at)).tracks
    assert len(tracks) == 2
    assert all(track.end_s - track.start_s > 2.5 for track in tracks)
    (upper,) = (track for track in tracks if track.boxes[0].y0 < 0.4)
    assert all(covers(upper, n, 30 + 70 * upper.boxes[n].t_s, 60, 6) for n in range(3, 26))


def test_a_square_that_rests_for_a_moment_keeps_its_track() -> None:
    def frame_at(t_s: float) -> Luma:
        moved_s = t_s if t_s < 1.5 else max(1.5, t_s - 1.3)
        # Some noise: equal frames are one that is on display for longer.
        noise = np.random.default_rng(round(10 * t_s)).integers(-1, 2, (HEIGHT, WIDTH))
        return np.clip(with_square(view(PICTURE), 20 + 60 * moved_s) + noise, 0, 255).astype(np.uint8)

    (track,) = measured(film(frame_at, seconds=4.5)).tracks
    assert (track.start_s, track.end_s) == (0.0, 4.4)
    assert len(track.boxes) >= 42


def test_a_logo_over_a_pan_is_no_track_and_what_the_camera_follows_is_one() -> None:
    def logo(t_s: float) -> Luma:
        return with_square(view(PICTURE, right=-50 * t_s), 262, 12)

    def followed(t_s: float) -> Luma:
        return with_square(view(PICTURE, right=-50 * t_s), 140, 75)

    assert measured(film(logo)).tracks == ()
    (track,) = measured(film(followed)).tracks
    assert track.end_s - track.start_s > 2.5


@pytest.mark.parametrize(("per_frame", "is_kept"), [(0.0, False), (0.005, True)])
def test_what_is_even_inside_and_leaves_its_place_on_the_screen_is_no_logo(
    per_frame: float, is_kept: bool
) -> None:
    trail = Trail(shot=0)
    for frame in range(30):
        x = 0.7 - per_frame * frame
        box = (x, 0.1, x + 0.1, 0.3)
        # An even inside looks the same where it was a frame before.
        region = Region(
            box, mass=0.015, strength=3.0, still=0.55, flow=(-per_frame, 0.0), passing=(-0.02, 0.0)
        )
        trail.add(frame, frame / 10, box, region, layered=False)
    assert is_of_a_thing(trail, evidence_of(trail, 1)) is is_kept


@pytest.mark.parametrize("speed", [50, 66])
def test_what_goes_between_two_layers_of_the_background_is_a_track(speed: int) -> None:
    def frame_at(t_s: float) -> Luma:
        frame = with_square(view(PICTURE, right=-40 * t_s), 250 - speed * t_s, 60)
        frame[120:] = view(NEAR, right=-80 * t_s)[120:]
        return frame

    found = measured(film(frame_at))
    (track,), (evidence,) = found.tracks, found.track_evidence
    assert evidence.layered == 1.0
    assert len(track.boxes) >= 28
    assert all(covers(track, n, 250 - speed * track.boxes[n].t_s, 60, 6) for n in range(3, 26))


def test_all_are_counted_and_no_more_kept_than_the_setting_says() -> None:
    def frame_at(t_s: float) -> Luma:
        frame = with_other(view(PICTURE), 250 - 50 * t_s, 130)
        return with_square(with_square(frame, 30 + 50 * t_s, 10), 100 + 50 * t_s, 68)

    frames = film(frame_at)
    every, few = measured(frames), measured(frames, MeasureSettings(most_tracks=1))
    assert [len(one.tracks) for one in (every, few)] == [3, 1]
    assert {(one.objects_at_once, one.objects_in_all) for one in (every, few)} == {(3, 3)}
    assert few.tracks == every.tracks[:1]
    assert [one.track_id for one in few.track_evidence] == [few.tracks[0].track_id]


def test_how_many_tracks_are_kept_is_part_of_the_recipe_where_it_is_not_the_usual_number() -> None:
    usual = Settings.load(environment={})
    assert Settings.load(overrides=["measure.most_tracks=64"], environment={}).recipe() == usual.recipe()
    assert Settings.load(overrides=["measure.most_tracks=8"], environment={}).recipe() != usual.recipe()


def test_in_haze_a_fainter_difference_counts() -> None:
    still = view(PICTURE)
    hazy = (170 + 0.1 * (still.astype(np.float32) - 128)).astype(np.uint8)
    moved = hazy.copy()
    moved[70:110, 100:140] -= 4
    difference = Difference(cv2.absdiff(moved, hazy).astype(np.uint8), None)

    def groups(shown: Luma) -> list[Group]:
        strength = strength_of(Picture(shown, None), difference, threshold=5.0, error=0.25)
        return moving_groups(strength, least=0.0006)

    assert len(groups(moved)) == 1
    assert groups(still) == []


def test_what_drifts_over_ground_that_recedes_is_found_by_its_flow() -> None:
    luma = view(PICTURE)
    y, x = np.mgrid[0:HEIGHT, 0:WIDTH].astype(np.float32)
    flow = np.stack([0.02 * (y - 60) + 1e-4 * (y - 60) ** 2, 0.001 * x], axis=-1)
    assert drifting_groups(flow, luma, least=0.0015) == []
    flow[100:112, 60:260, 0] += 2.0
    (train,) = drifting_groups(flow, luma, least=0.0015)
    assert (train.rows.min(), train.rows.max()) == (pytest.approx(100, abs=2), pytest.approx(111, abs=2))
    assert train.strength > 1.5
    # Layers that stand about before each other are no smooth ground.
    flow[:, ::3] += 3.0
    assert drifting_groups(flow, luma, least=0.0015) == []
