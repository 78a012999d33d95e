"""How far annotators agree: Krippendorff's alpha, by the library `krippendorff`.

The ratings are nominal: a, b and equal, whichever side they stood on. Who cannot tell has not rated.
Source: K. Krippendorff, Content Analysis: An Introduction to Its Methodology, chapter on reliability.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Literal, TypeAlias

import numpy as np

from motionsight_core.errors import RunError
from motionsight_core.preference.choices import Choice

Scope: TypeAlias = Literal["object", "camera", "both"]
_RATINGS = ("a", "b", "equal")


@dataclass(frozen=True, slots=True)
class AnnotatorAgreement:
    """How one annotator agrees with the others."""

    annotator: str
    choices: int
    counts: dict[str, int]
    """Choices by what was chosen: a, b, equal, cannot_tell."""
    left: int
    """Choices of the side that stood on the left; about half of those of a side, unless by habit."""
    alpha_without: float | None
    """Alpha of the others alone; higher than that of all where this one disagrees with them."""


@dataclass(frozen=True, slots=True)
class Agreement:
    """How annotators agree about one aspect, or both."""

    scope: Scope
    pairs: int
    """Pairs of which somebody chose."""
    shared: int
    """Pairs that two annotators or more have rated; alpha is about these."""
    choices: int
    alpha: float | None
    """1: they always agree; 0: as by chance; below: less than that. None where it is not defined: no pair was
    rated twice, or all shared ratings are the same."""
    annotators: tuple[AnnotatorAgreement, ...]
    between: dict[tuple[str, str], float | None]
    """Alpha of each two annotators."""


def agreement(choices: Sequence[Choice]) -> list[Agreement]:
    """The agreement about each aspect that was chosen of, and about both where both were.

    Raises:
        RunError: the library `krippendorff` is not installed.
    """
    aspects: list[Scope] = [
        scope for scope in ("object", "camera") if any(one.aspect == scope for one in choices)
    ]
    scopes: list[Scope] = [*aspects, "both"] if len(aspects) == 2 else aspects
    return [_agreement(scope, [one for one in choices if scope in ("both", one.aspect)]) for scope in scopes]


def _agreement(scope: Scope, choices: Sequence[Choice]) -> Agreement:
    names = sorted({one.annotator for one in choices})
    raters = Counter(one.pair_id for one in choices if one.choice in _RATINGS)
    return Agreement(
        scope=scope,
        pairs=len({one.pair_id for one in choices}),
        shared=sum(count > 1 for count in raters.values()),
        choices=len(choices),
        alpha=_alpha(choices, names),
        annotators=tuple(_of_annotator(name, names, choices) for name in names),
        between={both: _alpha(choices, both) for both in combinations(names, 2)},
    )


def _of_annotator(name: str, names: Sequence[str], choices: Sequence[Choice]) -> AnnotatorAgreement:
    own = [one for one in choices if one.annotator == name]
    counts: Counter[str] = Counter(one.choice for one in own)
    return AnnotatorAgreement(
        annotator=name,
        choices=len(own),
        counts=dict(counts),
        left=sum(one.choice == one.left_side for one in own),
        alpha_without=_alpha(choices, [other for other in names if other != name]),
    )


def _alpha(choices: Sequence[Choice], names: Sequence[str]) -> float | None:
    """Alpha of some annotators; None where it is not defined."""
    try:
        import krippendorff
    except ImportError:
        raise RunError(
            "Agreement needs the package krippendorff; install it with pip install 'motionsight[dataset]'."
        ) from None
    rows = {name: number for number, name in enumerate(names)}
    columns = {pair: number for number, pair in enumerate(sorted({one.pair_id for one in choices}))}
    ratings = np.full((len(rows), len(columns)), np.nan)
    for one in choices:
        if one.annotator in rows and one.choice in _RATINGS:
            ratings[rows[one.annotator], columns[one.pair_id]] = _RATINGS.index(one.choice)
    shared = ratings[:, (~np.isnan(ratings)).sum(axis=0) > 1]
    if len(np.unique(shared[~np.isnan(shared)])) < 2:  # its denominator, the disagreement by chance, is 0
        return None
    return float(krippendorff.alpha(reliability_data=shared, level_of_measurement="nominal"))
