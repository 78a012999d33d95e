"""What Beam counts of ours, all under one namespace."""

from __future__ import annotations

from typing import Any

from apache_beam.metrics import Metrics

NAMESPACE = "motionsight"


def counter(name: str) -> Any:
    """A counter that is reported when the pipeline has ended."""
    return Metrics.counter(NAMESPACE, name)
