"""The queries in deploy/sql run in the warehouse that they are written for."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from motionsight_core.record import Dissolve, Exchange, Repetition, TrackName
from motionsight_core.warehouse import Answer, Warehouse
from tests.core.warehouse.rows import Stage, record

SAMPLES = Path(__file__).parents[3] / "deploy" / "sql"


@pytest.fixture
def answer(warehouse: Warehouse, stage: Stage):
    stage.commit(replace(record("folder/a.mp4"), camera_agreement=0.25))
    folder = SAMPLES if warehouse.url.startswith("duckdb:") else SAMPLES / "bigquery"

    def ask(name: str) -> Answer:
        return warehouse.query((folder / name).read_text())

    return ask


def test_the_samples_answer_alike_in_both(answer) -> None:
    assert answer("pans_right.sql").rows == [("a.mp4", 0.0, 1.5, 0.1, 0.9)]
    assert answer("fastest_objects.sql").rows == [("a.mp4", "moving region", None, 0.0, 1.0)]
    disagreeing = answer("text_against_measurement.sql")
    assert disagreeing.columns == ("clip", "camera_agreement", "camera_motion", "measured")
    assert disagreeing.rows == [("a.mp4", 0.25, "The camera pans right.", ["pan_right", "zoom_in"])]


@pytest.mark.in_gate("duckdb")
def test_the_dialogue_of_rows_whose_text_agrees_with_the_measurement_is_there_to_train_on(
    answer, stage: Stage
) -> None:
    turns = (Exchange("object", "What?", "A dog."), Exchange("camera", "And the camera?", "It pans."))
    stage.commit(replace(record("folder/b.mp4"), camera_agreement=0.75, dialogue=turns))
    told = answer("dialogue.sql")
    assert told.columns == ("uri", "start_s", "end_s", "about", "question", "reply")
    assert [row[3:] for row in told.rows] == [
        ("object", "What?", "A dog."),
        ("camera", "And the camera?", "It pans."),
    ]


@pytest.mark.in_gate("duckdb")
def test_the_names_of_what_moves_are_counted(answer, stage: Stage) -> None:
    named = record("folder/b.mp4")
    track = replace(named.object_tracks[0], label="dog")
    stage.commit(replace(named, object_tracks=(track,), track_names=(TrackName(1, "dog", 0.5, 4),)))
    assert answer("names.sql").rows == [("dog", 1, 1, None, 0.5)]


@pytest.mark.in_gate("duckdb")
def test_what_repeats_its_motion_is_found(answer, stage: Stage) -> None:
    repetition = Repetition(1, 14, 0.5, 0.0, 1.0, 0.9)
    stage.commit(replace(record("folder/b.mp4"), repetitions=(repetition,)))
    assert answer("repeating.sql").rows == [("b.mp4", "moving region", 14, 0.5)]


@pytest.mark.in_gate("duckdb")
def test_clips_of_several_shots_are_found_with_how_these_are_joined(answer, stage: Stage) -> None:
    dissolves = (Dissolve(0.2, 0.4), Dissolve(0.6, 0.7, "fade_out"), Dissolve(0.7, 0.8, "fade_in"))
    stage.commit(replace(record("folder/b.mp4"), cuts=(0.5,), dissolves=dissolves))
    assert ("b.mp4", 1, 1, 2) in answer("edits.sql").rows


def test_every_sample_is_there_for_both() -> None:
    assert {path.name for path in SAMPLES.glob("*.sql")} == {
        path.name for path in (SAMPLES / "bigquery").glob("*.sql")
    }
