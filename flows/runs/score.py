"""Scoring without Prefect: shard by shard, what has no score by this scorer gets one."""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Protocol

from flows.runs.run import Run, commit_shard, load_transforms, one_sentence, staged, with_retries
from motionsight_core.record import RunRecord
from motionsight_core.scoring import (
    ClipToScore,
    ScoredAspect,
    Scorer,
    Tally,
    clips_to_score,
    count_rows,
    tallies,
)
from motionsight_core.warehouse import open_warehouse

if TYPE_CHECKING:  # it brings Beam, and there may be nothing to score
    from transforms.scoring import ShardScores

#: Rows that are asked for at once; a clip's two descriptions are about a kilobyte.
_PAGE_ROWS = 20_000


@dataclass(frozen=True, slots=True)
class Scoring:
    """What a run of scoring is about; plain values, so that it travels to any task."""

    run: Run
    scorer: Scorer
    where: str | None
    """SQL over the columns of `motion`."""


@dataclass(slots=True)
class ScoringResult:
    """How a run of scoring ended."""

    scorer: str
    """As the column `scorer` says it."""
    known: int
    """Descriptions that had a score already."""
    tallies: dict[ScoredAspect, Tally] = field(default_factory=dict)
    """Of all selected rows, those that were scored before among them."""
    scored: int = 0
    """Descriptions that got a score."""
    unscored: Counter[str] = field(default_factory=Counter)
    """Descriptions that could not be scored, by the name of the error."""
    examples: dict[str, str] = field(default_factory=dict)
    """Of each error the object and the sentence of its first case."""
    rows_passed_over: int = 0
    """Rows of `motion` with a description that could not be scored."""
    broken: str = ""
    """Why the run ended before its end, one sentence."""
    stopped: bool = False
    """Whether it was told to end before its end."""

    def add(self, scores: ShardScores) -> None:
        """Count what came of a shard."""
        self.scored += scores.scored
        self.rows_passed_over += len({(one.clip_id, one.recipe) for one in scores.unscored})
        for one in scores.unscored:
            self.unscored[one.error] += 1
            self.examples.setdefault(one.error, f"{one.uri}: {one.message}")


class ScoreShard(Protocol):
    """Scores a shard and commits it, as `score_shard` does."""

    def __call__(self, scoring: Scoring, clips: Sequence[ClipToScore], index: int) -> ShardScores: ...


def score_shard(scoring: Scoring, clips: Sequence[ClipToScore], index: int) -> ShardScores:
    """One bounded pipeline and one commit; tried again after pauses.

    Raises:
        UsageError: the model cannot score.
        Exception: the model or the warehouse stays away.
    """
    retries = scoring.run.settings.runtime.shard_retries
    scores = with_retries(partial(stage_scores, scoring, clips, index), retries=retries)
    commit_shard(scoring.run, scores.manifest)
    return scores


def stage_scores(scoring: Scoring, clips: Sequence[ClipToScore], index: int) -> ShardScores:
    """One bounded pipeline, whose rows lie staged when this returns."""
    load_transforms()
    from transforms.scoring import score_shard

    warehouse = open_warehouse(scoring.run.warehouse)
    return score_shard(clips, scoring.scorer, warehouse, run_id=scoring.run.run_id, index=index)


@contextmanager
def opened_scoring(scorer: Scorer, *, warehouse: str, where: str | None) -> Iterator[Scoring]:
    """A new run of scoring, with its row in `runs` and its staging area.

    Raises:
        UsageError: there is no such warehouse, or the condition is not valid.
        NoWarehouse: nothing was written there yet.
        RunError: the model or the endpoint is not there, or the warehouse cannot be written.
    """
    place = open_warehouse(warehouse)
    count_rows(place, where)
    scorer.require_model()
    source = f"motion WHERE {where}" if where else "motion"
    run = Run(uuid.uuid4().hex, source, place.url, scorer.settings)
    with staged(run):
        place.start_run(  # which also makes the table of scores, where an earlier version made the warehouse
            RunRecord.begun(
                run.run_id,
                source=source,
                recipe=scorer.name,
                settings=scorer.settings.model_dump_json(),
                started_at=datetime.now(UTC),
            )
        )
        yield Scoring(run, scorer, where)
        place.finish_run(run.run_id)


def run_scoring(
    scoring: Scoring,
    *,
    score_shard: ScoreShard = score_shard,
    on_begin: Callable[[int], None] = lambda descriptions: None,
    told_to_end: Callable[[], bool] = lambda: False,
) -> ScoringResult:
    """Score what has no score yet. What cannot be scored is counted, and the rest goes on.

    Args:
        scoring: as `opened_scoring` gives it.
        score_shard: scores a shard and commits it.
        on_begin: told how many descriptions are to be scored.
        told_to_end: asked before each shard; once it is true no other is begun.
    """
    warehouse, name = open_warehouse(scoring.run.warehouse), scoring.scorer.name
    before = tallies(warehouse, name, scoring.where)
    on_begin(sum(tally.left for tally in before.values()))
    result = ScoringResult(name, known=sum(tally.scored for tally in before.values()))
    for index, clips in enumerate(_shards(scoring, result)):
        if told_to_end():
            result.stopped = True
            break
        try:
            scores = score_shard(scoring, clips, index)
        except Exception as error:
            result.broken = one_sentence(error)
            break
        result.add(scores)
    result.tallies = tallies(warehouse, name, scoring.where)
    return result


def _shards(scoring: Scoring, result: ScoringResult) -> Iterator[Sequence[ClipToScore]]:
    """Shards of what has no score yet; each page is asked for once those before it are committed."""
    warehouse, size = open_warehouse(scoring.run.warehouse), scoring.run.settings.runtime.shard_size
    while page := clips_to_score(
        warehouse, scoring.scorer.name, scoring.where, rows=_PAGE_ROWS, after_rows=result.rows_passed_over
    ):
        for start in range(0, len(page), size):
            yield page[start : start + size]
