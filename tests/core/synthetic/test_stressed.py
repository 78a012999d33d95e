"""The stressed scenes' truth, checked against their pixels."""

from __future__ import annotations

import itertools
import json
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from motionsight_core.camera_motion import CameraLabel
from motionsight_core.synthetic import Move, Scene, SceneTruth, Sprite, Waypoint, load_truth, render_catalog
from motionsight_core.synthetic.stressed import STRESSORS, Film, random_film
from motionsight_core.synthetic.stressed.actors import CYCLES, Cycle, crowd, foreground, repeating
from motionsight_core.synthetic.stressed.editing import Edited, Join
from motionsight_core.synthetic.stressed.optics import Flicker, Haze, Night, SensorNoise
from motionsight_core.synthetic.stressed.overlays import Bars, Captions, Logo
from motionsight_core.synthetic.stressed.screen import ScreenRecording
from motionsight_core.synthetic.stressed.shot import Planar, Stressor
from motionsight_core.synthetic.stressed.solid import Solid
from motionsight_core.synthetic.stressed.water import Ripple
from motionsight_core.synthetic.truth import Dissolve

Picture = NDArray[np.uint8]
Floats = NDArray[np.float64]

STILL = Scene("still", 160, 90, fps=10.0, duration_s=1.0, theme="bricks", seed=4)
OTHER = replace(STILL, theme="foliage", seed=5)
PAN = replace(STILL, moves=(Move(0.0, 1.0, "pan_right", 0.3),))


def values(film: Film) -> Floats:
    """[F, H, W, 3]."""
    return np.stack(list(film.frames())).astype(np.float64)


def film_of(scene: Scene, *stressors: Stressor) -> Film:
    """A planar scene under stressors."""
    return Film("film", Planar(scene), stressors=stressors)


def edited(join: Join, overlap: int, *, fade_ends: bool = False) -> Film:
    """A still shot of ten frames, and another one."""
    return Film("film", Edited((Planar(STILL), Planar(OTHER)), join, overlap, fade_ends))


def tracked(before: Picture, after: Picture) -> tuple[Floats, Floats]:
    """Places [N, 2] of corners, and how far they move [N, 2], pixels."""
    one, other = (np.asarray(cv2.cvtColor(each, cv2.COLOR_RGB2GRAY), np.uint8) for each in (before, after))
    corners = np.asarray(cv2.goodFeaturesToTrack(one, 500, 0.01, 5), np.float32)
    moved, found, _ = cv2.calcOpticalFlowPyrLK(one, other, corners, np.empty_like(corners))
    back, _, _ = cv2.calcOpticalFlowPyrLK(other, one, moved, np.empty_like(corners))
    kept = (found[:, 0] == 1) & (np.abs(back - corners).max(axis=(1, 2)) < 0.3)
    return corners[kept, 0].astype(np.float64), (moved - corners)[kept, 0].astype(np.float64)


def test_frames_of_a_dissolve_are_mixtures_that_shift_from_the_old_picture_to_the_new() -> None:
    film = edited("dissolve", 4)
    frames, truth = values(film), film.truth()
    old, new = frames[0], frames[-1]

    shares = [float(np.sum((frame - old) * (new - old)) / np.sum((new - old) ** 2)) for frame in frames]

    assert len(frames) == 16
    assert truth.duration_s == 1.6
    # 6 frames of the old picture, 4 mixed, 6 of the new one.
    assert truth.dissolves == (Dissolve(0.5, 1.0),)
    assert shares == pytest.approx([0.0] * 6 + [0.2, 0.4, 0.6, 0.8] + [1.0] * 6, abs=0.01)
    for frame, share in zip(frames, shares, strict=True):
        # Levels are whole numbers.
        assert np.abs(frame - (1 - share) * old - share * new).max() < 2.5
    assert truth.cuts == ()


def test_a_fade_goes_through_black_where_the_truth_says_it() -> None:
    film = edited("fade", 4, fade_ends=True)
    light = values(film).mean(axis=(1, 2, 3))
    truth = film.truth()

    assert [fade.kind for fade in truth.dissolves] == ["fade_in", "fade_out", "fade_in", "fade_out"]
    assert [fade.start_s for fade in truth.dissolves] == pytest.approx([0.0, 0.6, 1.0, 1.6])
    assert [fade.end_s for fade in truth.dissolves] == pytest.approx([0.4, 1.0, 1.4, 2.0])
    assert light[0] == 0
    assert light[10] == 0
    assert np.all(np.diff(light[0:5]) > 0)
    assert np.all(np.diff(light[6:11]) < 0)
    assert light[4:7] == pytest.approx(light[4])


