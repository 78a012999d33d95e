"""A shard of scoring: a bounded pipeline, whose rows lie staged when it ends."""

from __future__ import annotations

import json
import uuid
from collections.abc import Sequence
from dataclasses import asdict, dataclass

import apache_beam as beam

from motionsight_core.record import ScoreRecord
from motionsight_core.scoring import ClipToScore, Scorer, Unscored
from motionsight_core.settings import StoreSettings
from motionsight_core.warehouse import SCORES, Manifest, Warehouse
from motionsight_core.warehouse.parts import write_part
from motionsight_core.warehouse.staged_files import read_staged, write_staged
from transforms._score import Outcome, ScoreDescriptions
from transforms.job_names import job_prefix
from transforms.runners import pipeline_for

_RESULT = "scored.json"


@dataclass(frozen=True, slots=True)
class ShardScores:
    """What came of a shard, not yet committed."""

    manifest: Manifest
    scored: int
    """Descriptions that got a score."""
    unscored: tuple[Unscored, ...]

    def to_json(self) -> str:
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> ShardScores:
        values = json.loads(text)
        manifest = Manifest.from_json(json.dumps(values["manifest"]))
        return cls(manifest, values["scored"], tuple(Unscored(**one) for one in values["unscored"]))


@dataclass(frozen=True, slots=True)
class _Attempt:
    """One try at one shard: where it stages, and under which names."""

    directory: str
    attempt_id: str
    run_id: str
    scorer: str
    stores: StoreSettings

    @property
    def result_path(self) -> str:
        return f"{self.directory}/{_RESULT}"


def score_shard(
    clips: Sequence[ClipToScore], scorer: Scorer, warehouse: Warehouse, *, run_id: str, index: int
) -> ShardScores:
    """Run one shard's pipeline.

    Args:
        clips: a few hundred.
        scorer: who scores.
        warehouse: where the scores are to go.
        run_id: of the rows; its staging area is there.
        index: of the shard in its run.

    Raises:
        Exception: of Beam; its last line is the cause (`flows.runs.run.one_sentence`).
    """
    attempt_id, stores = uuid.uuid4().hex, scorer.settings.stores
    attempt = _Attempt(
        directory=f"{warehouse.staging}/{run_id}/{index:05d}-{attempt_id}",
        attempt_id=attempt_id,
        run_id=run_id,
        scorer=scorer.name,
        stores=stores,
    )
    job = f"{job_prefix(run_id)}{index:05d}-{attempt_id[:8]}"
    with pipeline_for(scorer.settings, job=job, staging=warehouse.staging, clips=len(clips)) as pipeline:
        _ = (
            pipeline
            | "Clips" >> beam.Create(clips)
            | "ScoreDescriptions" >> ScoreDescriptions(scorer, run_id=run_id)
            # A shard's scores are small rows: together they are one file.
            | "Together" >> beam.combiners.ToList()
            | "StageScores" >> beam.Map(_stage, attempt)
        )
    return ShardScores.from_json(read_staged(attempt.result_path, stores=stores).decode())


def _stage(outcomes: list[Outcome], attempt: _Attempt) -> None:
    """One Parquet part, and last the result that names it."""
    rows = [outcome.to_row() for outcome in outcomes if isinstance(outcome, ScoreRecord)]
    files = (write_part(attempt.directory, SCORES, rows, stores=attempt.stores),) if rows else ()
    manifest = Manifest.without_clips(
        attempt_id=attempt.attempt_id, run_id=attempt.run_id, recipe=attempt.scorer, score_files=files
    )
    result = ShardScores(
        manifest, len(rows), tuple(outcome for outcome in outcomes if isinstance(outcome, Unscored))
    )
    write_staged(
        attempt.result_path, result.to_json().encode(), content_type="application/json", stores=attempt.stores
    )
