"""Benchmarks: official files in, predictions and scores out."""

from __future__ import annotations

from motionsight_core.evaluation.question import Question

__all__ = ["Question"]
