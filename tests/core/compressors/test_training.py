"""The benchmark that compares compressors: its clips are true, and what it trains learns."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from benchmarks import compressors
from benchmarks._compressors_trained import image_tower, new_reader, score, small_tower, train
from benchmarks._hops import HOPS, MOMENTS, PATCH, SIZE, WAYS, Hops, backgrounds, hops
from motionsight_core.compressors.methods import METHODS


@pytest.fixture(scope="module")
def clips() -> Hops:
    return hops(64, backgrounds(2, seed=1), seed=1)


@pytest.fixture(scope="module")
def few() -> Hops:
    return hops(8, backgrounds(2, seed=1), seed=1)


def test_the_object_is_where_the_clips_say() -> None:
    clips = hops(12, [np.zeros((192, 192, 3), np.uint8)], seed=1)  # before black, what is seen is the object
    inside = np.abs(clips.places).max(-1) * PATCH < SIZE / 2 - 6  # not cut off by the picture's edge
    wrong = [
        _middle(frame) - PATCH * place
        for frame, place in zip(clips.pixels[inside], clips.places[inside], strict=True)
    ]
    assert len(wrong) > 200
    assert np.abs(wrong).max() < 1.5  # pixels, of which the object has seven to ten


def _middle(frame: NDArray[np.uint8]) -> NDArray[np.float64]:
    """x, y of the middle of what is not black, pixels from the picture's middle."""
    rows, columns = np.nonzero(frame.max(-1) > 8)
    sides = ((found.min() + found.max() + 1) / 2 for found in (columns, rows))
    return np.array([*sides]) - SIZE / 2


def test_each_hop_goes_its_way(clips: Hops) -> None:
    at = np.arange(len(clips))[:, None], clips.peaks
    away = clips.places[at] - clips.rests[at]
    ways = WAYS[clips.ways]
    along = away[..., 0] * ways.real + away[..., 1] * ways.imag
    assert clips.ways.shape == (64, HOPS)
    assert np.allclose(along, np.linalg.norm(away, axis=-1), atol=1e-5)
    assert np.median(PATCH * along) > 0.15 * SIZE


def test_four_frames_miss_most_hops_that_sixteen_show(clips: Hops) -> None:
    away = np.linalg.norm(clips.places - clips.rests, axis=-1) > 0.35

    def seen(frames: int) -> float:
        """Share of hops with one of the frames in them."""
        shown = ((np.arange(frames) + 0.5) * MOMENTS / frames).astype(int)
        near = np.abs(shown - clips.peaks[..., None]) <= 2
        return float((near & away[:, shown][:, None]).any(-1).mean())

    assert seen(4) < 0.6
    assert seen(16) > 0.9


@pytest.mark.in_gate("te", "qformer")
@pytest.mark.parametrize("method", METHODS)
def test_twenty_steps_of_training_lower_the_loss(method: str, few: Hops) -> None:
    k = 1 if method == "none" else 2
    reader = new_reader(method, small_tower().state_dict(), k=k, groups=4, seed=0)
    losses = train(reader, few, frames=4 * k, steps=20, seed=0)
    assert len(losses) == 20
    assert np.mean(losses[-5:]) < 0.75 * np.mean(losses[:5])


def test_a_tower_learns_to_find_the_object_on_single_frames(few: Hops) -> None:
    start, learned = (image_tower(few, steps=steps) for steps in (0, 3))
    assert start.keys() == learned.keys() == small_tower().state_dict().keys()
    assert not torch.equal(
        start["encoder.layers.0.mlp.fc1.weight"], learned["encoder.layers.0.mlp.fc1.weight"]
    )


def test_a_score_is_of_the_places_told(clips: Hops) -> None:
    assert score(lambda _: torch.from_numpy(clips.places), clips, frames=4) == (1, 0)
    other_way = torch.from_numpy(2 * clips.rests - clips.places)
    assert score(lambda _: other_way, clips, frames=4)[0] == 0


def test_a_second_run_trains_only_what_the_results_lack(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    results = tmp_path / "results.jsonl"
    monkeypatch.setattr(compressors, "BACKGROUNDS", 5)
    small = ["--steps", "1", "--clips", "6", "--results", str(results), "--methods", "none", "te"]
    for seeds in ("0", "1"), ("0", "1"):
        monkeypatch.setattr(sys, "argv", ["compressors", *small, "--seeds", *seeds])
        compressors.main()
    rows = [json.loads(line) for line in results.read_text().splitlines()]
    assert [(row["method"], row["k"], row["seed"]) for row in rows] == [
        ("none", 1, 0),
        ("te", 4, 0),
        ("none", 1, 1),
        ("te", 4, 1),
    ]
    tables = [line for line in capsys.readouterr().out.splitlines() if line.startswith("| te |")]
    assert len(tables) == 2
    assert tables[0] == tables[1]
    assert tables[0].startswith("| te | 4 | 16 | 16 | 2 |")
