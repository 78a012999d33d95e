"""What every detector does, and what the two forms of GroundingDINO have in common."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from functools import cache

import numpy as np
import pytest

from motionsight_core.models.source import ModelSource
from motionsight_core.referring import Detection, Detector, View, open_detector
from motionsight_core.settings import Settings
from tests.core.referring.clips import clip_of, track

pytest.importorskip("transformers")

TRACKS = (
    track(1, 0.9, (0.0, 0.1, 0.1, 0.3, 0.4), (5.0, 0.6, 0.1, 0.8, 0.4)),
    track(2, 0.2, (1.0, 0.5, 0.5, 0.9, 0.9), (2.0, 0.5, 0.5, 0.9, 0.9)),
)
CLIP = clip_of(tracks=TRACKS)
#: Seen at another size.
TALL = clip_of(tracks=TRACKS, seed=1, size=(96, 128))
VIEWS = [
    View(CLIP, 0, ("Dog", "red car")),
    View(TALL, 1, ("man",)),
    View(CLIP, 2, ("skateboarder", "ball", "a blue car")),
    View(CLIP, 3, ("Dog", "red car")),
]
#: Floating-point sums come in another order for another batch.
TOLERANCE = 1e-3

pytestmark = pytest.mark.usefixtures("small_pictures")


#: By the names of the fixture `detectors`.
WITH_NAMES = ("transformers", "groundingdino", "owlvit", "owlv2", "omdet-turbo", "sam3_video")


@pytest.fixture(params=["measured", *WITH_NAMES])
def name(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture(params=WITH_NAMES)
def prompted(request: pytest.FixtureRequest) -> str:
    return request.param


@cache
def opened(text: str, *, box: float = 0.0, words: float = 0.0) -> Detector:
    return open_detector(
        Settings.load(
            overrides=(
                f"referring.detector={text}",
                f"referring.box_threshold={box}",
                f"referring.text_threshold={words}",
                "runtime.device=cpu",
            ),
            environment={},
        )
    )


@cache
def found_together(text: str) -> list[list[Detection]]:
    """What a detector finds in all views at once."""
    return opened(text).detect(VIEWS)


def by_box(detections: list[Detection]) -> list[Detection]:
    return sorted(detections, key=lambda detection: detection.box)


def assert_same(one: list[Detection], other: list[Detection]) -> None:
    assert len(one) == len(other)
    for mine, theirs in zip(by_box(one), by_box(other), strict=True):
        assert mine.label == theirs.label
        np.testing.assert_allclose([mine.score, *mine.box], [theirs.score, *theirs.box], atol=TOLERANCE)


def test_every_view_has_its_detections_best_first_inside_the_frame(
    name: str, detectors: dict[str, str]
) -> None:
    found = found_together(detectors[name])
    assert len(found) == len(VIEWS)
    assert all(found)
    for detections in found:
        scores = [detection.score for detection in detections]
        assert scores == sorted(scores, reverse=True)
        for detection in detections:
            x0, y0, x1, y1 = detection.box
            assert 0 <= x0 < x1 <= 1 and 0 <= y0 < y1 <= 1 and 0 <= detection.score <= 1


def test_a_view_is_answered_alike_alone_and_among_others(name: str, detectors: dict[str, str]) -> None:
    detector = opened(detectors[name])
    for view, together in zip(VIEWS, found_together(detectors[name]), strict=True):
        assert_same(detector.detect([view])[0], together)


def test_threads_share_a_detector(name: str, detectors: dict[str, str]) -> None:
    detector = opened(detectors[name])
    with ThreadPoolExecutor(4) as threads:
        answers = list(threads.map(lambda view: detector.detect([view])[0], VIEWS * 2))
    for one, other in zip(answers, found_together(detectors[name]) * 2, strict=True):
        assert_same(one, other)


def test_no_views_are_no_answers(name: str, detectors: dict[str, str]) -> None:
    assert opened(detectors[name]).detect([]) == []


def test_labels_are_the_names_that_were_asked_for(prompted: str, detectors: dict[str, str]) -> None:
    for view, detections in zip(VIEWS, found_together(detectors[prompted]), strict=True):
        assert {detection.label for detection in detections} <= set(view.names)


def test_a_view_without_names_finds_nothing(prompted: str, detectors: dict[str, str]) -> None:
    nothing, something = opened(detectors[prompted]).detect([View(CLIP, 0, ()), View(CLIP, 0, ("dog",))])
    assert nothing == [] and something != []


def test_only_detections_of_the_box_threshold_are_given(prompted: str, detectors: dict[str, str]) -> None:
    everything = opened(detectors[prompted]).detect(VIEWS[:1])[0]
    middle = float(np.median([detection.score for detection in everything]))
    strict = opened(detectors[prompted], box=middle)
    some = strict.detect(VIEWS[:1])[0]
    assert 0 < len(some) < len(everything)
    assert all(detection.score >= middle for detection in some)


def test_a_list_of_names_too_long_for_one_prompt_is_searched_whole(
    prompted: str, detectors: dict[str, str]
) -> None:
    names = tuple(f"{colour} car {number}" for number in range(120) for colour in ("red", "blue"))
    (found,) = opened(detectors[prompted]).detect([View(CLIP, 0, names)])
    assert {detection.label for detection in found} <= set(names)


def test_both_forms_of_grounding_dino_find_the_same_with_the_same_weights(detectors: dict[str, str]) -> None:
    view = VIEWS[0]  # already of the size that both see, so that no resizing comes in between
    (theirs,) = opened(detectors["groundingdino"]).detect([view])
    (transformers,) = opened(detectors["transformers"]).detect([view])
    assert_same(theirs, transformers)


def test_sam3_finds_the_same_in_a_frame_whether_or_not_its_tracker_is_loaded_too(
    detectors: dict[str, str],
) -> None:
    from motionsight_core.referring._sam3 import Sam3Detector

    text = detectors["sam3_video"]
    settings = Settings.load(overrides=["referring.box_threshold=0", "runtime.device=cpu"], environment={})
    alone = Sam3Detector.load(ModelSource.parse(text.partition(":")[2]), settings)
    for one, other in zip(alone.detect(VIEWS), found_together(text), strict=True):
        assert_same(one, other)


def test_the_measured_detector_gives_what_moves_then_whatever_the_names() -> None:
    detector = opened("measured", box=0.9)
    first, second = detector.detect([View(CLIP, 0, ()), View(CLIP, 1, ("dog",))])
    assert first == [Detection("moving region", 0.9, (0.1, 0.1, 0.3, 0.4))]
    assert [detection.score for detection in second] == [0.9, 0.2]
    np.testing.assert_allclose(second[0].box, (0.2, 0.1, 0.4, 0.4))


def test_the_measured_detector_asks_for_the_measurement() -> None:
    with pytest.raises(ValueError, match="product 'motion'"):
        opened("measured").detect([View(clip_of(), 0, ())])
