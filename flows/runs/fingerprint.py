"""Fingerprints of clips that were annotated before there were any, without Prefect."""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from flows.runs.run import Run, commit_shard, staged
from motionsight_core.catalog import Clip
from motionsight_core.dataset.fingerprinting import clips_without, count_without, fingerprints_of
from motionsight_core.errors import ClipError
from motionsight_core.record import FingerprintRecord, RunRecord
from motionsight_core.settings import Settings
from motionsight_core.warehouse import FINGERPRINTS, Manifest, open_warehouse
from motionsight_core.warehouse.parts import write_part

#: `recipe` of these runs, which write no rows of `motion`.
_RECIPE = "fingerprints"


@dataclass(slots=True)
class FingerprintResult:
    """How a run ended."""

    clips: int
    """That the selected rows are of."""
    known: int
    """Clips that had a fingerprint already."""
    taken: int = 0
    """Clips that got one."""
    untaken: Counter[str] = field(default_factory=Counter)
    """Clips that could not be decoded, by the name of the error; the next run tries them again."""
    examples: dict[str, str] = field(default_factory=dict)
    """Of each error the object and the sentence of its first case."""
    stopped: bool = False
    """Whether it was told to end before its end."""


def run_fingerprints(
    warehouse: str,
    *,
    where: str | None,
    settings: Settings,
    on_progress: Callable[[int, int], None] = lambda done, total: None,
    told_to_end: Callable[[], bool] = lambda: False,
) -> FingerprintResult:
    """Take the fingerprint of each clip that has a row and none; what is there is left as it is.

    Args:
        warehouse: its URL.
        where: SQL over the columns of `motion`; all rows if unset.
        settings: limits, stores, and how many decode side by side.
        on_progress: told how many of how many clips were looked at.
        told_to_end: asked before each shard; once it is true no other is begun.

    Raises:
        UsageError: there is no such warehouse, or the condition is not valid.
        NoWarehouse: nothing was written there yet.
        RunError: the warehouse cannot be written.
    """
    place = open_warehouse(warehouse)
    place.query("SELECT 1 FROM motion LIMIT 1")  # says so where there is nothing yet
    run = Run(uuid.uuid4().hex, f"motion WHERE {where}" if where else "motion", place.url, settings)
    with staged(run):
        place.start_run(  # which also makes the table, where an earlier version made the warehouse
            RunRecord.begun(
                run.run_id,
                source=run.source,
                recipe=_RECIPE,
                settings=settings.model_dump_json(),
                started_at=datetime.now(UTC),
            )
        )
        clips, left = count_without(place, where)
        result = FingerprintResult(clips, known=clips - left)
        on_progress(0, left)
        for shard in _shards(run, where):
            if told_to_end():
                result.stopped = True
                break
            _take(run, shard, result)
            on_progress(result.taken + result.untaken.total(), left)
        place.finish_run(run.run_id)
    return result


def _shards(run: Run, where: str | None) -> Iterator[Mapping[str, Clip]]:
    warehouse, after = open_warehouse(run.warehouse), ""
    while shard := clips_without(warehouse, where, most=run.settings.runtime.shard_size, after=after):
        yield shard
        after = max(shard)


def _take(run: Run, shard: Mapping[str, Clip], result: FingerprintResult) -> None:
    """Decode a shard and commit it."""
    rows: list[FingerprintRecord] = []
    for clip, found in fingerprints_of(shard.values(), run.settings):
        if isinstance(found, ClipError):
            result.untaken[found.name] += 1
            result.examples.setdefault(found.name, f"{clip.uri}: {found}")
        else:
            rows.append(FingerprintRecord.of(clip, found))
    if not rows:
        return
    place, attempt_id = open_warehouse(run.warehouse), uuid.uuid4().hex
    directory = f"{place.staging}/{run.run_id}/{attempt_id}"
    part = write_part(directory, FINGERPRINTS, [row.to_row() for row in rows], stores=run.settings.stores)
    manifest = Manifest.without_clips(
        attempt_id=attempt_id, run_id=run.run_id, recipe=_RECIPE, fingerprint_files=(part,)
    )
    commit_shard(run, manifest)
    result.taken += len(rows)
