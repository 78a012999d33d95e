"""What a scorer has not scored yet, in every warehouse."""

from __future__ import annotations

from dataclasses import replace

import pytest

from motionsight_core.catalog import Clip
from motionsight_core.errors import NoWarehouse, UsageError
from motionsight_core.scoring import Tally, clips_to_score, count_rows, tallies
from motionsight_core.warehouse import Warehouse
from tests.core.warehouse.rows import Stage, record, score

SCORER = "vqascore-1 openai:a/model, 16 frames of 151200 pixels"


def left(
    warehouse: Warehouse, where: str | None = None, **page: int
) -> list[tuple[str, list[tuple[str, ...]]]]:
    """The clips to score by their names, with recipe and aspect of each description."""
    found = clips_to_score(warehouse, SCORER, where, **({"rows": 100} | page))
    return [
        (clip.clip.uri.rpartition("/")[2], [(one.recipe, one.aspect) for one in clip.descriptions])
        for clip in found
    ]


@pytest.mark.in_gate("duckdb")
def test_a_clip_comes_once_with_both_descriptions_of_each_recipe(warehouse: Warehouse, stage: Stage) -> None:
    stage.commit(record("b.mp4"), record("a.mp4"), record("a.mp4", recipe="r2", text="It's a \\ 'ball'."))

    first, second = clips_to_score(warehouse, SCORER, None, rows=100)

    assert first.clip == Clip("/clips/a.mp4", "1-1", 0.0, 2.0)
    assert first.clip_id == first.clip.clip_id
    assert [(one.recipe, one.aspect, one.text) for one in first.descriptions] == [
        ("r1", "object", "Nothing moves."),
        ("r1", "camera", "The camera pans right."),
        ("r2", "object", "It's a \\ 'ball'."),
        ("r2", "camera", "The camera pans right."),
    ]
    assert second.clip.uri == "/clips/b.mp4"


@pytest.mark.in_gate("duckdb")
def test_what_this_scorer_has_scored_is_left_out_and_no_more(warehouse: Warehouse, stage: Stage) -> None:
    a, b = record("a.mp4"), record("b.mp4")
    stage.commit(
        a,
        b,
        score(a.clip_id, scorer=SCORER, aspect="camera"),
        score(b.clip_id, scorer=SCORER, aspect="camera"),
        score(b.clip_id, scorer=SCORER, aspect="object"),
        score(a.clip_id, scorer="another", aspect="object"),
        score(a.clip_id, scorer=SCORER, aspect="object", recipe="r2"),
    )

    assert left(warehouse) == [("a.mp4", [("r1", "object")])]


@pytest.mark.in_gate("duckdb")
def test_a_description_that_is_empty_or_missing_is_not_scored(warehouse: Warehouse, stage: Stage) -> None:
    missing = replace(record("b.mp4"), object_motion=None, camera_motion=None)  # type: ignore[arg-type]
    stage.commit(record("a.mp4", text=""), missing)

    assert left(warehouse) == [("a.mp4", [("r1", "camera")])]
    assert tallies(warehouse, SCORER, None)["object"] == Tally(0, 0, None)


def test_a_condition_selects_rows(warehouse: Warehouse, stage: Stage) -> None:
    stage.commit(record("a.mp4"), record("b.mp4"), record("b.mp4", recipe="r2"))
    where = "uri LIKE '%b.mp4' AND recipe = 'r2' -- the newer one"

    assert left(warehouse, where) == [("b.mp4", [("r2", "object"), ("r2", "camera")])]
    assert count_rows(warehouse, where) == 1
    assert tallies(warehouse, SCORER, where)["camera"] == Tally(1, 0, None)


def test_a_page_holds_so_many_rows_and_passes_over_those_before(warehouse: Warehouse, stage: Stage) -> None:
    stage.commit(*(record(f"{name}.mp4") for name in "abc"))

    assert [name for name, _ in left(warehouse, rows=2)] == ["a.mp4", "b.mp4"]
    assert [name for name, _ in left(warehouse, rows=2, after_rows=2)] == ["c.mp4"]


def test_the_means_are_of_the_selected_rows_and_of_this_scorer(warehouse: Warehouse, stage: Stage) -> None:
    a, b = record("a.mp4"), record("b.mp4")
    stage.commit(
        a,
        b,
        score(a.clip_id, 0.25, scorer=SCORER, aspect="camera"),
        score(b.clip_id, 0.75, scorer=SCORER, aspect="camera"),
        score(b.clip_id, 1.0, scorer="another", aspect="object"),
    )

    assert tallies(warehouse, SCORER, None) == {"object": Tally(2, 0, None), "camera": Tally(2, 2, 0.5)}
    assert tallies(warehouse, SCORER, "uri LIKE '%a.mp4'")["camera"] == Tally(1, 1, 0.25)
    assert tallies(warehouse, SCORER, None)["object"].left == 2


@pytest.mark.in_gate("duckdb")
def test_a_condition_that_is_none_is_a_usage_error(warehouse: Warehouse, stage: Stage) -> None:
    stage.commit(record())

    with pytest.raises(UsageError):
        count_rows(warehouse, "no_such_column > 1")


def test_where_nothing_was_written_there_is_nothing_to_score(new_warehouse: Warehouse) -> None:
    with pytest.raises(NoWarehouse):
        count_rows(new_warehouse, None)
