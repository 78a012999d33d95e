"""A real model behind a real server runs a benchmark's form from end to end."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from flows.runs.evaluate import Request, evaluate
from motionsight_core.evaluation.arms import arms_of
from motionsight_core.mllm import _transformers
from motionsight_core.settings import Settings
from motionsight_core.synthetic import render_catalog
from motionsight_core.warehouse import open_warehouse
from tests.core.evaluation.examples import motionbench
from tests.core.mllm.serving import Served
from tests.flows.evaluating import own_questions


@pytest.mark.long
@pytest.mark.timeout(600)
def test_motionbench_runs_with_both_prompts_and_the_baseline(served: Served, tmp_path: Path) -> None:
    annotations = motionbench(tmp_path)
    render_catalog(tmp_path / "rendered", count=2, seed=1, width=96, height=54, duration_s=3.0)
    (tmp_path / "videos" / "public-dataset").mkdir(parents=True)
    for name, clip in zip(("one.mp4", "two.mp4"), sorted((tmp_path / "rendered").glob("*.mp4")), strict=True):
        shutil.copy(clip, tmp_path / "videos" / "public-dataset" / name)
    settings = served.settings(max_new_tokens=4)
    few = settings.model_copy(update={"sampling": settings.sampling.model_copy(update={"frames": 4})})
    before = served.answered()
    warehouse = f"duckdb:{tmp_path}/w.duckdb"
    done = evaluate(
        Request("motionbench", str(annotations), str(tmp_path / "videos"), warehouse, arms_of(few))
    )
    assert not done.shortfall.broken
    rows = [row for row in done.result.table() if row.category == "all"]
    assert {(row.arm, row.questions) for row in rows} == {("baseline", 3), ("method", 3)}
    predictions = open_warehouse(warehouse).query(
        "SELECT route, aspect, count(*), count(reply) FROM predictions GROUP BY route, aspect ORDER BY ALL"
    )
    assert predictions.rows == [("label", "camera", 2, 2), ("label", "object", 2, 2), ("none", "both", 4, 4)]
    # The questions of both arms, and of those about objects the names before, asked twice at most.
    assert 8 + 2 <= served.answered() - before <= 8 + 4


@pytest.mark.timeout(600)
def test_a_model_in_this_process_is_loaded_once_for_all_arms(
    checkpoint: Callable[[str], Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    loaded: list[object] = []
    load = _transformers._load
    monkeypatch.setattr(_transformers, "_load", lambda *arguments: loaded.append(1) or load(*arguments))
    render_catalog(tmp_path / "videos", count=3, seed=1, width=96, height=54, duration_s=1.0)
    names = [path.name for path in (tmp_path / "videos").glob("*.mp4")]
    annotations = own_questions(tmp_path / "own.jsonl", names)
    overrides = ["mllm.max_new_tokens=4", "sampling.frames=4", "runtime.device=cpu", "runtime.shard_size=2"]
    settings = Settings.load(
        environment={}, overrides=[f"annotator=transformers:{checkpoint('qwen2_5_vl')}", *overrides]
    )
    arms = arms_of(settings, vary=["prompts.camera=motion_blur,none"])
    done = evaluate(
        Request("jsonl", str(annotations), str(tmp_path / "videos"), f"duckdb:{tmp_path}/w.duckdb", arms)
    )
    assert not done.shortfall.broken
    assert {(row.arm, row.answered) for row in done.result.table(["strict"]) if row.category == "all"} == {
        ("baseline", 6),
        ("prompts.camera=motion_blur", 6),
        ("prompts.camera=none", 6),
    }
    assert len(done.plan.shards) == 2
    assert len(loaded) == 1
