"""Confidence is a probability, kept as fitted numbers, and what is improbable is not said."""

from __future__ import annotations

import json
import math
from dataclasses import fields, replace

import numpy as np
import pytest

from benchmarks.calibrate import fitted, main
from motionsight_core.measure import calibration
from motionsight_core.measure.calibration import FILE, MOVE_FEATURES, TRACK_FEATURES, probability_of_move
from motionsight_core.measure.narrate import describe_camera
from motionsight_core.settings import MeasureSettings
from tests.core.measure.pictures import WIDTH, film, measured, texture, view

PICTURE = texture(4)
PANNING = film(lambda t_s: view(PICTURE, right=-0.1 * WIDTH * t_s))


def test_the_file_has_a_number_for_each_feature_and_says_what_it_was_fitted_on() -> None:
    numbers = json.loads(FILE.read_text())
    for kind, features in (("moves", MOVE_FEATURES), ("tracks", TRACK_FEATURES)):
        assert set(numbers[kind]["weights"]) == set(features)
        assert all(math.isfinite(weight) for weight in numbers[kind]["weights"].values())
        assert math.isfinite(numbers[kind]["intercept"])
        assert numbers[kind]["claims"] > 100
    assert not any(5000 <= seed < 6000 for seed in numbers["seeds"])


def test_a_plain_pan_is_all_but_certain_and_an_erratic_one_less() -> None:
    measurement = measured(PANNING)
    (move,), (evidence,) = measurement.camera_moves, measurement.move_evidence
    assert move.label == "pan_right"
    assert move.confidence == probability_of_move(move.label, evidence) > 0.95
    erratic = replace(evidence, unsteadiness=2.0, halves=0.0, inliers=0.2, turns=2.0)
    assert probability_of_move(move.label, erratic) < move.confidence - 0.2


def test_what_is_improbable_is_stored_only_where_a_setting_asks(monkeypatch: pytest.MonkeyPatch) -> None:
    numbers = json.loads(FILE.read_text())
    unlikely = {"intercept": -1.0, "weights": dict.fromkeys(MOVE_FEATURES, 0.0)}
    monkeypatch.setattr(calibration, "_NUMBERS", {**numbers, "moves": unlikely})

    (rest,) = measured(PANNING).camera_moves
    assert (rest.label, rest.confidence) == ("static", pytest.approx(1 - 0.269, abs=0.01))
    assert measured(PANNING).move_evidence == ()
    (move,) = measured(PANNING, MeasureSettings(least_confidence=0.2)).camera_moves
    assert (move.label, move.confidence) == ("pan_right", 0.269)


def test_what_is_no_more_than_likely_is_told_so() -> None:
    measurement = measured(PANNING)
    likely = replace(measurement, camera_moves=(replace(measurement.camera_moves[0], confidence=0.6),))
    assert "The camera pans right" in describe_camera(measurement, start_s=0.0, end_s=3.0)
    assert "The camera probably pans right" in describe_camera(likely, start_s=0.0, end_s=3.0)


def test_the_score_of_a_track_is_its_probability_and_the_order_that_of_prominence() -> None:
    small, large = texture(7)[:20, :20] // 3, texture(8)[:60, :60] // 3

    def frame(t_s: float) -> np.ndarray:
        shown = view(PICTURE)
        x = round(10 + 70 * t_s)
        shown[20:40, x : x + 20] = small
        shown[90:150, 250 - x : 310 - x] = large
        return shown

    measurement = measured(film(frame))
    first, second = measurement.tracks[:2]
    assert [one.track_id for one in measurement.track_evidence] == [
        one.track_id for one in measurement.tracks
    ]
    assert measurement.track_evidence[0].prominence > measurement.track_evidence[1].prominence
    assert first.boxes[0].x1 - first.boxes[0].x0 > second.boxes[0].x1 - second.boxes[0].x0
    for track, evidence in zip(measurement.tracks, measurement.track_evidence, strict=True):
        assert track.score == calibration.probability_of_track(evidence)


def test_the_fit_finds_the_numbers_that_made_the_claims() -> None:
    rng = np.random.default_rng(0)
    features = rng.normal(size=(20_000, 2)) * (1.0, 5.0)
    probability = 1 / (1 + np.exp(-(0.5 + features @ [1.5, -0.3])))
    right = (rng.uniform(size=len(features)) < probability).astype(np.float64)

    intercept, weights = fitted(features, right, np.ones(len(features)), penalty=3.0)

    assert intercept == pytest.approx(0.5, abs=0.08)
    assert weights.tolist() == pytest.approx([1.5, -0.3], abs=0.08)


def test_nothing_is_fitted_on_the_seeds_that_are_for_tests(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.argv", ["calibrate", "--seeds", "301", "--check", "5000"])
    with pytest.raises(SystemExit):
        main()


def test_every_field_of_the_evidence_of_a_move_is_a_feature_of_it() -> None:
    from motionsight_core.measure.move_evidence import MoveEvidence

    known = {field.name.removesuffix("_s") for field in fields(MoveEvidence)}
    assert known <= set(MOVE_FEATURES)
