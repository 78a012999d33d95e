"""`motionsight score --import`: scores that another program gave."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import duckdb
import pytest

from motionsight_core.warehouse import open_warehouse
from tests.core.warehouse.rows import Stage, record, score
from tests.documented import ROOT

HEAD = "clip_id,recipe,aspect,scorer,score\n"
CLIP = record("a.mp4")


@pytest.fixture
def warehouse(tmp_path: Path) -> str:
    """Two rows in the warehouse that commands take by default, one of them scored by another scorer."""
    opened = open_warehouse(f"duckdb:{tmp_path / 'motionsight.duckdb'}")
    Stage(opened).commit(CLIP, record("b.mp4"), score(CLIP.clip_id, 0.1, scorer="other"))
    return opened.url


def scores_in(warehouse: str, scorer: str) -> list[tuple[object, ...]]:
    query = f"SELECT uri, recipe, aspect, score FROM scores WHERE scorer = '{scorer}' ORDER BY ALL"  # noqa: S608
    return open_warehouse(warehouse).query(query).rows


def line(score: str, *, clip_id: str = CLIP.clip_id, aspect: str = "object", scorer: str = "mine") -> str:
    return f"{clip_id},{CLIP.recipe},{aspect},{scorer},{score}\n"


def test_scores_of_a_csv_file_are_imported_and_a_later_file_replaces_them(
    motionsight, warehouse: str, tmp_path: Path
) -> None:
    file = tmp_path / "scores.csv"
    file.write_text(HEAD + line("0.25") + line("1", aspect="camera"))
    done = motionsight("score", "--import", "scores.csv")
    assert done.code == 0, done.err
    assert done.out == f"2 scores by mine are in {warehouse}\n"
    assert scores_in(warehouse, "mine") == [
        (CLIP.uri, CLIP.recipe, "camera", 1.0),
        (CLIP.uri, CLIP.recipe, "object", 0.25),
    ]
    file.write_text(HEAD + line("0.75"))
    assert motionsight("score", "--import", "scores.csv").code == 0
    assert scores_in(warehouse, "mine") == [
        (CLIP.uri, CLIP.recipe, "camera", 1.0),
        (CLIP.uri, CLIP.recipe, "object", 0.75),
    ]
    assert len(scores_in(warehouse, "other")) == 1


def test_an_answer_of_sql_is_imported_through_a_pipe(motionsight, warehouse: str) -> None:
    columns = "'x' AS more, clip_id, recipe, 'camera' AS aspect, 'it''s mine' AS scorer, 0.5 AS score"
    query = f"SELECT {columns} FROM motion"  # noqa: S608
    table = motionsight("sql", query, "--format", "csv").out
    done = motionsight("score", "--import", "-", input=table)
    assert done.code == 0, done.err
    assert scores_in(warehouse, "it''s mine") == [
        (f"/clips/{name}.mp4", CLIP.recipe, "camera", 0.5) for name in "ab"
    ]


def test_the_agreement_with_the_measurement_is_a_score_of_the_camera_s_description(
    motionsight, tmp_path: Path
) -> None:
    warehouse = f"duckdb:{tmp_path / 'motionsight.duckdb'}"
    told = replace(CLIP, annotator="openai:model", camera_agreement=0.25)
    Stage(open_warehouse(warehouse)).commit(told, record("b.mp4"))
    page = (ROOT / "docs/scores.md").read_text()
    (query,) = re.findall(r'motionsight sql "([^"]*camera_agreement AS score[^"]*)"', page)
    table = motionsight("sql", query, "--format", "csv").out
    assert motionsight("score", "--import", "-", input=table).code == 0
    assert scores_in(warehouse, "camera_agreement") == [(told.uri, told.recipe, "camera", 0.25)]


def test_scores_of_a_parquet_file_are_imported_whatever_its_types_of_number(
    motionsight, warehouse: str, tmp_path: Path
) -> None:
    with duckdb.connect() as connection:
        connection.execute(
            f"COPY (SELECT '{CLIP.clip_id}' AS clip_id, '{CLIP.recipe}' AS recipe, 'object' AS aspect, "
            f"'mine' AS scorer, 0.5::DECIMAL(3, 2) AS score) TO '{tmp_path}/scores.parquet'"
        )
    assert motionsight("score", "--import", "scores.parquet").code == 0
    assert scores_in(warehouse, "mine") == [(CLIP.uri, CLIP.recipe, "object", 0.5)]


def test_scores_of_descriptions_that_are_not_there_are_counted(
    motionsight, warehouse: str, tmp_path: Path
) -> None:
    file = tmp_path / "scores.csv"
    file.write_text(HEAD + line("0.5") + line("0.5", clip_id="0" * 32))
    done = motionsight("score", "--import", "scores.csv")
    assert "1 scores were left out: the warehouse does not have their descriptions." in done.out
    assert len(scores_in(warehouse, "mine")) == 1
    file.write_text(HEAD + line("0.5", clip_id="0" * 32))
    done = motionsight("score", "--import", "scores.csv")
    assert (done.code, done.err.count("\n")) == (2, 1)
    assert "The warehouse has none of the 1 descriptions of scores.csv" in done.err


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", "cannot be read as scores"),
        ("clip_id,recipe,aspect,score\na,r,object,0.5\n", "lacks the column scorer"),
        (HEAD, "holds no score"),
        (HEAD + line("0.5") + line("1.5", aspect="camera"), "Row 2 of scores.csv has the score 1.5"),
        (HEAD + line(""), "Row 1 of scores.csv has no score; leave such rows out"),
        (HEAD + line("-0.1"), "has the score -0.1; scores are 0 to 1"),
        (HEAD + line("good"), "cannot be read as scores"),
        (HEAD + line("0.5", aspect="both"), "has the aspect 'both', not object or camera"),
        (HEAD + line("0.5", scorer=""), "Row 1 of scores.csv has no valid scorer"),
        (HEAD + line("0.5") + line("0.6"), "Rows 1 and 2 of scores.csv score the same description"),
    ],
    ids=lambda text: text.rpartition("\n")[2],
)
def test_a_file_that_holds_no_scores_is_a_usage_error_and_nothing_is_imported(
    motionsight, warehouse: str, tmp_path: Path, content: str, said: str
) -> None:
    (tmp_path / "scores.csv").write_text(content)
    done = motionsight("score", "--import", "scores.csv")
    assert (done.code, done.err.count("\n")) == (2, 1)
    assert said in done.err
    assert scores_in(warehouse, "mine") == []


@pytest.mark.usefixtures("warehouse")
def test_an_import_scores_nothing_else(motionsight) -> None:
    done = motionsight("score", "--import", "none.csv")
    assert (done.code, done.err.count("\n")) == (2, 1)
    assert "none.csv cannot be read as scores: " in done.err
    assert motionsight("score", "--import", "none.csv", "--calibrate").code == 2