def test_an_object_counts_as_hidden_in_the_darker_half_of_a_fade() -> None:
    ball = Sprite("ball", (Waypoint(0.0, 0.2, 0.5), Waypoint(1.0, 0.8, 0.5)))
    shots = (Planar(replace(STILL, sprites=(ball,))), Planar(OTHER))
    (track,) = Film("film", Edited(shots, "fade", 4, fade_ends=True)).truth().objects

    # The light of the first shot's ten frames: 0, .25, .5, .75, 1, 1, 1, .75, .5, .25.
    assert [box.t_s for box in track.boxes] == pytest.approx([frame / 10 for frame in range(10)])
    assert [box.t_s for box in track.shown] == pytest.approx([frame / 10 for frame in range(2, 9)])


def test_a_cut_joins_two_shots_at_one_frame_and_a_slideshow_is_static() -> None:
    film = edited("cut", 0)
    frames, truth = values(film), film.truth()

    changes = np.abs(np.diff(frames, axis=0)).mean(axis=(1, 2, 3))

    assert np.flatnonzero(changes > 0).tolist() == [9]
    assert truth.cuts == (1.0,)
    assert [move.label for move in truth.moves] == ["static"]
    assert truth.steadiness == "static"


def test_a_move_ends_in_the_middle_of_a_dissolve_and_objects_begin_with_their_shot() -> None:
    ball = Sprite("ball", (Waypoint(0.0, 0.2, 0.5), Waypoint(1.0, 0.8, 0.5)))
    shots = (Planar(PAN), Planar(replace(OTHER, sprites=(ball,))))
    truth = Film("film", Edited(shots, "dissolve", 4)).truth()

    assert truth.moves == (Move(0.0, 0.8, "pan_right", 0.3),)
    assert truth.objects[0].boxes[0].t_s == pytest.approx(0.6)


@pytest.mark.parametrize("cycle", CYCLES)
def test_an_object_repeats_its_motion_as_often_as_the_truth_says(cycle: Cycle) -> None:
    sprite = repeating(np.random.default_rng(3), 4.0, cycle, aspect=16 / 9)
    scene = replace(STILL, fps=30.0, duration_s=4.0, sprites=(sprite,))
    empty = next(Planar(replace(scene, sprites=())).frames()).astype(int)

    path = []
    for frame in Planar(scene).frames():
        rows, columns = np.nonzero(np.abs(frame - empty).sum(axis=2) > 30)
        path.append(complex(columns.mean(), rows.mean()))
    away = np.abs(np.array(path) - path[0])
    is_away = away > (away.max() + away.min()) / 2

    (track,) = Planar(scene).truth("").objects
    assert track.repetitions is not None
    assert np.count_nonzero(np.diff(is_away.astype(int)) == 1) == track.repetitions.count
    # At rest at the end.
    assert away[-1] < 0.1 * away.max()


@pytest.mark.parametrize(
    ("label", "speed", "way"),
    [
        ("truck_right", 1.2, (-1, 0)),
        ("truck_left", 1.2, (1, 0)),
        ("pedestal_up", 0.8, (0, 1)),
        ("pedestal_down", 0.6, (0, -1)),
    ],
)
def test_near_content_moves_faster_than_far_content_under_a_camera_that_goes_somewhere(
    label: CameraLabel, speed: float, way: tuple[int, int]
) -> None:
    shot = Solid(2, label, speed, width=320, height=180, fps=10.0, duration_s=0.6)
    frames = list(shot.frames())

    places, moved = tracked(frames[2], frames[3])

    along = moved @ np.array(way)
    # The ground at the lower edge is near; a few of the corners lie at the horizon.
    near, far = np.median(along[places[:, 1] > 140]), np.percentile(along, 4)
    assert near > 1
    assert near > 2 * abs(far)


