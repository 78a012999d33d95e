"""When an object counts as hidden, checked against the pixels that show it."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from motionsight_core.record import Box
from motionsight_core.synthetic import Move, Scene, SceneTruth, Sprite, Waypoint
from motionsight_core.synthetic.rendering import frames, scene_truth
from motionsight_core.synthetic.stressed import Film
from motionsight_core.synthetic.stressed.editing import Edited
from motionsight_core.synthetic.stressed.overlays import Bars
from motionsight_core.synthetic.stressed.shot import Planar

#: As many frames as the truth has boxes.
STILL = Scene("still", 320, 180, fps=10.0, duration_s=2.0, theme="bricks", seed=4)
BALL = Sprite("ball", (Waypoint(0.0, 0.05, 0.5), Waypoint(2.0, 0.95, 0.5)), size=0.12)
CRATE = Sprite("crate", (Waypoint(0.0, 0.5, 0.5),), size=0.2, seed=2)


def differing(one: Scene, other: Scene) -> NDArray[np.int64]:
    """[F], how many pixels differ clearly between the frames of two scenes."""
    pairs = zip(frames(one), frames(other), strict=True)
    changes = [np.abs(first.astype(int) - second).max(axis=2) > 60 for first, second in pairs]
    return np.array([np.count_nonzero(change) for change in changes])


def shares_seen(scene: Scene, number: int) -> NDArray[np.float64]:
    """[F], the part of a sprite's pixels that a scene shows: what changes where it is taken out."""
    others = (*scene.sprites[:number], *scene.sprites[number + 1 :])
    alone = replace(scene, sprites=(scene.sprites[number],), parallax=1.0)
    seen = differing(scene, replace(scene, sprites=others))
    return seen / np.maximum(differing(alone, replace(alone, sprites=())), 1)


def assert_hidden_is_what_is_not_seen(scene: Scene, number: int) -> int:
    """Returns how often the sprite is hidden. What is nearly half hidden may be either."""
    (track,) = (
        one for one in scene_truth(scene, "a.mp4").objects if one.label == scene.sprites[number].shape
    )
    share = shares_seen(scene, number)
    hidden = {round(t_s * scene.fps) for t_s in track.hidden}
    assert {index for index in range(len(share)) if share[index] < 0.35} <= hidden
    assert {index for index in range(len(share)) if share[index] > 0.65}.isdisjoint(hidden)
    return len(hidden)


def test_what_passes_behind_another_object_is_hidden_while_less_than_half_of_it_shows() -> None:
    scene = replace(STILL, sprites=(BALL, CRATE))
    assert 2 <= assert_hidden_is_what_is_not_seen(scene, 0) <= 8
    before = replace(STILL, sprites=(CRATE, BALL))
    ball = next(track for track in scene_truth(before, "a.mp4").objects if track.label == "ball")
    assert ball.hidden == ()
    assert ball.shown == ball.boxes


def test_what_goes_behind_bushes_near_the_camera_is_hidden() -> None:
    low = Sprite("ball", (Waypoint(0.0, 0.1, 0.2), Waypoint(2.0, 0.7, 0.95)), size=0.12)
    moves = (Move(0.0, 2.0, "truck_right", 0.1),)
    scene = replace(STILL, theme="hills", moves=moves, parallax=2.0, sprites=(low,))
    assert 2 <= assert_hidden_is_what_is_not_seen(scene, 0) <= 15
    assert scene_truth(replace(scene, parallax=1.0), "a.mp4").objects[0].hidden == ()


def test_in_the_weaker_half_of_a_dissolve_objects_are_hidden_and_at_a_cut_they_are_not() -> None:
    shots = tuple(Planar(replace(STILL, seed=seed, sprites=(BALL,))) for seed in (1, 2))
    old, new = Film("a", Edited(shots, "dissolve", 8)).truth().objects
    # The second shot begins at 1.2 s, the first one ends at 2.0 s; half way is at 1.6 s.
    assert old.hidden == pytest.approx((1.7, 1.8, 1.9))
    assert new.hidden == pytest.approx((1.2, 1.3, 1.4, 1.5))
    assert old.shown[-1].t_s == new.shown[0].t_s == pytest.approx(1.6)
    assert all(track.hidden == () for track in Film("a", Edited(shots, "cut")).truth().objects)


def test_under_bars_a_moment_is_hidden_only_where_there_is_a_box() -> None:
    scene = replace(STILL, sprites=(replace(BALL, path=CRATE.path), CRATE))
    plain = Film("a", Planar(scene)).truth().objects[0]
    assert len(plain.hidden) == len(plain.boxes) == 20
    assert plain.shown == ()
    truth = Film("a", Planar(scene), stressors=(Bars(0.45),)).truth()
    assert truth.objects[0].hidden == plain.hidden
    covered = replace(
        scene, sprites=tuple(replace(one, path=(Waypoint(0.0, 0.5, 0.1),)) for one in scene.sprites)
    )
    assert Film("a", Planar(covered), stressors=(Bars(0.4),)).truth().objects == ()


def test_hidden_moments_survive_a_journey_through_json_and_are_left_out_where_there_are_none() -> None:
    truth = scene_truth(replace(STILL, sprites=(BALL, CRATE)), "a.mp4")
    written = json.loads(json.dumps(truth.to_json()))
    assert ["hidden" in track for track in written["objects"]] == [True, False]
    assert SceneTruth.from_json(written) == truth
    assert all(isinstance(box, Box) for box in truth.objects[0].shown)
