"""Beam's RunInference, without the seconds in which its module loads torch for what is not used here.

That module imports Beam's manager of several models in one process where it can; with it come torch and
SciPy, though the model may be an endpoint elsewhere. Where the manager cannot be imported, Beam does without.
"""

from __future__ import annotations

import importlib
import sys
from typing import TYPE_CHECKING, Any

_MANAGER = "apache_beam.ml.inference.model_manager"


def _without_the_manager() -> Any:
    """`apache_beam.ml.inference.base`; whoever wants the manager later can still import it."""
    if absent := _MANAGER not in sys.modules:
        sys.modules[_MANAGER] = None  # pyrefly: ignore[unsupported-operation] - how Python marks what is not to be had
    try:
        return importlib.import_module("apache_beam.ml.inference.base")
    finally:
        if absent:
            del sys.modules[_MANAGER]


if TYPE_CHECKING:
    from apache_beam.ml.inference.base import ModelHandler, RunInference
else:
    _base = _without_the_manager()
    ModelHandler, RunInference = _base.ModelHandler, _base.RunInference
    if _base.resource is None:  # it goes with the manager; Beam measures a model's memory with it
        _base.resource = importlib.import_module("resource")
