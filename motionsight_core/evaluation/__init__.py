"""Benchmarks: official files in, predictions and scores out.

from motionsight_core.evaluation import open_benchmark

annotations = open_benchmark("motionbench").read("video_info.meta.jsonl")
"""

from __future__ import annotations

from motionsight_core.evaluation._base import Annotations, Benchmark, Rejected, chosen, open_benchmark
from motionsight_core.evaluation._records import Unusable
from motionsight_core.evaluation.question import Question

__all__ = ["Annotations", "Benchmark", "Question", "Rejected", "Unusable", "chosen", "open_benchmark"]
