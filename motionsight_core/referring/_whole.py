"""A model with weights left out runs, and finds nonsense: it must not be loaded in silence."""

from __future__ import annotations

from collections.abc import Collection


def require_all_weights(missing: Collection[str]) -> None:
    """Refuses a checkpoint that leaves weights to chance.

    Raises:
        ValueError: names of weights are missing; says which.
    """
    if missing:
        first = ", ".join(sorted(missing)[:3])
        raise ValueError(f"{len(missing)} of the model's weights are not in it ({first} ...)")