def test_a_camera_that_turns_moves_near_and_far_alike() -> None:
    shot = Solid(2, "pan_right", 20.0, width=320, height=180, fps=10.0, duration_s=0.6)
    frames = list(shot.frames())
    (move,) = shot.truth("").moves

    places, moved = tracked(frames[2], frames[3])

    middle = np.abs(places[:, 0] - 160) < 60
    near, far = middle & (places[:, 1] > 130), middle & (places[:, 1] < 90)
    # Half a degree of perspective: away from the middle a turn moves the picture a little more.
    assert np.median(moved[near, 0]) == pytest.approx(np.median(moved[far, 0]), rel=0.06)
    assert np.median(moved[middle, 0]) / 320 * 10 == pytest.approx(-move.rate, rel=0.06)


def test_an_arc_drifts_far_ground_one_way_and_near_ground_the_other() -> None:
    shot = Solid(3, "arc_cw", 10.0, width=320, height=180, fps=10.0, duration_s=0.6)
    frames = list(shot.frames())

    places, moved = tracked(frames[2], frames[3])

    # Clockwise from above is to the left: what lies beyond the pivot goes to the left with the turn.
    assert np.percentile(moved[:, 0], 10) < -0.5
    assert np.median(moved[places[:, 1] > 150, 0]) > 0.5


def test_a_camera_that_goes_forward_spreads_the_picture_from_the_horizon() -> None:
    frames = list(Solid(4, "dolly_in", 1.5, width=320, height=180, fps=10.0, duration_s=0.6).frames())

    places, moved = tracked(frames[2], frames[3])

    outward = places[:, 0] - 160
    assert np.corrcoef(outward, moved[:, 0])[0, 1] > 0.5
    assert np.median(moved[places[:, 1] > 130, 1]) > 0.3


def test_the_box_of_what_drives_by_lies_around_its_pixels() -> None:
    shot = Solid(6, "truck_left", 0.5, with_mover=True, width=320, height=180, fps=10.0, duration_s=2.0)
    frames = list(shot.frames())
    (track,) = shot.truth("").objects
    # The same world after it has driven by unseen.
    shot.__dict__["_movers"] = ()
    empty = list(shot.frames())

    covered = []
    for box in track.boxes:
        changed = np.any(frames[round(box.t_s * 10)] != empty[round(box.t_s * 10)], axis=2)
        rows, columns = np.nonzero(changed)
        low, high = (320 * box.x0 - 2, 180 * box.y0 - 2), (320 * box.x1 + 2, 180 * box.y1 + 2)
        inside = (columns >= low[0]) & (columns < high[0]) & (rows >= low[1]) & (rows < high[1])
        assert np.all(inside)
        covered.append(len(rows) / ((high[0] - low[0]) * (high[1] - low[1])))
    # Posts may stand before it.
    assert min(covered) > 0.5


def test_a_hand_before_the_lens_covers_a_sixth_to_a_half_of_the_frame() -> None:
    for seed in range(4):
        sprite = foreground(np.random.default_rng(seed), 2.0)
        scene = replace(STILL, duration_s=2.0, sprites=(sprite,))
        empty = next(Planar(replace(scene, sprites=())).frames())
        shares = [float(np.any(frame != empty, axis=2).mean()) for frame in Planar(scene).frames()]

        # Its shadow adds to it, the frame's edge cuts from it.
        assert 0.1 < max(shares) < 0.7
        assert shares[0] == 0


def test_a_crowd_is_incidental_and_moves() -> None:
    scene = replace(STILL, duration_s=1.0, sprites=crowd(np.random.default_rng(1), 1.0))
    truth = Planar(scene).truth("")

    assert len(truth.objects) >= 10
    assert all(track.incidental for track in truth.objects)
    assert all(track.boxes[0].x0 != track.boxes[-1].x0 for track in truth.objects)


def test_an_open_shutter_smears_what_moves_along_its_way_alone() -> None:
    def slopes(film: Film) -> tuple[float, float]:
        frame = values(film)[4]
        return float(np.abs(np.diff(frame, axis=1)).mean()), float(np.abs(np.diff(frame, axis=0)).mean())

    sharp, smeared = (slopes(Film("film", Planar(PAN), shutter=shutter)) for shutter in (0.0, 1.0))

    assert smeared[0] < 0.6 * sharp[0]
    assert smeared[1] > 0.75 * sharp[1]
    still = values(Film("film", Planar(STILL), shutter=1.0))
    assert np.array_equal(still[0], values(film_of(STILL))[0])


