"""Accuracies by category and over all, and the difference of two arms with its interval.

The interval is a percentile bootstrap over videos: questions about one video share its pictures, and are not
independent. Both arms are drawn together, since both answered the same questions.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from motionsight_core.evaluation.scores import Outcome

ALL = "all"
"""The row of all questions: the mean over questions (the paper's Table 3, and "ALL" of FAVOR-Bench)."""
MEAN = "mean of categories"
"""The row of the mean over the categories' accuracies, each weighing the same."""

RESAMPLES = 2000
LEVEL = 0.95
#: Numbers that are drawn at once: 32 MB.
_AT_ONCE = 4_000_000

Floats: TypeAlias = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Accuracy:
    """How often one arm is right in one category."""

    category: str
    """A category's name, ALL or MEAN."""
    questions: int
    """The denominator: labelled questions, and those of the official file that this one lacks."""
    answered: int
    """Questions with a reply."""
    right: int
    lacking: int
    """Of `questions`, those that are not in the file; they count as wrong."""
    accuracy: float
    """0 to 1: `right` over `questions`; of MEAN the mean of the categories'."""


@dataclass(frozen=True, slots=True)
class Difference:
    """How much more often an arm is right than another, in one category."""

    category: str
    """A category's name, ALL or MEAN."""
    difference: float
    """Of the accuracies, -1 to 1."""
    low: float | None
    """The interval's lower end; None where fewer than two videos have such questions."""
    high: float | None
    videos: int
    """Videos with such questions."""


def accuracies(
    outcomes: Sequence[Outcome], *, order: Sequence[str] = (), full_counts: Mapping[str, int] | None = None
) -> tuple[Accuracy, ...]:
    """One for each category, then ALL and MEAN; empty where there are no outcomes.

    Args:
        outcomes: of one arm.
        order: categories that come first; others follow in the order of the outcomes.
        full_counts: official denominators, by category and of all under ""; a larger one counts.
    """
    if not outcomes:
        return ()
    full = full_counts or {}
    rows = [
        _accuracy(category, mine, full.get(category, 0)) for category, mine in _split(outcomes, order).items()
    ]
    rows.append(_accuracy(ALL, outcomes, full.get("", 0)))
    mean = float(np.mean([row.accuracy for row in rows[:-1]]))
    total = rows[-1]
    rows.append(Accuracy(MEAN, total.questions, total.answered, total.right, total.lacking, mean))
    return tuple(rows)


def differences(
    arm: Sequence[Outcome],
    baseline: Sequence[Outcome],
    *,
    order: Sequence[str] = (),
    full_counts: Mapping[str, int] | None = None,
    resamples: int = RESAMPLES,
    level: float = LEVEL,
    seed: int = 0,
) -> tuple[Difference, ...]:
    """Accuracy of an arm less that of a baseline, in the categories of `accuracies`.

    Args:
        arm: outcomes of one arm.
        baseline: of another, of the same questions.
        order: as in `accuracies`.
        full_counts: as in `accuracies`.
        resamples: drawn sets of as many videos as there are.
        level: share of the resampled differences that lies in the interval.
        seed: of the draws; the same gives the same interval.

    Raises:
        ValueError: the arms are of different questions.
    """
    if [one.question_id for one in arm] != [one.question_id for one in baseline]:
        raise ValueError("the two arms are outcomes of different questions, or in a different order")
    if not arm:
        return ()
    categories = list(_split(arm, order))
    gained, asked = _by_video(arm, baseline, categories)
    lacking = _lacking(asked, categories, full_counts or {})
    point = _means(gained.sum(axis=0), asked.sum(axis=0), lacking)
    drawn = np.concatenate(
        [
            _means(weights @ gained, weights @ asked, lacking)
            for weights in _draws(len(gained), resamples, np.random.default_rng(seed))
        ]
    )
    outside = 100 * (1 - level) / 2
    low, high = np.nanpercentile(drawn, [outside, 100 - outside], axis=0)
    videos = np.append(np.count_nonzero(asked, axis=0), len(asked))
    return tuple(
        Difference(
            category,
            float(point[at]),
            float(low[at]) if videos[at] > 1 else None,
            float(high[at]) if videos[at] > 1 else None,
            int(videos[at]),
        )
        for at, category in enumerate([*categories, ALL, MEAN])
    )


def _split(outcomes: Sequence[Outcome], order: Sequence[str]) -> dict[str, list[Outcome]]:
    """The outcomes of each category that has any."""
    split: dict[str, list[Outcome]] = {category: [] for category in order}
    for one in outcomes:
        split.setdefault(one.category, []).append(one)
    return {category: mine for category, mine in split.items() if mine}


def _accuracy(category: str, outcomes: Sequence[Outcome], full_count: int) -> Accuracy:
    right = sum(one.is_right for one in outcomes)
    questions = max(len(outcomes), full_count)
    return Accuracy(
        category,
        questions,
        sum(one.is_answered for one in outcomes),
        right,
        questions - len(outcomes),
        right / questions,
    )


def _by_video(
    arm: Sequence[Outcome], baseline: Sequence[Outcome], categories: Sequence[str]
) -> tuple[Floats, Floats]:
    """Right answers more than the baseline's, and questions, by video and category and of all, [V, C + 1]."""
    videos = {video: at for at, video in enumerate(dict.fromkeys(one.video for one in arm))}
    columns = {category: at for at, category in enumerate(categories)}
    gained = np.zeros((len(videos), len(categories) + 1))
    asked = np.zeros_like(gained)
    for mine, other in zip(arm, baseline, strict=True):
        cell = videos[mine.video], columns[mine.category]
        gained[cell] += float(mine.is_right) - float(other.is_right)
        asked[cell] += 1
    gained[:, -1], asked[:, -1] = gained.sum(axis=1), asked.sum(axis=1)
    return gained, asked


def _lacking(asked: Floats, categories: Sequence[str], full_counts: Mapping[str, int]) -> Floats:
    full = np.array([full_counts.get(category, 0) for category in (*categories, "")], float)
    return np.maximum(full - asked.sum(axis=0), 0.0)


def _means(gained: Floats, asked: Floats, lacking: Floats) -> Floats:
    """Differences by category, of all and of the categories' mean, [..., C + 2]; NaN where none is asked."""
    total = asked + lacking
    shares = np.divide(gained, total, out=np.full_like(total, np.nan), where=total > 0)
    mean = np.nanmean(shares[..., :-1], axis=-1, keepdims=True)
    return np.concatenate((shares, mean), axis=-1)


def _draws(videos: int, resamples: int, rng: np.random.Generator) -> Iterator[Floats]:
    """How often each video is in each drawn set, [N, V], in portions that fit into memory."""
    portion = max(1, _AT_ONCE // videos)
    for start in range(0, resamples, portion):
        count = min(portion, resamples - start)
        drawn = rng.integers(videos, size=(count, videos)) + np.arange(count)[:, None] * videos
        yield np.bincount(drawn.ravel(), minlength=count * videos).reshape(count, videos).astype(float)
