"""Captions without weights: told from the measurement, and checked where they single a track out."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from motionsight_core import MotionRecord, MotionSight, Settings, clips_of
from motionsight_core.annotation import Described
from motionsight_core.clip import DecodedClip
from motionsight_core.record import MOVING_REGION, ObjectTrack
from motionsight_core.synthetic import catalog, render
from tests.core.instances.objects import clip_of, track

SETTINGS = Settings.load(environment={}, overrides=["instances.captions=true"])


def captions(clip: DecodedClip, settings: Settings = SETTINGS) -> dict[int, tuple[str, str, bool]]:
    (described,) = MotionSight(settings).describe_with_instances([clip])
    return {one.track_id: (one.appearance, one.motion, one.checked) for one in described.instances}


def moved(one: ObjectTrack, number: int, dx: float = 0.0, dy: float = 0.0, label: str = "") -> ObjectTrack:
    boxes = tuple(
        replace(box, x0=box.x0 + dx, x1=box.x1 + dx, y0=box.y0 + dy, y1=box.y1 + dy) for box in one.boxes
    )
    return replace(one, track_id=number, boxes=boxes, label=label or one.label)


def test_a_track_is_told_by_its_name_and_its_motion() -> None:
    told = captions(clip_of(track(1), track(2)))
    assert told[1] == (
        "a dog about a fifth of the frame wide",
        "It crosses fast from the left to the right by 2.0 s.",
        True,
    )
    look, does, checked = told[2]
    assert (look, checked) == ("a car about a third of the frame wide", True)
    assert does.startswith("It stays")


def test_two_of_a_name_are_singled_out_where_they_move_otherwise_whatever_the_times() -> None:
    dog = track(1)
    alike = moved(dog, 2, dy=0.3)
    assert [checked for *_, checked in captions(clip_of(dog, alike)).values()] == [False, False]
    later = replace(alike, boxes=alike.boxes[6:], start_s=0.6)
    assert [checked for *_, checked in captions(clip_of(dog, later)).values()] == [False, False]
    other = moved(track(3), 2, label="dog")
    assert [checked for *_, checked in captions(clip_of(dog, other)).values()] == [True, True]


def test_what_has_no_name_may_be_any_other_that_moves_like_it() -> None:
    dog = track(1)
    unnamed = moved(dog, 2, dy=0.3, label=MOVING_REGION)
    assert [checked for *_, checked in captions(clip_of(dog, unnamed)).values()] == [False, False]
    elsewhere = track(3)
    assert [checked for *_, checked in captions(clip_of(dog, elsewhere)).values()] == [True, True]


def test_a_clip_with_more_things_than_tracks_has_nothing_checked() -> None:
    clip = clip_of(track(1), track(2))
    assert clip.motion is not None
    crowded = replace(clip, motion=replace(clip.motion, objects_in_all=70))
    assert [checked for *_, checked in captions(crowded).values()] == [False, False]


def test_a_clip_without_tracks_has_no_captions() -> None:
    assert captions(clip_of()) == {}


def test_rendered_clips_have_captions_with_the_motion_that_the_row_tells(tmp_path: Path) -> None:
    scene = catalog(count=2, seed=0, width=240, height=136, duration_s=2.0)[1]
    render(scene, tmp_path / "scene.mp4")
    (described,) = MotionSight(SETTINGS).describe_with_instances(clips_of(str(tmp_path)))
    assert isinstance(described, Described)
    row = described.row
    assert isinstance(row, MotionRecord)
    assert {one.track_id for one in described.instances} == {one.track_id for one in row.object_tracks}
    for one in described.instances:
        assert one.motion.removeprefix("It ").rstrip(".") in row.object_motion