def test_noise_grows_with_the_light_and_is_new_in_every_frame() -> None:
    def deviation(level: int) -> float:
        grey = [np.full((90, 160, 3), level, np.uint8) for _ in range(2)]
        one, other = (frame.astype(float) for frame in SensorNoise(1, 1.0, 3.0).over(iter(grey), 10.0))
        assert np.abs(one - other).mean() > 1
        return float((one @ (0.299, 0.587, 0.114)).std())

    assert deviation(40) == pytest.approx((1.0 * 40 + 9) ** 0.5, rel=0.15)
    assert deviation(180) == pytest.approx((1.0 * 180 + 9) ** 0.5, rel=0.15)


def test_flicker_night_and_haze_change_the_light_and_not_the_motion() -> None:
    plain = film_of(PAN)
    base = values(plain)

    light = values(film_of(PAN, Flicker(1, 0.2))).mean(axis=(1, 2, 3)) / base.mean(axis=(1, 2, 3))
    assert light.std() > 0.05
    assert values(film_of(PAN, Night(0.2))).mean() < 0.35 * base.mean()
    assert values(film_of(PAN, Haze(0.2))).std() < 0.3 * base.std()
    for stressor in (Flicker(1), Night(), Haze()):
        truth = film_of(PAN, stressor).truth()
        assert truth.stressors == (stressor.name,)
        assert replace(truth, stressors=()) == plain.truth()


def test_a_logo_stays_where_it_is_while_the_picture_moves() -> None:
    plain, marked = values(film_of(PAN)), values(film_of(PAN, Logo(2)))

    laid = np.any(marked != plain, axis=3).sum(axis=0) > 5
    inner = cv2.erode(laid.astype(np.uint8), np.ones((5, 5), np.uint8)) > 0

    assert inner.sum() > 50
    assert np.all(marked[:, inner] == marked[0, inner])
    assert np.abs(np.diff(plain[:, inner], axis=0)).mean() > 1


def test_captions_change_from_time_to_time_and_only_then() -> None:
    scene = replace(STILL, width=320, height=180, duration_s=2.0)
    frames = values(film_of(scene, Captions(1, every_s=0.5)))

    changes = np.abs(np.diff(frames, axis=0)).max(axis=(1, 2, 3))

    assert np.flatnonzero(changes > 0).tolist() == [4, 9, 14]


@pytest.mark.parametrize("upright", [False, True])
def test_bars_are_black_and_boxes_end_at_them(upright: bool) -> None:
    ball = Sprite("ball", (Waypoint(0.0, 0.5, 0.5), Waypoint(1.0, 1.0, 1.0)), size=0.2)
    film = film_of(replace(STILL, sprites=(ball,)), Bars(0.2, upright=upright))
    frames = values(film)

    lines = frames.swapaxes(1, 2) if upright else frames
    depth = round(0.2 * lines.shape[1])
    assert lines[:, :depth].max() == lines[:, -depth:].max() == 0
    assert lines[:, depth:-depth].mean() > 40
    (track,) = film.truth().objects
    ends = [(box.x0, box.x1) if upright else (box.y0, box.y1) for box in track.boxes]
    assert all(low >= 0.2 and high <= 0.8 for low, high in ends)


def test_water_ripples_below_its_shore_and_nowhere_else() -> None:
    film = film_of(STILL, Ripple(1, top=0.6))
    frames = values(film)

    assert np.array_equal(frames[0, :54], frames[5, :54])
    assert np.abs(frames[0, 60:] - frames[5, 60:]).mean() > 1
    assert [(track.label, track.incidental) for track in film.truth().objects] == [("water", True)]


