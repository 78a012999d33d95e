"""The benchmark that compares compressors: its clips are true, and what it trains learns."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
import pytest

from benchmarks import compressors
from benchmarks._compressors_trained import image_tower, new_reader, score, train
from benchmarks._hops import HOPS, MOMENTS, PATCH, SIZE, WAYS, Hops, backgrounds, hops
from motionsight_core.compressors.methods import METHODS


@pytest.fixture(scope="module")
def clips() -> Hops:
    return hops(64, backgrounds(2, seed=1), seed=1)


def test_the_object_is_where_the_clips_say(clips: Hops) -> None:
    """What differs from the median over time is the object, and its middle is its place."""
    away = np.abs(clips.pixels.astype(float) - np.median(clips.pixels, 1, keepdims=True)).sum(-1)
    at = np.arange(len(clips))[:, None], clips.peaks
    rows, columns = np.mgrid[:SIZE, :SIZE] + 0.5 - SIZE / 2
    weights = np.where(away[at] > 60, away[at], 0)
    total = weights.sum((-1, -2))
    seen = np.stack(((weights * columns).sum((-1, -2)) / total, (weights * rows).sum((-1, -2)) / total), -1)
    wrong = np.linalg.norm(seen - PATCH * clips.places[at], axis=-1)
    assert np.median(wrong) < 2  # pixels; where it rests it covers the background that the median shows


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


@pytest.mark.parametrize("method", METHODS)
def test_twenty_steps_of_training_lower_the_loss(method: str, clips: Hops) -> None:
    k = 1 if method == "none" else 4
    reader = new_reader(method, image_tower(clips, steps=1), k=k, groups=4, seed=0)
    losses = train(reader, clips, frames=4 * k, steps=20, seed=0)
    assert len(losses) == 20
    assert np.mean(losses[-5:]) < 0.9 * np.mean(losses[:5])


def test_a_score_is_of_the_places_told(clips: Hops) -> None:
    reader = new_reader("none", image_tower(clips, steps=1), k=1, groups=4, seed=0)
    reader.forward = lambda frames: _true_places(clips)[: len(frames)]  # pyright: ignore
    assert score(reader, clips, frames=4) == (1, 0)


def _true_places(clips: Hops):
    import torch

    return torch.from_numpy(clips.places)


def test_a_second_run_trains_only_what_the_results_lack(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    results = tmp_path / "results.jsonl"
    small = ["--steps", "2", "--clips", "60", "--results", str(results), "--methods", "none", "te"]
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
