"""One shard: a bounded pipeline on this machine, then its manifest."""

from __future__ import annotations

import uuid
from collections.abc import Collection

import apache_beam as beam

from motionsight_core.planning.plan import is_split
from motionsight_core.planning.shards import Shard
from motionsight_core.settings import Settings
from motionsight_core.warehouse import Manifest, Warehouse
from motionsight_core.warehouse.staged_files import read_staged
from transforms import progress
from transforms._catalog import AnnotateCatalog
from transforms._stage import Attempt
from transforms.job_names import job_prefix
from transforms.runners import pipeline_for


def annotate_shard(
    shard: Shard,
    settings: Settings,
    warehouse: Warehouse,
    *,
    run_id: str,
    force: bool = False,
    retry: Collection[str] = (),
) -> Manifest:
    """Run one shard's pipeline and return the manifest of what it staged, not yet committed.

    What the warehouse has is asked again: a shard that is tried a second time may find the first
    attempt's commit there.

    Args:
        force: annotate again what the warehouse has.
        retry: names of errors; what failed with them is tried again, though the bytes are the same.
    """
    recipe = settings.recipe()
    attempt_id = uuid.uuid4().hex
    attempt = Attempt(
        directory=f"{warehouse.staging}/{run_id}/{shard.index:05d}-{attempt_id}",
        attempt_id=attempt_id,
        run_id=run_id,
        recipe=recipe,
        stores=settings.stores,
    )
    known = {} if force else warehouse.known(shard.videos, recipe, retry=retry)
    clips = None if is_split(settings) else len(shard.videos)
    job = f"{job_prefix(run_id)}{shard.index:05d}-{attempt_id[:8]}"
    runner = pipeline_for(settings, job=job, staging=warehouse.staging, clips=clips)
    with progress.counting(run_id), runner as pipeline:
        _ = (
            pipeline
            | "Objects" >> beam.Create(shard.videos)  # spread over the workers, where there are several
            | "AnnotateCatalog"
            >> AnnotateCatalog(settings, attempt=attempt, known=known, failures=shard.failures)
        )
    return Manifest.from_json(read_staged(attempt.manifest_path, stores=settings.stores).decode())
