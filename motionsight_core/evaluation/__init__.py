"""Benchmarks: official files in, predictions and scores out.

    from pathlib import Path

    from motionsight_core.evaluation import open_benchmark
    from motionsight_core.synthetic.questions import render_questions

    render_questions(Path("asked"), Path("asked.jsonl"), count=2, seed=1, width=160, height=90)
    annotations = open_benchmark("motionbench").read("asked.jsonl")
    print(annotations.sha256, annotations.questions[0])

`scores` tells right from wrong, `statistics` adds up and compares, `table` makes rows of both.
"""

from __future__ import annotations

from motionsight_core.evaluation._base import Annotations, Benchmark, Rejected, chosen, open_benchmark
from motionsight_core.evaluation._records import Unusable
from motionsight_core.evaluation.question import Question

__all__ = ["Annotations", "Benchmark", "Question", "Rejected", "Unusable", "chosen", "open_benchmark"]