def test_a_screen_recording_changes_in_its_pane_and_under_its_pointer_alone() -> None:
    shot = ScreenRecording(3, width=320, height=180, duration_s=2.0)
    frames = np.stack(list(shot.frames()))
    truth = shot.truth("screen.mp4")

    pane = truth.objects[0].boxes[0]
    rest = np.ones(frames.shape[1:3], bool)
    rest[round(180 * pane.y0) : round(180 * pane.y1), round(320 * pane.x0) : round(320 * pane.x1)] = False
    changed = np.any(frames[1:] != frames[:-1], axis=3)
    # The pointer is all that moves outside the pane.
    assert changed[:, rest].sum(axis=1).max() < 400
    assert changed[:, ~rest].sum(axis=1).max() > 1000
    assert all(track.incidental for track in truth.objects)
    assert [move.label for move in truth.moves] == ["static"]


@pytest.mark.parametrize("stressor", STRESSORS)
def test_a_film_of_each_stressor_is_the_same_for_the_same_seed_and_its_truth_reads_back(
    stressor: str,
) -> None:
    def film(seed: int) -> Film:
        return random_film(np.random.default_rng(seed), stressor=stressor, width=96, height=54)

    def begin(film: Film) -> list[bytes]:
        return [frame.tobytes() for frame in itertools.islice(film.frames(), 2)]

    first, again = film(7), film(7)
    truth = first.truth()

    assert again.truth() == truth
    assert begin(again) == begin(first)
    assert film(8).truth() != truth
    assert stressor in truth.stressors
    assert SceneTruth.from_json(json.loads(json.dumps(truth.to_json()))) == truth
    labels = {move.label for move in truth.moves}
    assert labels == {"static"} or "static" not in labels


def test_a_film_has_as_many_frames_as_its_truth_says(tmp_path: Path) -> None:
    for stressor in ("dissolves", "fades", "screen"):
        film = random_film(np.random.default_rng(2), stressor=stressor, width=96, height=54)
        truth = film.render(tmp_path / "film.mp4")

        assert sum(1 for _ in film.frames()) == round(truth.duration_s * truth.fps)


def test_a_truth_file_of_a_plain_scene_has_nothing_of_stressed_ones_and_old_files_read(
    tmp_path: Path,
) -> None:
    render_catalog(tmp_path, count=2, width=64, height=36, duration_s=0.3)

    for scene in json.loads((tmp_path / "truth.json").read_text()):
        assert set(scene) == {
            *("file", "width", "height", "fps", "duration_s", "moves", "steadiness", "cuts", "objects")
        }
        assert all(set(track) == {"label", "boxes"} for track in scene["objects"])
    truths = load_truth(tmp_path).values()
    assert all(truth.stressors == truth.dissolves == () for truth in truths)


def test_a_catalog_ends_with_its_share_of_stressed_videos(tmp_path: Path) -> None:
    truths = render_catalog(tmp_path, count=4, stressed=0.5, width=64, height=36, duration_s=0.3)

    assert [bool(truth.stressors) for truth in truths] == [False, False, True, True]
    assert list(load_truth(tmp_path).values()) == truths
    assert [truth.file for truth in truths][2:] == [
        "stressed_0000_parallax.mp4",
        "stressed_0001_foreground.mp4",
    ]
    with pytest.raises(ValueError, match=r"stressed must be a share, 0 to 1, not 1\.5"):
        render_catalog(tmp_path, stressed=1.5)


def test_a_picture_of_a_folder_is_a_background(tmp_path: Path) -> None:
    path = tmp_path / "red.png"
    cv2.imwrite(str(path), np.full((40, 90, 3), (0, 0, 200), np.uint8))

    frame = next(Planar(replace(STILL, picture=str(path))).frames())

    assert frame.reshape(-1, 3).mean(axis=0) == pytest.approx((200, 0, 0), abs=1)
    with pytest.raises(ValueError, match=r"none\.png cannot be read as a picture"):
        next(Planar(replace(STILL, picture=str(tmp_path / "none.png"))).frames())


def test_a_stressor_that_does_not_exist_is_named_with_those_that_do() -> None:
    with pytest.raises(ValueError, match="no stressor 'rain'; there are parallax, foreground"):
        random_film(np.random.default_rng(0), stressor="rain")


def test_a_cut_takes_no_time_and_a_dissolve_does() -> None:
    with pytest.raises(ValueError, match="overlap must be 0 for a cut and above 0 otherwise, not 3"):
        edited("cut", 3)
    with pytest.raises(ValueError, match="not 0"):
        edited("dissolve", 0)
