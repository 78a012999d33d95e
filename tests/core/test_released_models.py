"""Models that are given up for another process, and loaded again when they are asked for."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from flows.runs.evaluate import Request, evaluate
from flows.runs.run import run_catalog
from flows.runs.score import opened_scoring, run_scoring
from motionsight_core.evaluation.arms import arms_of
from motionsight_core.mllm import _transformers
from motionsight_core.models.loaded import release_models
from motionsight_core.scoring import Scorer
from motionsight_core.settings import Settings
from motionsight_core.synthetic import render_catalog
from tests.flows.evaluating import own_questions


@pytest.mark.long
def test_after_each_kind_of_run_no_weights_are_held(
    checkpoint: Callable[[str], Path], tmp_path: Path, monkeypatch: Any
) -> None:
    loaded: list[weakref.ref[Any]] = []
    load = _transformers._load_model

    def watched(*arguments: Any) -> Any:
        model = load(*arguments)
        loaded.append(weakref.ref(model))
        return model

    monkeypatch.setattr(_transformers, "_load_model", watched)
    render_catalog(tmp_path / "clips", count=1, seed=1, width=96, height=54, duration_s=1.0)
    questions = own_questions(
        tmp_path / "own.jsonl", [path.name for path in (tmp_path / "clips").glob("*.mp4")], each=1
    )
    warehouse = f"duckdb:{tmp_path}/w.duckdb"
    annotator = f"transformers:{checkpoint('qwen2_5_vl')}"
    settings = Settings.load(
        environment={},
        overrides=[
            f"annotator={annotator}",
            "mllm.max_new_tokens=4",
            "sampling.frames=4",
            "runtime.device=cpu",
        ],
    )

    def annotate() -> None:
        assert (
            run_catalog(str(tmp_path / "clips"), warehouse=warehouse, settings=settings).record.annotated == 1
        )

    def score() -> None:
        with opened_scoring(Scorer.of(annotator, settings), warehouse=warehouse, where=None) as scoring:
            assert run_scoring(scoring).scored == 2

    def ask() -> None:
        request = Request("jsonl", str(questions), str(tmp_path / "clips"), warehouse, arms_of(settings))
        assert not evaluate(request).shortfall.broken

    for run in (annotate, score, ask):
        run()
        release_models()
        gc.collect()
        assert [model() for model in loaded] == [None] * len(loaded), run.__name__
    assert len(loaded) == 3, "each loads it anew"
