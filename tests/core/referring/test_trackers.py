"""What every tracker does, and what the two forms of SAM 2 have in common."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from functools import cache

import numpy as np
import pytest

from motionsight_core.models.source import ModelSource
from motionsight_core.referring import Tracker, View, open_detector, open_tracker
from motionsight_core.referring._mask_tracking import trajectory_of
from motionsight_core.referring.masks import Mask, mask_iou
from motionsight_core.settings import Settings
from tests.core.referring.clips import HEIGHT, WIDTH, clip_of, track

pytest.importorskip("transformers")

CLIP = clip_of(5, tracks=(track(1, 0.9, (0.0, 0.1, 0.1, 0.3, 0.4), (5.0, 0.6, 0.1, 0.8, 0.4)),))
BOXES = np.array([[0.15, 0.1, 0.35, 0.4], [0.5, 0.5, 0.9, 0.9]])
#: The forms resize frames by other filters; their masks may differ along edges.
ALIKE = 0.9


@pytest.fixture(params=["measured", "transformers", "sam2", "sam3_video"])
def name(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture(params=["transformers", "sam2", "sam3_video"])
def with_masks(request: pytest.FixtureRequest) -> str:
    return request.param


def on_cpu(text: str) -> Settings:
    overrides = (f"referring.tracker={text}", f"referring.detector={text}", "runtime.device=cpu")
    return Settings.load(overrides=overrides, environment={})


@cache
def opened(text: str) -> Tracker:
    return open_tracker(on_cpu(text))


@pytest.mark.parametrize("frame", [0, 2, 4])
def test_every_box_is_followed_through_all_frames_from_any_of_them(
    name: str, frame: int, trackers: dict[str, str]
) -> None:
    trajectories = opened(trackers[name]).track(CLIP, frame, BOXES)
    assert len(trajectories) == len(BOXES)
    for trajectory in trajectories:
        assert trajectory.boxes.shape == (5, 4) and len(trajectory.masks) == 5
        seen = trajectory.boxes[trajectory.seen]
        assert trajectory.seen.any() and seen.min() >= 0 and seen.max() <= 1
        assert (seen[:, 2:] > seen[:, :2]).all()


def test_threads_share_a_tracker(name: str, trackers: dict[str, str]) -> None:
    """Three threads at once, each at a frame of its own, get what one gets alone."""
    tracker = opened(trackers[name])
    with ThreadPoolExecutor(3) as threads:
        answers = list(threads.map(lambda frame: tracker.track(CLIP, frame, BOXES), range(3)))
    for frame, answer in enumerate(answers):
        for one, other in zip(answer, tracker.track(CLIP, frame, BOXES), strict=True):
            np.testing.assert_allclose(one.boxes, other.boxes, atol=0.05)


def test_an_object_has_one_mask_or_none_per_box(name: str, trackers: dict[str, str]) -> None:
    tracker = opened(trackers[name])
    assert len(tracker.segment(CLIP, 1, BOXES)) == len(BOXES)
    assert tracker.segment(CLIP, 1, BOXES[:0]) == [] and tracker.track(CLIP, 1, BOXES[:0]) == []


def test_masks_are_of_the_size_of_the_sampled_frames(with_masks: str, trackers: dict[str, str]) -> None:
    tracker = opened(trackers[with_masks])
    masks = [*tracker.segment(CLIP, 1, BOXES), *tracker.track(CLIP, 1, BOXES)[0].masks]
    assert all(mask is not None and (mask.height, mask.width) == (HEIGHT, WIDTH) for mask in masks)


def test_tracking_begins_with_the_mask_that_segmenting_gives(
    with_masks: str, trackers: dict[str, str]
) -> None:
    tracker = opened(trackers[with_masks])
    for mask, trajectory in zip(tracker.segment(CLIP, 2, BOXES), tracker.track(CLIP, 2, BOXES), strict=True):
        begin = trajectory.masks[2]
        assert mask is not None and begin is not None and mask_iou(mask, begin) > 0.99
        assert trajectory.boxes[2].tolist() == list(begin.box() or ())


def test_objects_of_one_session_are_followed_as_if_alone(with_masks: str, trackers: dict[str, str]) -> None:
    tracker = opened(trackers[with_masks])
    together = tracker.track(CLIP, 1, BOXES)
    for box, trajectory in zip(BOXES, together, strict=True):
        (alone,) = tracker.track(CLIP, 1, box[None])
        for one, other in zip(alone.masks, trajectory.masks, strict=True):
            assert one is not None and other is not None and mask_iou(one, other) > 0.99


def test_both_forms_of_sam2_follow_alike_with_the_same_weights(trackers: dict[str, str]) -> None:
    theirs = opened(trackers["sam2"]).track(CLIP, 2, BOXES)
    transformers = opened(trackers["transformers"]).track(CLIP, 2, BOXES)
    for one, other in zip(theirs, transformers, strict=True):
        for mask, same in zip(one.masks, other.masks, strict=True):
            assert mask is not None and same is not None and mask_iou(mask, same) > ALIKE


def test_sam3_tracks_through_its_detectors_image_encoder_as_its_tracker_does_through_its_own(
    sam3_video: str,
) -> None:
    from motionsight_core.referring._sam2_video import Sam3TrackerVideoTracker

    alone = Sam3TrackerVideoTracker.load(ModelSource.parse(sam3_video.partition(":")[2]), on_cpu(sam3_video))
    for one, other in zip(alone.track(CLIP, 1, BOXES), opened(sam3_video).track(CLIP, 1, BOXES), strict=True):
        for mask, same in zip(one.masks, other.masks, strict=True):
            assert mask is not None and same is not None and mask_iou(mask, same) > 0.99


def test_sam3_as_detector_and_tracker_is_in_memory_once(
    sam3_video: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from transformers import Sam3VideoModel

    tracker = opened(sam3_video)
    monkeypatch.setattr(Sam3VideoModel, "from_pretrained", None)  # whoever reads the weights again fails
    detector = open_detector(on_cpu(sam3_video))
    assert detector.detect([View(CLIP, 0, ("dog",))]) and tracker.segment(CLIP, 0, BOXES)


def test_an_object_is_not_seen_where_its_mask_is_empty() -> None:
    pixels = np.zeros((4, 8), bool)
    empty = Mask.of(pixels)
    pixels[1:3, 2:4] = True
    trajectory = trajectory_of([None, Mask.of(pixels), empty])
    assert trajectory.seen.tolist() == [False, True, False]
    assert trajectory.boxes[1].tolist() == [0.25, 0.25, 0.5, 0.75]


def test_the_measured_tracker_follows_the_track_that_a_box_overlaps_best() -> None:
    first, second = opened("measured").track(CLIP, 1, BOXES)
    # ten percent of the width a second
    np.testing.assert_allclose(first.boxes[:, 0], [0.1, 0.2, 0.3, 0.4, 0.5])
    # no track is there: an object that is not seen to move
    np.testing.assert_allclose(second.boxes, np.tile(BOXES[1], (5, 1)))
    assert opened("measured").segment(CLIP, 0, BOXES) == [None, None]


def test_a_measured_track_is_given_to_the_box_that_fits_it_best_alone() -> None:
    worse, exact = np.array([[0.1, 0.1, 0.3, 0.35], [0.1, 0.1, 0.3, 0.4]])
    left, right = opened("measured").track(CLIP, 0, np.stack([worse, exact]))
    np.testing.assert_allclose(left.boxes, np.tile(worse, (5, 1)))
    assert right.boxes[4, 0] == pytest.approx(0.5)


def test_a_measured_track_is_seen_between_its_ends_only() -> None:
    clip = clip_of(5, tracks=(track(1, 0.9, (1.0, 0.1, 0.1, 0.3, 0.4), (3.0, 0.1, 0.1, 0.3, 0.4)),))
    (trajectory,) = opened("measured").track(clip, 2, np.array([[0.1, 0.1, 0.3, 0.4]]))
    assert trajectory.seen.tolist() == [False, True, True, True, False]


def test_hydra_stays_as_the_caller_has_it(trackers: dict[str, str]) -> None:
    from hydra.core.global_hydra import GlobalHydra

    GlobalHydra.instance().clear()
    opened.__wrapped__(trackers["sam2"])
    assert not GlobalHydra.instance().is_initialized()
