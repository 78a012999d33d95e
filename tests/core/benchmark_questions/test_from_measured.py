"""Questions from what was measured: the right option is true, no other is, and nothing doubtful is asked."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping

import numpy as np
import pytest

from motionsight_core.benchmark_questions.drafts import Draft
from motionsight_core.benchmark_questions.from_measured import Facts, drafts_from_facts
from motionsight_core.benchmark_questions.letters import balanced_letters, listed_options
from motionsight_core.benchmark_questions.measurements import Measurement
from motionsight_core.benchmark_questions.source_clips import SourceClip
from motionsight_core.camera_motion import CAMERA_MOTIONS
from motionsight_core.choosing import choose
from motionsight_core.evaluation.motionbench import KINDS
from motionsight_core.record import Repetition
from motionsight_core.settings import QuestionsSettings
from tests.core.benchmark_questions.measured_clips import as_measured, clip_named, drafts_of, measurement
from tests.core.choosing.measurements import move, region, track, turning

RIGHTWARDS = region((0.2, 0.5), (0.8, 0.5))
DOG = track("dog", (0.8, 0.5), (0.2, 0.5))


def asked_of(one: Measurement, name: str = "a", **settings: float) -> dict[str, Draft]:
    """The questions about one clip alone, by what they ask."""
    return {draft.sort: draft for draft in drafts_of({clip_named(name): one}, **settings)[0]}


def right(draft: Draft) -> str:
    return draft.question.options[draft.question.right]


def wrong(draft: Draft) -> set[str]:
    return set(draft.question.options) - {right(draft)}


def catalog() -> dict[SourceClip, Measurement]:
    """120 clips of every kind that is asked about, of four sources."""
    labels = [label for label in CAMERA_MOTIONS if label != "static" and not label.startswith("arc")]
    kinds: list[Measurement] = [measurement() for _ in range(12)]
    kinds += [measurement(move(label)) for label in labels for _ in range(3)]
    kinds += [
        measurement(move("pan_left"), move("zoom_in")),
        measurement(move("tilt_up"), move("roll_cw")),
        measurement(move("pan_left", 0, 2.8), move("zoom_in", 3.0, 6)),
        measurement(move("tilt_up", 0, 2.8), move("tilt_down", 3.0, 6)),
        measurement(move("pan_left", 0, 1.6), move("pan_right", 2, 3.6), move("pan_left", 4.1, 6)),
        measurement(move("tilt_up", 0, 2.4), move("tilt_up", 3.2, 6)),
    ]
    kinds += [measurement(tracks=[RIGHTWARDS]), measurement(tracks=[DOG])] * 4
    kinds += [
        measurement(tracks=[region((0.5, 0.8), (0.5, 0.2))]),
        measurement(tracks=[turning((0.2, 0.3), (0.7, 0.3), (0.7, 0.8))]),
        measurement(tracks=[turning((0.8, 0.8), (0.8, 0.3), (0.3, 0.3))]),
        measurement(tracks=[track("car", (0.1, 0.5), (0.9, 0.5), easing=2.5)]),
        measurement(tracks=[DOG, track("person", (0.2, 0.2), (0.5, 0.2), number=2)]),
        measurement(tracks=[RIGHTWARDS, region((0.2, 0.2), (0.5, 0.2))]),
    ]
    kinds += [
        measurement(
            tracks=[region((0.5, 0.5), (0.5, 0.5))],
            repetitions=[Repetition(1, count, 0.8, 0.0, 5.0, 0.9)],
        )
        for count in range(3, 15)
    ]
    return {
        clip_named(f"{number:03d}", source=("films", "lab", "web", "park")[number % 4]): one
        for number, one in enumerate(kinds)
    }


@pytest.fixture(scope="module")
def clips() -> dict[SourceClip, Measurement]:
    return catalog()


@pytest.fixture(scope="module")
def drafts(clips: Mapping[SourceClip, Measurement]) -> list[Draft]:
    return drafts_of(clips)[0]


def test_all_six_categories_are_asked_with_four_options_that_differ(drafts: list[Draft]) -> None:
    assert {draft.question.category for draft in drafts} == set(KINDS)
    assert all(len(set(draft.question.options)) == 4 for draft in drafts)
    assert len({draft.question_id for draft in drafts}) == len(drafts)


def test_what_was_measured_answers_all_of_them(
    clips: Mapping[SourceClip, Measurement], drafts: list[Draft]
) -> None:
    for draft in drafts:
        asked = draft.question
        options = listed_options(asked, 2, name=draft.question_id, seed=0)
        assert choose(asked.text, options, as_measured(clips[draft.clip])).position == 2, draft


def test_whoever_guesses_is_right_in_one_of_four(drafts: list[Draft]) -> None:
    questions = {draft.question_id: draft.question for draft in drafts}
    letters = balanced_letters(questions, seed=0)
    guesses = np.random.default_rng(3).integers(4, size=(400, len(letters)))
    assert np.mean(guesses == list(letters.values())) == pytest.approx(0.25, abs=0.01)
    assert max(Counter(letters.values()).values()) - min(Counter(letters.values()).values()) <= 1


def test_a_clip_that_was_measured_again_is_asked_the_same(
    clips: Mapping[SourceClip, Measurement], drafts: list[Draft]
) -> None:
    assert drafts_of(clips)[0] == drafts
    other = drafts_of(clips, seed=1)[0]
    assert other != drafts, "what a hash chooses depends on the seed"


def test_one_move_is_asked_with_its_opposite_and_a_move_of_a_sibling_along_another_axis() -> None:
    sibling = clip_named("b")
    asked = drafts_of(
        {clip_named("a"): measurement(move("pan_left")), sibling: measurement(move("roll_cw"))}
    )[0]
    first = next(draft for draft in asked if draft.clip != sibling)
    assert (first.sort, right(first)) == ("camera_move", "It pans left")
    assert wrong(first) == {"It pans right", "It rolls clockwise", "It rolls counter-clockwise"}
    assert first.evidence == "Measured: pan left from 0.0 s to 6.0 s, confidence .95."


def test_two_moves_at_once_are_asked_with_their_opposites() -> None:
    asked = asked_of(measurement(move("zoom_in"), move("pan_left")))
    assert set(asked) == {"camera_together"}
    assert right(asked["camera_together"]) == "It pans left and zooms in"
    assert "It pans right and zooms out" in wrong(asked["camera_together"])


def test_two_moves_in_a_row_are_asked_in_order_and_one_by_one() -> None:
    asked = asked_of(measurement(move("zoom_in", 3.1, 6), move("pan_left", 0, 2.9)))
    assert right(asked["camera_order"]) == "A pan left, then a zoom in"
    assert right(asked["camera_first"]) == "pan left"
    assert right(asked["camera_last"]) == "zoom in"
    for sort in ("camera_first", "camera_last"):
        assert set(asked[sort].question.options) == {"pan left", "pan right", "zoom in", "zoom out"}


def test_moves_that_overlap_in_part_or_are_three_are_not_asked_about() -> None:
    overlapping = measurement(move("pan_left", 0, 4), move("zoom_in", 2, 6))
    three = measurement(move("pan_left", 0, 1.8), move("zoom_in", 2, 3.8), move("tilt_up", 4, 6))
    for one in (overlapping, three):
        drafts, drops = drafts_of({clip_named("a"): one})
        assert not drafts
        assert drops[0].reason.startswith("Nothing was measured that moves by itself. What is certain")


@pytest.mark.parametrize(
    ("one", "why"),
    [
        (measurement(move("pan_left", confidence=0.79)), "less certain than questions.confidence: pan left"),
        (measurement(move("pan_left"), move("zoom_in", confidence=0.5)), "questions.confidence: zoom in"),
        (measurement(shot_changes=1), "Its shot changes"),
        (measurement(steadiness="shaky"), "is shaky all the same"),
    ],
)
def test_a_camera_of_which_something_is_doubtful_is_not_asked_about(one: Measurement, why: str) -> None:
    drafts, (drop,) = drafts_of({clip_named("a"): one})
    assert not drafts
    assert drop.stage == "facts"
    assert why in drop.reason


def test_a_lower_confidence_lets_more_be_asked() -> None:
    one = measurement(move("pan_left", confidence=0.79))
    assert set(asked_of(one, confidence=0.7)) == {"camera_move"}


def test_no_option_can_be_taken_for_another_that_is_true() -> None:
    """A camera that circles something seems to pan, and one that goes sideways pans for most people."""
    sibling = clip_named("b")
    for label, looks in (
        ("arc_cw", {"pan", "truck"}),
        ("truck_left", {"pan", "arc"}),
        ("dolly_in", {"zoom"}),
    ):
        for other in ("pan_left", "arc_ccw", "truck_right", "zoom_in", "dolly_out"):
            asked = drafts_of({clip_named("a"): measurement(move(label)), sibling: measurement(move(other))})[
                0
            ]
            (draft,) = (one for one in asked if one.clip != sibling)
            kinds = {
                CAMERA_MOTIONS[known].kind
                for known in CAMERA_MOTIONS
                for option in draft.question.options
                if option.endswith(f"{CAMERA_MOTIONS[known].verb} {CAMERA_MOTIONS[known].adverb}".rstrip())
            }
            assert not kinds & looks, (label, other, draft.question.options)


def test_where_a_rest_is_offered_it_is_right_in_one_of_four(drafts: list[Draft]) -> None:
    static = "The camera does not move"
    offered = [draft for draft in drafts if static in draft.question.options]
    assert len(offered) >= 12
    assert sum(right(draft) == static for draft in offered) == len(offered) / 4


def test_clips_at_rest_that_nothing_balances_are_left_out_with_a_reason() -> None:
    drafts, drops = drafts_of({clip_named("a"): measurement(), clip_named("b"): measurement()})
    assert not drafts
    assert all("asked of other clips as often as it can be" in drop.reason for drop in drops)


def test_the_number_of_moves_is_asked_and_then_nothing_that_tells_it() -> None:
    often = measurement(move("pan_left", 0, 1.6), move("pan_right", 2, 3.6), move("pan_left", 4.1, 6))
    asked = asked_of(often)
    assert set(asked) == {"camera_count"}
    assert asked["camera_count"].question.text == "How many times does the camera pan?"
    assert right(asked["camera_count"]) == "3"
    numbers = sorted(map(int, asked["camera_count"].question.options))
    assert numbers == list(range(numbers[0], numbers[0] + 4))


@pytest.mark.parametrize(
    ("start", "end", "says"),
    [
        ((0.2, 0.5), (0.8, 0.5), "To the right"),
        ((0.8, 0.5), (0.3, 0.55), "To the left"),
        ((0.5, 0.9), (0.5, 0.2), "Upward"),
        ((0.5, 0.1), (0.45, 0.8), "Downward"),
    ],
)
def test_where_an_object_goes_is_asked(
    start: tuple[float, float], end: tuple[float, float], says: str
) -> None:
    asked = asked_of(measurement(tracks=[region(start, end)]))
    assert right(asked["object_direction"]) == says
    assert asked["object_direction"].question.category == "Location-related Motion"
    assert right(asked["object_speed"]) == "It keeps the same speed"


def test_a_direction_between_two_is_not_asked() -> None:
    drafts, _ = drafts_of({clip_named("a"): measurement(tracks=[region((0.2, 0.2), (0.5, 0.7))])})
    assert not drafts


def test_the_speed_is_asked_where_the_camera_rests() -> None:
    faster = track("car", (0.1, 0.5), (0.9, 0.5), easing=2.5)
    asked = asked_of(measurement(tracks=[faster]), name="named")
    assert right(asked["object_speed"]) == "It speeds up"
    assert asked["object_speed"].question.text == "How does the speed of the car change?"
    panning = asked_of(measurement(move("pan_left"), tracks=[faster]), name="named")
    assert "object_speed" not in panning
    assert "object_direction" in panning


def test_the_edge_at_which_an_object_comes_or_goes_is_asked() -> None:
    leaving = track("dog", (0.5, 0.5), (0.99, 0.5), span_s=(0.0, 4.0))
    names = [f"{number}" for number in range(12)]
    asked = [asked_of(measurement(tracks=[leaving]), name=name) for name in names]
    edges = [one["object_leaves"] for one in asked if "object_leaves" in one]
    assert edges
    assert {right(one) for one in edges} == {"The right edge"}
    assert edges[0].question.text == "At which edge of the frame does the dog leave?"
    assert not any("object_leaves" in one and "object_direction" in one for one in asked), (
        "one tells the other"
    )


def test_two_ways_in_a_row_are_asked_in_order() -> None:
    asked = asked_of(measurement(tracks=[turning((0.2, 0.3), (0.7, 0.3), (0.7, 0.8))]))
    assert set(asked) == {"object_order"}
    assert right(asked["object_order"]) == "First to the right, then down"
    assert "First down, then to the right" in wrong(asked["object_order"])


def test_repetitions_are_asked_with_numbers_that_a_count_within_one_tells_apart() -> None:
    ranks = Counter()
    for draft in drafts_of(catalog())[0]:
        if draft.sort == "repetition":
            numbers = sorted(map(int, draft.question.options))
            assert set(np.diff(numbers)) == {2}
            assert numbers[0] >= 1
            ranks[numbers.index(int(right(draft)))] += 1
    assert max(ranks.values()) - min(ranks[place] for place in range(4)) <= 1, "no rank is right more often"


def test_a_doubtful_or_second_repetition_is_not_asked() -> None:
    still = region((0.5, 0.5), (0.5, 0.5))
    for repetitions in (
        [Repetition(1, 5, 0.8, 0.0, 5.0, 0.7)],
        [Repetition(1, 5, 0.8, 0.0, 5.0, 0.9), Repetition(2, 7, 0.8, 0.0, 5.0, 0.9)],
    ):
        assert not asked_of(measurement(tracks=[still], repetitions=repetitions))


def test_the_name_of_what_moves_is_asked_among_names_of_siblings_and_never_of_its_kind() -> None:
    names: Counter[str] = Counter()
    for number in range(16):
        clip, sibling = clip_named(f"{number}"), clip_named(f"{number}-sibling")
        one = measurement(tracks=[track("car", (0.2, 0.5), (0.8, 0.5))])
        other = measurement(
            tracks=[track("truck", (0.2, 0.2), (0.8, 0.2)), track("zebra", (0.2, 0.8), (0.8, 0.8), number=2)]
        )
        asked = {
            draft.sort: draft for draft in drafts_of({clip: one, sibling: other})[0] if draft.clip == clip
        }
        if "which_object" in asked:
            assert set(asked) == {"which_object"}, "every other question would name it"
            assert right(asked["which_object"]) == "The car"
            assert "The zebra" in wrong(asked["which_object"])
            names.update(wrong(asked["which_object"]))
    assert names
    assert not {"The truck", "The bus"} & names.keys(), "people call cars so"


def test_what_was_hardly_recognised_has_no_name() -> None:
    asked = asked_of(measurement(tracks=[DOG], name_score=0.4))
    assert "which_object" not in asked
    assert "the object" in asked["object_direction"].question.text


def test_of_several_things_the_one_with_a_name_of_its_own_is_asked_about_or_their_number() -> None:
    person = track("person", (0.2, 0.2), (0.5, 0.2), number=2)
    asked = asked_of(measurement(tracks=[DOG, person]))
    assert "the dog" in asked["object_direction"].question.text
    two = asked_of(measurement(tracks=[RIGHTWARDS, region((0.2, 0.2), (0.5, 0.2))]))
    assert set(two) == {"object_count"}
    assert right(two["object_count"]) == "2"


def test_tracks_that_are_not_certain_or_not_measured_are_not_asked_about() -> None:
    doubtful = measurement(tracks=[RIGHTWARDS])
    doubtful = drafts_of({clip_named("a"): doubtful}, confidence=0.95)
    assert not doubtful[0]
    assert "a track scores 0.90" in doubtful[1][0].reason
    models = measurement(tracks=[RIGHTWARDS], objects_at_once=None)
    assert "tracked by a model" in drafts_of({clip_named("a"): models})[1][0].reason


def test_a_clip_without_a_row_is_told() -> None:
    drafts, (drop,) = drafts_from_facts(Facts(QuestionsSettings()), [clip_named("a")], seed=0)
    assert not drafts
    assert drop.reason == "The warehouse has no row of it under the recipe r1."


def blind(options: Iterable[str], counts: Counter[str]) -> str:
    return max(sorted(options), key=lambda option: counts[option])


def test_the_option_that_most_options_hold_is_right_hardly_more_often_than_by_chance(
    drafts: list[Draft],
) -> None:
    counts = Counter(option for draft in drafts for option in draft.question.options)
    guessed = [blind(draft.question.options, counts) == right(draft) for draft in drafts]
    assert np.mean(guessed) < 0.45
