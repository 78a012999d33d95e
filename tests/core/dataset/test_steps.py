"""The steps from rows to clips, each by itself."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from motionsight_core.dataset.clips import recipe_order
from motionsight_core.dataset.duplicates import drop_duplicates
from motionsight_core.dataset.pools import CAMERA, MIXED, OBJECT, question
from motionsight_core.dataset.prepare import prepare
from motionsight_core.dataset.rows import Rows
from motionsight_core.dataset.selection import newest_versions, select, thresholds
from motionsight_core.dataset.sources import Sources
from motionsight_core.dataset.splits import SPLITS, splits_of
from motionsight_core.errors import UsageError
from motionsight_core.settings import DatasetSettings, Settings, SourceSettings
from tests.core.dataset.rows import NOON, bits_of, compared, row


def reasons(settings: DatasetSettings, *rows) -> list[str]:
    _, drops = select(rows, thresholds(rows, settings), settings)
    return [drop.reason for drop in drops]


def test_a_dog_in_a_static_shot_stays_and_a_still_is_left_out() -> None:
    dog = row("dog.mp4", motion_score=0.001, has_track=True)
    still = row("still.mp4", motion_score=0.001, has_track=False)
    assert reasons(DatasetSettings(), dog, still) == [
        "Its motion score 0.0010 is not above 0.0100, and no track was found."
    ]


def test_the_papers_rule_goes_by_motion_alone() -> None:
    dog = row("dog.mp4", motion_score=0.001, has_track=True)
    assert reasons(DatasetSettings(rule="motion"), dog) == ["Its motion score 0.0010 is not above 0.0100."]


def test_a_value_at_the_threshold_is_not_above_it() -> None:
    assert reasons(DatasetSettings(clarity="0.8"), row(clarity=0.8)) == [
        "Its clarity 0.800 is not above 0.800."
    ]


def test_a_quantile_is_of_the_rows() -> None:
    rows = [row(f"{number}.mp4", clarity=number / 10) for number in range(11)]
    kept, _ = select(rows, thresholds(rows, chosen := DatasetSettings(clarity="q0.2")), chosen)
    assert sorted(one.clarity for one in kept) == [number / 10 for number in range(3, 11)]


@pytest.mark.parametrize("wrong", ["q1.5", "much", "qq", "nan"])
def test_a_threshold_is_a_number_or_a_quantile(wrong: str) -> None:
    with pytest.raises(UsageError, match="a threshold should be a number"):
        Settings.load(overrides=[f"dataset.clarity={wrong}"], environment={})


def test_rows_of_replaced_bytes_are_left_out() -> None:
    old = row(version="1-1", annotated_at=NOON)
    new = row(version="2-2", annotated_at=NOON + timedelta(days=1))
    kept, drops = newest_versions([old, new])
    assert kept == [new]
    assert [(drop.row, drop.stage) for drop in drops] == [(old, "version")]


def test_the_longest_prefix_is_the_source_and_an_unmapped_uri_an_error() -> None:
    chosen = DatasetSettings(
        sources=(SourceSettings(prefix="/clips/"), SourceSettings(prefix="/clips/x/", name="x"))
    )
    sources = Sources(chosen, required=False)
    assert sources.of("/clips/x/a.mp4").name == "x"
    assert sources.of("/clips/a.mp4").prefix == "/clips/"
    with pytest.raises(UsageError, match=r"/other/a\.mp4 belongs to no source"):
        sources.of("/other/a.mp4")


def test_scored_clips_must_have_a_source() -> None:
    scored = Rows((row(),), scores={(row().clip_id, "r1", "object", "s"): 0.5})
    with pytest.raises(UsageError, match="belongs to no source"):
        prepare(scored, DatasetSettings(), cluster=compared)


def test_of_near_duplicates_the_one_with_most_pixels_stays_and_then_the_longest() -> None:
    small, large, trimmed, other = (
        row("small.mp4", width=160, height=90),
        row("large.mp4"),
        row("trimmed.mp4", end_s=1.5),
        row("other.mp4"),
    )
    clusters = {one.clip_id: 0 for one in (small, large, trimmed)} | {other.clip_id: 1}
    kept, drops = drop_duplicates([small, large, trimmed, other], clusters)
    assert kept == [large, other]
    assert {drop.row for drop in drops} == {small, trimmed}
    assert all(large.clip_id in drop.reason for drop in drops)


@given(
    st.lists(st.tuples(st.integers(0, 20), st.integers(0, 5), st.none() | st.integers(0, 12)), max_size=60),
    st.integers(0, 5),
)
def test_no_two_splits_share_a_cluster_or_an_object(
    clips: list[tuple[int, int, int | None]], seed: int
) -> None:
    rows = [row(f"{name}.mp4", clip_id=f"{name}-{clip}") for name, clip, _ in clips]
    clusters = {
        one.clip_id: cluster for one, (_, _, cluster) in zip(rows, clips, strict=True) if cluster is not None
    }
    chosen = DatasetSettings(validation=0.3, test=0.3, seed=seed)
    splits = splits_of(rows, clusters, chosen)
    of_cluster: dict[int, set[str]] = {}
    for one in rows:
        if one.clip_id in clusters:
            of_cluster.setdefault(clusters[one.clip_id], set()).add(splits[one.uri])
    assert all(len(found) == 1 for found in of_cluster.values())
    assert splits == splits_of(rows[::-1], clusters, chosen)


def test_shares_of_splits_are_as_set_and_a_seed_changes_them() -> None:
    rows = [row(f"{number}.mp4") for number in range(2000)]
    chosen = DatasetSettings(validation=0.2, test=0.1)
    counts = Counter(splits_of(rows, {}, chosen).values())
    assert set(counts) == set(SPLITS)
    # Three standard deviations of 2000 independent draws.
    assert counts["validation"] == pytest.approx(400, abs=54)
    assert counts["test"] == pytest.approx(200, abs=41)
    assert splits_of(rows, {}, chosen) != splits_of(rows, {}, chosen.model_copy(update={"seed": 1}))


def test_a_clip_keeps_its_split_when_others_come() -> None:
    chosen = DatasetSettings(validation=0.3, test=0.3)
    few = [row(f"{number}.mp4") for number in range(50)]
    more = [*few, *(row(f"later_{number}.mp4") for number in range(50))]
    later = splits_of(more, {}, chosen)
    assert splits_of(few, {}, chosen) == {one.uri: later[one.uri] for one in few}


def test_clips_that_a_dropped_one_links_stay_in_one_split() -> None:
    # a and c are both near-duplicates of b's object; b itself is too small to stay.
    rows = (row("a.mp4"), row("b.mp4", clip_id="b1", width=16), row("b.mp4", clip_id="b2"), row("c.mp4"))
    bits = {rows[0].clip_id: "x", "b1": "x", "b2": "y", rows[3].clip_id: "y"}
    prepared = prepare(
        Rows(tuple(sorted(rows, key=lambda one: (one.uri, one.clip_id))), fingerprints=bits),
        DatasetSettings(validation=0.4, test=0.4),
        cluster=lambda prints, distance: {clip: int(value == "y") for clip, value in prints.items()},
    )
    assert len({clip.split for clip in prepared.clips}) == 1


def test_contaminated_clips_are_left_out_with_the_reason() -> None:
    rows = (row("a.mp4"), row("b.mp4"))
    prints = {one.clip_id: bits_of(one.uri) for one in rows}
    prepared = prepare(
        Rows(rows, fingerprints=prints),
        DatasetSettings(),
        cluster=compared,
        contaminated=lambda _: {rows[1].clip_id: "It is near bench/3.mp4."},
    )
    assert [clip.clip_id for clip in prepared.clips] == [rows[0].clip_id]
    assert [(drop.stage, drop.reason) for drop in prepared.drops] == [
        ("contamination", "It is near bench/3.mp4.")
    ]


def test_the_recipe_with_most_clips_comes_first_unless_others_are_named() -> None:
    rows = [row("a.mp4"), row("b.mp4"), row("a.mp4", recipe="r0")]
    assert list(recipe_order(rows, DatasetSettings())) == ["r1", "r0"]
    assert list(recipe_order(rows, DatasetSettings(recipes=("r0", "gone")))) == ["r0", "r1"]


def test_pools_have_the_papers_sizes_and_no_question_twice() -> None:
    assert [len(set(pool)) for pool in (OBJECT, CAMERA, MIXED)] == [10, 10, 4]


def test_questions_are_drawn_evenly_and_the_same_again() -> None:
    chosen = DatasetSettings()
    asked = Counter(question("camera", f"clip{number}", chosen) for number in range(2000))
    assert set(asked) == set(CAMERA)
    # Four standard deviations: one of ten questions is rarely further off.
    assert all(count == pytest.approx(200, abs=54) for count in asked.values())
    assert question("camera", "clip1", chosen) == question("camera", "clip1", chosen)


def test_a_users_own_questions_take_the_place_of_ours() -> None:
    chosen = DatasetSettings(mixed_questions=("What happens?",))
    assert question("mixed", "clip", chosen) == "What happens?"
    assert question("object", "clip", chosen) in OBJECT


def test_settings_of_data_sets_enter_no_recipe() -> None:
    changed = Settings.layered({"dataset": {"seed": 3, "sources": [{"prefix": "gs://x/"}]}})
    assert changed.recipe() == Settings().recipe()
