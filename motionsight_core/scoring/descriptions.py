"""The descriptions that a scorer has not scored yet, as the warehouse has them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby
from operator import itemgetter
from typing import Literal, TypeAlias

from motionsight_core.catalog import Clip
from motionsight_core.errors import ClipError, one_line
from motionsight_core.warehouse import Warehouse

ScoredAspect: TypeAlias = Literal["object", "camera"]


@dataclass(frozen=True, slots=True)
class Description:
    """One of the two descriptions of a row of `motion`."""

    recipe: str
    aspect: ScoredAspect
    text: str


@dataclass(frozen=True, slots=True)
class ClipToScore:
    """A clip, to be decoded once, with all descriptions of it that are to be scored."""

    clip_id: str
    clip: Clip
    descriptions: tuple[Description, ...]


@dataclass(frozen=True, slots=True)
class Unscored:
    """Why a description has no score. It is tried again by the next run."""

    uri: str
    clip_id: str
    recipe: str
    aspect: ScoredAspect
    error: str
    """A short stable name, such as VersionGone."""
    message: str
    """What happened, in one sentence."""

    @classmethod
    def of(cls, error: ClipError, clip: ClipToScore, description: Description) -> Unscored:
        return cls(
            uri=clip.clip.uri,
            clip_id=clip.clip_id,
            recipe=description.recipe,
            aspect=description.aspect,
            error=error.name,
            message=one_line(error),
        )


@dataclass(frozen=True, slots=True)
class Tally:
    """Of the rows that are selected: how one aspect stands with a scorer."""

    described: int
    """Rows that have a description of the aspect."""
    scored: int
    """Of these, rows that have a score."""
    mean: float | None
    """Of these scores; None where there are none."""

    @property
    def left(self) -> int:
        return self.described - self.scored


def tallies(warehouse: Warehouse, scorer: str, where: str | None) -> dict[ScoredAspect, Tally]:
    """How both aspects stand.

    Args:
        warehouse: with the table `scores`.
        scorer: as the column `scorer` says it.
        where: SQL over the columns of `motion`; all rows if unset.

    Raises:
        UsageError: the condition is not valid.
        NoWarehouse: nothing was written there yet.
    """
    ((objects, object_scores, object_mean, cameras, camera_scores, camera_mean),) = warehouse.query(
        f"""
        SELECT count(CASE WHEN described.object_motion <> '' THEN 1 END),
            count(object_scores.score), avg(object_scores.score),
            count(CASE WHEN described.camera_motion <> '' THEN 1 END),
            count(camera_scores.score), avg(camera_scores.score)
        {_joined(scorer, where)}
        """
    ).rows
    return {
        "object": Tally(objects, object_scores, object_mean),
        "camera": Tally(cameras, camera_scores, camera_mean),
    }


def count_rows(warehouse: Warehouse, where: str | None) -> int:
    """How many rows of `motion` meet a condition.

    Raises:
        UsageError: the condition is not valid.
        NoWarehouse: nothing was written there yet.
    """
    ((count,),) = warehouse.query(f"SELECT count(*) {_selected(where)}").rows
    return count


def clips_to_score(
    warehouse: Warehouse, scorer: str, where: str | None, *, rows: int, after_rows: int = 0
) -> list[ClipToScore]:
    """The next descriptions without a score by a scorer, by their clips, in the order of uri and start.

    Args:
        warehouse: with the table `scores`.
        scorer: as the column `scorer` says it.
        where: SQL over the columns of `motion`; all rows if unset.
        rows: of `motion`, how many at most.
        after_rows: how many of those without a score to pass over: they could not be scored before.

    Raises:
        UsageError: the condition is not valid.
    """
    found = warehouse.query(
        f"""
        SELECT described.clip_id, described.uri, described.version, described.start_s, described.end_s,
            described.recipe,
            CASE WHEN object_scores.score IS NULL THEN described.object_motion END AS object_text,
            CASE WHEN camera_scores.score IS NULL THEN described.camera_motion END AS camera_text
        {_joined(scorer, where)}
        WHERE (object_scores.score IS NULL AND described.object_motion <> '')
            OR (camera_scores.score IS NULL AND described.camera_motion <> '')
        ORDER BY described.uri, described.start_s, described.clip_id, described.recipe
        LIMIT {rows} OFFSET {after_rows}
        """
    ).rows
    return [
        ClipToScore(
            clip_id,
            Clip(uri, version, start_s, end_s),
            tuple(text for *_, recipe, objects, camera in group for text in _texts(recipe, objects, camera)),
        )
        for (clip_id, uri, version, start_s, end_s), group in groupby(found, itemgetter(0, 1, 2, 3, 4))
    ]


def _texts(recipe: str, objects: str | None, camera: str | None) -> Iterator[Description]:
    if objects:
        yield Description(recipe, "object", objects)
    if camera:
        yield Description(recipe, "camera", camera)


def _selected(where: str | None) -> str:
    # On a line of its own: a comment at the end of the condition must not hide the bracket.
    return f"FROM motion WHERE (\n{where}\n)" if where else "FROM motion"


def _joined(scorer: str, where: str | None) -> str:
    """The selected rows with both of their scores; the scorer's name needs no escapes (`Scorer.name`)."""
    scores = "".join(
        f"""
        LEFT JOIN (
            SELECT clip_id, recipe, score FROM scores WHERE scorer = '{scorer}' AND aspect = '{aspect}'
        ) AS {aspect}_scores
        ON {aspect}_scores.clip_id = described.clip_id AND {aspect}_scores.recipe = described.recipe"""  # noqa: S608
        for aspect in ("object", "camera")
    )
    columns = "clip_id, recipe, uri, version, start_s, end_s, object_motion, camera_motion"
    return f"FROM (SELECT {columns} {_selected(where)}) AS described{scores}"
