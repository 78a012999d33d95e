"""How scores are distributed, and the descriptions at each boundary: by these a threshold is chosen.

Scores of different scorers cannot be compared, nor those of different sources and aspects by one scorer, so
each has a histogram of its own. A boundary is where two of its bins meet.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from motionsight_core.errors import UsageError
from motionsight_core.scoring.descriptions import ScoredAspect
from motionsight_core.warehouse import Warehouse

#: Bins of a histogram, from 0 to 1.
BINS = 10
#: What is called so is under none of the prefixes, or all where there are none.
OTHERS, ALL = "others", "all"


@dataclass(frozen=True, slots=True)
class AtBoundary:
    """A description whose score is the nearest to a boundary, on one of its sides."""

    boundary: float
    """0.1 to 0.9."""
    score: float
    aspect: ScoredAspect
    scorer: str
    source: str
    clip_id: str
    """Of its row in `motion`, with recipe."""
    recipe: str


@dataclass(frozen=True, slots=True)
class Histogram:
    """The scores of one scorer for one aspect of one source's descriptions."""

    scorer: str
    source: str
    """The prefix of the uris; `all` where no prefixes were given, `others` of what is under none of them."""
    aspect: ScoredAspect
    counts: tuple[int, ...]
    """Scores in each tenth from 0 to 1; a score on a boundary counts above it."""
    mean: float
    at_boundaries: tuple[AtBoundary, ...]
    """By score: below and above each boundary the nearest, where its bin has one."""

    @property
    def count(self) -> int:
        return sum(self.counts)


def histograms(
    warehouse: Warehouse, where: str | None, *, scorer: str | None = None, sources: Sequence[str] = ()
) -> list[Histogram]:
    """The histograms of the selected rows' scores, by scorer, source and aspect.

    Args:
        warehouse: with the table `scores`.
        where: SQL over the columns of `motion`; all rows if unset.
        scorer: as the column `scorer` says it; every one if unset.
        sources: prefixes of uris; of several that fit the longest counts.

    Raises:
        UsageError: the condition or a prefix is not valid.
        NoWarehouse: nothing was written there yet.
    """
    groups: dict[tuple[str, str, ScoredAspect], list[Any]] = defaultdict(list)
    for scored_by, source, aspect, *bin_ in warehouse.query(_query(where, scorer, sources)).rows:
        groups[scored_by, source, aspect].append(bin_)
    return [_histogram(*key, groups[key]) for key in sorted(groups)]


def _histogram(scorer: str, source: str, aspect: ScoredAspect, found: Sequence[Any]) -> Histogram:
    """Of the lowest and the highest of each bin, with the number and the sum of all in it."""
    counts, totals = [0] * BINS, [0.0] * BINS
    near: dict[tuple[float, float, str, str], AtBoundary] = {}
    for number, count, total, score, clip_id, recipe, is_lowest, is_highest in found:
        bin_ = int(number)
        counts[bin_], totals[bin_] = count, total
        for boundary, is_nearest in ((bin_, is_lowest), (bin_ + 1, is_highest)):
            if is_nearest and 0 < boundary < BINS:
                one = AtBoundary(boundary / BINS, score, aspect, scorer, source, clip_id, recipe)
                near[one.boundary, score, clip_id, recipe] = one
    return Histogram(
        scorer=scorer,
        source=source,
        aspect=aspect,
        counts=tuple(counts),
        mean=sum(totals) / sum(counts),
        at_boundaries=tuple(near[key] for key in sorted(near)),
    )


def _query(where: str | None, scorer: str | None, sources: Sequence[str]) -> str:
    # On a line of its own: a comment at the end of the condition must not hide the bracket.
    condition = f"WHERE (\n{where}\n)" if where else ""
    by_scorer = f"WHERE scores.scorer = '{_text(scorer)}'" if scorer else ""
    return f"""
        WITH scored AS (
            SELECT scores.scorer AS scorer, {_source(sources)} AS source, scores.aspect AS aspect,
                LEAST(FLOOR(scores.score * {BINS}), {BINS - 1}) AS bin,
                scores.score AS score, scores.clip_id AS clip_id, scores.recipe AS recipe
            FROM scores JOIN (SELECT clip_id, recipe, uri FROM motion {condition}) AS described
            ON described.clip_id = scores.clip_id AND described.recipe = scores.recipe
            {by_scorer}
        ), ranked AS (
            SELECT scored.*,
                COUNT(*) OVER (PARTITION BY scorer, source, aspect, bin) AS described,
                SUM(score) OVER (PARTITION BY scorer, source, aspect, bin) AS total,
                ROW_NUMBER() OVER (
                    PARTITION BY scorer, source, aspect, bin ORDER BY score, clip_id, recipe
                ) AS from_below,
                ROW_NUMBER() OVER (
                    PARTITION BY scorer, source, aspect, bin ORDER BY score DESC, clip_id, recipe
                ) AS from_above
            FROM scored
        )
        SELECT scorer, source, aspect, bin, described, total, score, clip_id, recipe,
            from_below = 1, from_above = 1
        FROM ranked WHERE from_below = 1 OR from_above = 1
        ORDER BY scorer, source, aspect, score, clip_id, recipe
    """  # noqa: S608


def _source(prefixes: Sequence[str]) -> str:
    """SQL for the source of the column `described.uri`."""
    if not prefixes:
        return f"'{ALL}'"
    longest_first = sorted(set(prefixes), key=lambda prefix: (-len(prefix), prefix))
    cases = " ".join(
        f"WHEN STARTS_WITH(described.uri, '{_text(prefix)}') THEN '{_text(prefix)}'"
        for prefix in longest_first
    )
    return f"CASE {cases} ELSE '{OTHERS}' END"


def _text(text: str) -> str:
    """The inside of a literal that means the same in the SQL of every warehouse.

    Raises:
        UsageError: there is none.
    """
    if "'" in text or "\\" in text or not text.isprintable():
        raise UsageError(f"{text!r} holds a quote, a backslash or a control character; give a part without.")
    return text
