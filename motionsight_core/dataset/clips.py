"""The clips of a data set: of each its rows, its grades, its split."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

from motionsight_core.dataset.drops import Drop
from motionsight_core.dataset.grades import Grade, grade_of, high_of
from motionsight_core.dataset.rows import ASPECTS, Aspect, Row
from motionsight_core.dataset.sources import Sources, name_of
from motionsight_core.dataset.splits import Split
from motionsight_core.settings import DatasetSettings


@dataclass(frozen=True, slots=True)
class Description:
    """One row's text on one motion, with its score."""

    row: Row
    aspect: Aspect
    text: str
    """Empty where the annotator said nothing."""
    score: float | None
    """0 to 1; None where nobody scored it."""


@dataclass(frozen=True, slots=True)
class SelectedClip:
    """A clip of the data set."""

    rows: tuple[Row, ...]
    """One for each recipe; the first is the one that is graded and answers."""
    scores: Mapping[tuple[str, Aspect], float]
    """By recipe and aspect."""
    grades: Mapping[Aspect, Grade]
    """Of the first row's descriptions."""
    source: str
    licence: str
    cluster: int | None
    """Of near-duplicates; None where the clip has no fingerprint."""
    split: Split

    @property
    def clip_id(self) -> str:
        return self.rows[0].clip_id

    def described(self, aspect: Aspect) -> list[Description]:
        """What its rows say, the first one's first."""
        return [
            Description(row, aspect, row.text(aspect).strip(), self.scores.get((row.recipe, aspect)))
            for row in self.rows
        ]

    def is_of_use(self, aspect: Aspect) -> bool:
        """Whether the first row's description may be shown to a model or to a person."""
        return self.grades[aspect] != "low" and bool(self.rows[0].text(aspect).strip())


def recipe_order(rows: Sequence[Row], settings: DatasetSettings) -> dict[str, int]:
    """The place of each recipe: as the settings say; the others by how many clips they have, then by name."""
    counts = Counter(row.recipe for row in rows)
    named = [recipe for recipe in settings.recipes if recipe in counts]
    others = sorted(counts.keys() - set(named), key=lambda recipe: (-counts[recipe], recipe))
    return {recipe: place for place, recipe in enumerate([*named, *others])}


def graded_clips(
    rows: Sequence[Row],
    scores: Mapping[tuple[str, str, str, str], float],
    scorer: str | None,
    sources: Sources,
    clusters: Mapping[str, int],
    splits: Mapping[str, Split],
    settings: DatasetSettings,
) -> tuple[list[SelectedClip], list[Drop]]:
    """Grade each clip's first row; leave out clips of which no description is of use.

    Raises:
        UsageError: a description has a score, and its source no threshold.
    """
    order = recipe_order(rows, settings)
    clips: list[SelectedClip] = []
    drops: list[Drop] = []
    for of_clip in _by_clip(rows):
        of_clip.sort(key=lambda row: order[row.recipe])
        first = of_clip[0]
        source = sources.of(first.uri)
        of_rows: dict[tuple[str, Aspect], float] = {}
        if scorer is not None:
            for row in of_clip:
                for aspect in ASPECTS:
                    score = scores.get((row.clip_id, row.recipe, aspect, scorer))
                    if score is not None:
                        of_rows[row.recipe, aspect] = score
        grades: dict[Aspect, Grade] = {}
        for aspect in ASPECTS:
            score = of_rows.get((first.recipe, aspect))
            high = 1.0 if score is None else high_of(source, aspect)
            grades[aspect] = grade_of(score, low=settings.low, high=high)
        clip = SelectedClip(
            rows=tuple(of_clip),
            scores=of_rows,
            grades=grades,
            source=name_of(source),
            licence=source.licence,
            cluster=clusters.get(first.clip_id),
            split=splits[first.uri],
        )
        if any(clip.is_of_use(aspect) for aspect in ASPECTS):
            clips.append(clip)
        else:
            low = any(grade == "low" for grade in grades.values())
            reason = f"No description scores {settings.low:g} or more." if low else "It has no description."
            drops += [Drop(row, "grade", reason) for row in of_clip]
    return clips, drops


def _by_clip(rows: Sequence[Row]) -> Iterator[list[Row]]:
    """Rows are in the order of `read_rows`, in which those of a clip are neighbours."""
    for _, of_clip in groupby(rows, key=lambda row: row.clip_id):
        yield list(of_clip)
