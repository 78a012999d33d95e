"""Object referring, with detectors and trackers whose answers are known."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from motionsight_core.catalog import Clip
from motionsight_core.clip import DecodedClip
from motionsight_core.planning.plan import clips_of
from motionsight_core.record import ObjectTrack
from motionsight_core.referring import (
    Detection,
    Mask,
    Referred,
    Trajectory,
    View,
    refer,
    to_object_tracks,
)
from motionsight_core.referring._boxes import box_iou, boxes_at
from motionsight_core.referring._measured import MeasuredDetector, MeasuredTracker
from motionsight_core.referring.focus import focus_regions
from motionsight_core.settings import FocusSettings, ReferringSettings, Settings
from motionsight_core.synthetic import Scene, Sprite, Waypoint, render
from motionsight_core.video.decoding import decode, probe
from tests.core.referring.clips import clip_of, sliding, track

Boxes = NDArray[np.float64]
SETTINGS = ReferringSettings(redetect_every=2)
#: Where three objects are in six frames; the third one enters in the fourth.
DOG, CAR = sliding(6), sliding(6, start=0.5, step=0.02, down=0.4)
LATE = np.where(np.arange(6)[:, None] >= 3, sliding(6, start=0.3, down=0.1), np.nan)


class Objects:
    """A detector that finds the objects of a world, and a tracker that follows them."""

    def __init__(self, *objects: tuple[str, float, Boxes], masks: bool = False) -> None:
        self._objects, self._masks = objects, masks
        self.asked: list[tuple[int, ...]] = []
        self.tracked: list[tuple[int, int]] = []

    def detect(self, views: Sequence[View]) -> list[list[Detection]]:
        self.asked.append(tuple(view.frame for view in views))
        return [
            [
                Detection(label, score, (box[0], box[1], box[2], box[3]))
                for label, score, boxes in self._objects
                if not np.isnan(box := boxes[view.frame].tolist()).any()
            ]
            for view in views
        ]

    def segment(self, clip: DecodedClip, frame: int, boxes: Boxes) -> list[Mask | None]:
        return [self._mask(box) for box in boxes]

    def track(self, clip: DecodedClip, frame: int, boxes: Boxes) -> list[Trajectory]:
        self.tracked.append((frame, len(boxes)))
        return [self._followed(frame, box) for box in boxes]

    def _followed(self, frame: int, box: Boxes) -> Trajectory:
        there = np.stack([boxes[frame] for _, _, boxes in self._objects])
        boxes = self._objects[int(box_iou(box[None], there)[0].argmax())][2]
        return Trajectory(boxes, tuple(self._mask(box) for box in boxes))

    def _mask(self, box: Boxes) -> Mask | None:
        if not self._masks or np.isnan(box).any():
            return None
        pixels = np.zeros((100, 100), bool)
        x0, y0, x1, y1 = np.round(box * 100).astype(int)
        pixels[y0:y1, x0:x1] = True
        return Mask.of(pixels)


def referred(world: Objects, settings: ReferringSettings = SETTINGS) -> tuple[Referred, ...]:
    (answer,) = refer([clip_of(6)], [("dog", "car")], world, world, settings)
    assert isinstance(answer, tuple), answer
    return answer


@pytest.fixture(params=[False, True], ids=["boxes", "masks"])
def world(request: pytest.FixtureRequest) -> Callable[..., Objects]:
    return lambda *objects: Objects(*objects, masks=request.param)


def test_what_the_first_frame_shows_is_followed_through_the_clip(world: Callable[..., Objects]) -> None:
    objects = world(("dog", 0.9, DOG), ("car", 0.5, CAR))
    dog, car = referred(objects)
    assert (dog.track_id, dog.label, dog.score) == (1, "dog", 0.9)
    assert (car.track_id, car.label, car.score) == (2, "car", 0.5)
    np.testing.assert_array_equal(dog.trajectory.boxes, DOG)
    np.testing.assert_array_equal(car.trajectory.boxes, CAR)


def test_an_object_that_is_detected_again_is_followed_once(world: Callable[..., Objects]) -> None:
    objects = world(("dog", 0.9, DOG), ("car", 0.5, CAR))
    assert len(referred(objects)) == 2
    assert objects.tracked == [(0, 2)]


def test_an_object_that_enters_is_followed_from_the_key_frame_that_shows_it(
    world: Callable[..., Objects],
) -> None:
    objects = world(("dog", 0.9, DOG), ("cat", 0.8, LATE))
    dog, cat = referred(objects)
    assert objects.tracked == [(0, 1), (4, 1)]
    assert (dog.label, cat.label) == ("dog", "cat")
    assert cat.trajectory.seen.tolist() == [False, False, False, True, True, True]


def test_key_frames_are_detected_in_one_call_for_all_clips() -> None:
    objects = Objects(("dog", 0.9, DOG))
    refer([clip_of(6), clip_of(5)], [("dog",), ("dog",)], objects, objects, SETTINGS)
    assert objects.asked == [(0, 2, 4, 0, 2, 4)]


def test_tracking_begins_at_the_first_key_frame_that_shows_anything(world: Callable[..., Objects]) -> None:
    objects = world(("cat", 0.8, LATE))
    assert len(referred(objects)) == 1
    assert objects.tracked == [(4, 1)]


def test_an_object_found_under_two_names_is_one(world: Callable[..., Objects]) -> None:
    objects = world(("animal", 0.6, DOG), ("dog", 0.9, DOG))
    (dog,) = referred(objects)
    assert (dog.label, dog.score) == ("dog", 0.9)


def test_the_best_objects_are_those_of_the_best_score_over_the_frames_they_are_seen_in(
    world: Callable[..., Objects],
) -> None:
    # 0.8 in half of the frames is less than 0.5 in all of them
    objects = world(("dog", 0.9, DOG), ("cat", 0.8, LATE), ("car", 0.5, CAR))
    assert [one.label for one in referred(objects)] == ["dog", "car", "cat"]
    few = referred(objects, ReferringSettings(redetect_every=2, max_objects=2))
    assert [(one.track_id, one.label) for one in few] == [(1, "dog"), (2, "car")]


def test_masks_tell_objects_apart_whose_boxes_do_not() -> None:
    beside = sliding(6, start=0.12)  # IoU of the boxes 0.82, of the masks the same
    objects = Objects(("dog", 0.9, DOG), ("cat", 0.8, beside), masks=True)
    assert len(referred(objects, ReferringSettings(mask_iou=0.9))) == 2
    assert len(referred(objects, ReferringSettings(mask_iou=0.8))) == 1


def test_an_object_that_nobody_sees_again_is_not_an_object() -> None:
    class Losing(Objects):
        def track(self, clip: DecodedClip, frame: int, boxes: Boxes) -> list[Trajectory]:
            return [Trajectory(np.full((6, 4), np.nan), (None,) * 6) for _ in boxes]

    assert referred(Losing(("dog", 0.9, DOG))) == ()


def test_no_names_and_nothing_found_are_no_objects() -> None:
    assert referred(Objects()) == ()


def test_the_error_of_one_clip_leaves_the_others_alone() -> None:
    class Fragile(Objects):
        def detect(self, views: Sequence[View]) -> list[list[Detection]]:
            if any("boom" in view.names for view in views):
                raise RuntimeError("no such word")
            return super().detect(views)

        def track(self, clip: DecodedClip, frame: int, boxes: Boxes) -> list[Trajectory]:
            if clip is untrackable:
                raise RuntimeError("out of memory")
            return super().track(clip, frame, boxes)

    good, untrackable = clip_of(6), clip_of(6, seed=1)
    undecoded = DecodedClip(Clip("file:///x", "1", 0.0, 1.0), 8, 8, 25.0, "h264", 0, None, None, None)
    world = Fragile(("dog", 0.9, DOG))
    answers = refer(
        [good, clip_of(6), untrackable, undecoded, good],
        [("dog",), ("boom",), ("dog",), ("dog",), ("dog",)],
        world,
        world,
        SETTINGS,
    )
    assert [str(answer) for answer in answers[1:4]] == [
        "no such word",
        "out of memory",
        "object referring needs a clip decoded with the product 'sampled'",
    ]
    for answer in (answers[0], answers[4]):
        assert isinstance(answer, tuple) and [one.label for one in answer] == ["dog"]


def test_objects_become_tracks_of_the_frames_in_which_they_are_seen() -> None:
    times_s = np.array([0.0, 1 / 3, 2 / 3])
    boxes = np.array([[np.nan] * 4, [1 / 3, 0.1, 0.5, 0.2], [0.4, 0.1, 0.6, 0.2]])
    seen = Referred(1, "dog", 0.9, Trajectory(boxes, (None,) * 3))
    unseen = Referred(2, "cat", 0.8, Trajectory(np.full((3, 4), np.nan), (None,) * 3))
    (one,) = to_object_tracks([seen, unseen], times_s)
    assert (one.track_id, one.label, one.score, one.start_s, one.end_s) == (1, "dog", 0.9, 0.333, 0.667)
    assert [(box.t_s, box.x0, box.x1) for box in one.boxes] == [(0.333, 0.3333, 0.5), (0.667, 0.4, 0.6)]
    regions = focus_regions([one], times_s, FocusSettings())
    assert regions.shape == (3, 4) and np.isfinite(regions).all()


CROSSING = (
    # Two that cross at 2.5 s, one that is there for an instant only, one that overlaps the first by half.
    track(1, 0.9, (0.0, 0.1, 0.4, 0.3, 0.6), (5.0, 0.6, 0.4, 0.8, 0.6)),
    track(2, 0.3, (0.0, 0.6, 0.4, 0.8, 0.6), (5.0, 0.1, 0.4, 0.3, 0.6)),
    track(3, 0.2, (2.9, 0.8, 0.1, 0.9, 0.2), (3.1, 0.8, 0.1, 0.9, 0.2)),
    track(4, 0.1, (0.0, 0.1, 0.4, 0.27, 0.6), (2.0, 0.3, 0.4, 0.47, 0.53)),
)


@pytest.mark.parametrize("every", [1, 4, 100])
def test_with_the_measured_detector_and_tracker_the_objects_are_the_measured_tracks(every: int) -> None:
    assert_measured_tracks(clip_of(6, tracks=CROSSING), CROSSING, every)


def test_the_measured_tracks_of_a_rendered_clip_are_its_objects(tmp_path: Path) -> None:
    walk = (Waypoint(0.0, 0.1, 0.7), Waypoint(2.0, 0.9, 0.7))
    scene = Scene("ball", 320, 180, duration_s=2.0, theme="town", sprites=(Sprite("ball", walk),))
    render(scene, tmp_path / "ball.mp4")
    (clip,) = clips_of(str(tmp_path))
    assert probe(clip.object) == pytest.approx(2.0)
    decoded = decode(clip, Settings(), products=("sampled", "motion"))
    assert decoded.motion is not None and decoded.motion.tracks
    assert_measured_tracks(decoded, decoded.motion.tracks, SETTINGS.redetect_every)


def assert_measured_tracks(clip: DecodedClip, tracks: tuple[ObjectTrack, ...], every: int) -> None:
    assert clip.sampled is not None
    settings = ReferringSettings(redetect_every=every)
    (answer,) = refer([clip], [()], MeasuredDetector(), MeasuredTracker(), settings)
    assert isinstance(answer, tuple), answer
    sampled = boxes_at(tracks, clip.sampled.times_s)
    expected = sorted(
        zip(tracks, sampled, strict=True), key=lambda one: -one[0].score * (~np.isnan(one[1][:, 0])).mean()
    )
    assert [(one.label, one.score) for one in answer] == [(one.label, one.score) for one, _ in expected]
    for one, (_, boxes) in zip(answer, expected, strict=True):
        np.testing.assert_array_equal(one.trajectory.boxes, boxes)
