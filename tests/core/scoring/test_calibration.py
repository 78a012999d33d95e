"""Histograms of scores, and the descriptions at their boundaries, in every warehouse."""

from __future__ import annotations

import pytest

from motionsight_core.errors import UsageError
from motionsight_core.scoring.calibration import histograms
from motionsight_core.warehouse import Warehouse
from tests.core.warehouse.rows import Stage, record, score

#: Of clips a.mp4, b.mp4 and so on.
SCORES = (0.0, 0.05, 0.1, 0.29, 0.3, 0.31, 0.95, 1.0)


def commit(stage: Stage, values: tuple[float, ...] = SCORES, **of_all: str) -> dict[str, str]:
    """A row of `motion` and a score of each clip; the clips' names by clip_id."""
    rows = [record(f"{'abcdefgh'[place]}.mp4") for place in range(len(values))]
    scores = [score(row.clip_id, value, **of_all) for row, value in zip(rows, values, strict=True)]
    stage.commit(*rows, *scores)
    return {row.clip_id: row.uri.rpartition("/")[2] for row in rows}


def test_each_scorer_and_aspect_has_a_histogram_of_its_own(warehouse: Warehouse, stage: Stage) -> None:
    commit(stage)
    commit(stage, (0.5, 0.5), aspect="object")
    commit(stage, (0.7,), scorer="another")

    found = {(one.scorer, one.aspect): one for one in histograms(warehouse, None)}

    assert set(found) == {
        ("another", "camera"),
        ("transformers:scorer", "camera"),
        ("transformers:scorer", "object"),
    }
    camera = found["transformers:scorer", "camera"]
    assert camera.counts == (2, 1, 1, 2, 0, 0, 0, 0, 0, 2)
    assert camera.count == 8
    assert camera.mean == pytest.approx(sum(SCORES) / 8)
    assert {one.source for one in found.values()} == {"all"}


@pytest.mark.in_gate("duckdb")
def test_below_and_above_each_boundary_stands_the_nearest_description(
    warehouse: Warehouse, stage: Stage
) -> None:
    names = commit(stage)

    (camera,) = histograms(warehouse, None)

    assert [(one.boundary, one.score, names[one.clip_id], one.recipe) for one in camera.at_boundaries] == [
        (0.1, 0.05, "b.mp4", "r1"),
        (0.1, 0.1, "c.mp4", "r1"),
        (0.2, 0.1, "c.mp4", "r1"),
        (0.2, 0.29, "d.mp4", "r1"),
        (0.3, 0.29, "d.mp4", "r1"),
        (0.3, 0.3, "e.mp4", "r1"),
        (0.4, 0.31, "f.mp4", "r1"),
        (0.9, 0.95, "g.mp4", "r1"),
    ]


@pytest.mark.in_gate("duckdb")
def test_a_source_is_the_longest_prefix_that_fits(warehouse: Warehouse, stage: Stage) -> None:
    commit(stage)

    found = histograms(warehouse, None, sources=["/clips/", "/clips/a", "/elsewhere/"])
    others = histograms(warehouse, None, sources=["/clips/a"])

    assert [(one.source, one.count) for one in found] == [("/clips/", 7), ("/clips/a", 1)]
    assert [(one.source, one.count) for one in others] == [("/clips/a", 1), ("others", 7)]


def test_rows_and_a_scorer_are_selected(warehouse: Warehouse, stage: Stage) -> None:
    commit(stage)
    commit(stage, (0.7, 0.8), scorer="another")

    (found,) = histograms(warehouse, "uri LIKE '%/b.mp4' -- one", scorer="another")

    assert (found.scorer, found.count, found.mean) == ("another", 1, 0.8)
    assert histograms(warehouse, "1 = 0") == []


@pytest.mark.parametrize("prefix", ["it's", "back\\slash", "line\nbreak"])
def test_a_prefix_that_sql_cannot_quote_everywhere_is_refused(warehouse: Warehouse, prefix: str) -> None:
    with pytest.raises(UsageError, match="quote, a backslash or a control"):
        histograms(warehouse, None, sources=[prefix])
