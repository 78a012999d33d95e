"""CommitRows: rows and failures to Parquet parts, and these into the warehouse, one commit at a time.

A pipeline of one shard stages everything and leaves the commit to whoever runs it. A stream has no
end, and a job that a template starts has nobody who waits for it: they commit on their way.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Any, NamedTuple, TypeAlias

import apache_beam as beam
from apache_beam.transforms.util import GroupIntoBatches, ReshufflePerKey

from motionsight_core.annotation import Described
from motionsight_core.record import (
    Failure,
    FingerprintRecord,
    InstanceRecord,
    MotionRecord,
    RunRecord,
    SplitRecord,
)
from motionsight_core.settings import Settings, StoreSettings
from motionsight_core.warehouse import (
    FAILURES,
    FINGERPRINTS,
    INSTANCES,
    MOTION,
    SPLITS,
    Manifest,
    Table,
    Warehouse,
    open_warehouse,
)
from motionsight_core.warehouse.parts import write_part
from motionsight_core.warehouse.staged_files import remove_staged

#: Rows that wait for their part at most.
_PART_ROWS = 500
#: Parts in one commit at most.
_COMMIT_PARTS = 20
#: All work that must be done by one worker at a time has this key.
_ONE_KEY = 0


@dataclass(frozen=True, slots=True)
class Job:
    """What a pipeline that commits by itself is about; plain values, for they travel to its workers."""

    run_id: str
    warehouse: str
    """Its URL."""
    settings: Settings
    every_s: float | None = None
    """Longest wait of a row for its part, and of a part for its commit, seconds. None: until there are
    enough of them, or no more to come, which is right where the input ends."""

    def staging(self) -> str:
        """Where this job's parts are written."""
        return f"{open_warehouse(self.warehouse).staging}/{self.run_id}"


def begin_run(job: Job, source: str) -> None:
    """Write down that a job starts: one row of `runs`, which its commits count up.

    Raises:
        RunError: the warehouse cannot be reached.
    """
    open_warehouse(job.warehouse).start_run(
        RunRecord.begun(
            job.run_id,
            source=source,
            recipe=job.settings.recipe(),
            settings=job.settings.model_dump_json(),
            started_at=datetime.now(UTC),
        )
    )


class Outcomes(NamedTuple):
    """What is to be committed."""

    rows: beam.PCollection[MotionRecord | Described]
    """With captions of single objects, where there are any: both are committed at once."""
    failures: beam.PCollection[Failure]
    skipped: beam.PCollection[int]
    """Clips that the warehouse had already."""
    splits: beam.PCollection[SplitRecord]
    """Into how many clips objects were split."""
    fingerprints: beam.PCollection[FingerprintRecord] | None = None
    """Of the clips that were decoded; none are committed if unset."""


Row: TypeAlias = MotionRecord | Failure | SplitRecord | FingerprintRecord | InstanceRecord
Outcome: TypeAlias = Row | Described | int


class CommitRows(beam.PTransform):
    """Outcomes -> the manifests that are in the warehouse now.

    Exactly once, whatever is tried again on the way: a part is staged under a name of its own and
    counts once its manifest is through the next shuffle; what is committed together is fixed by a
    shuffle before it, so that a commit that is tried again is the same one, and the warehouse knows its
    attempt_id. A part is removed after its commit is through the last shuffle.
    """

    def __init__(self, job: Job) -> None:
        super().__init__()
        self._job = job

    def expand(self, pcoll: Outcomes) -> beam.PCollection[Manifest]:
        wait_s = self._job.every_s
        committed: Any = (
            tuple(outcomes for outcomes in pcoll if outcomes is not None)
            | "Outcomes" >> beam.Flatten()
            # What was described stays described, whatever happens from here on. (Two steps with state
            # need a shuffle between them on Beam's local runner, which otherwise loses what the second
            # holds when the input ends.)
            | "Keep" >> beam.Reshuffle()
            | "OutcomeKey" >> beam.Map(_with_key).with_output_types(tuple[int, Any])
            | "BatchOutcomes" >> GroupIntoBatches(_PART_ROWS, wait_s)
            | "Stage" >> beam.ParDo(_Stage(self._job)).with_output_types(tuple[int, Manifest])
            | "Staged" >> ReshufflePerKey()
            | "BatchParts" >> GroupIntoBatches(_COMMIT_PARTS, wait_s)
            | "Together" >> beam.MapTuple(_together).with_output_types(tuple[int, Manifest])
            | "Fix" >> ReshufflePerKey()
            | "Commit" >> beam.ParDo(_Commit(self._job.warehouse)).with_output_types(tuple[int, Manifest])
            | "Committed" >> ReshufflePerKey()
            | "RemoveParts"
            >> beam.MapTuple(partial(_remove_parts, self._job.settings.stores)).with_output_types(Manifest)
        )
        return committed


class _Stage(beam.DoFn):
    """A batch of outcomes to Parquet parts; emits their manifest."""

    def __init__(self, job: Job) -> None:
        self._job, self._recipe = job, job.settings.recipe()

    def setup(self) -> None:
        self._directory = self._job.staging()

    def process(self, element: tuple[int, Iterable[Outcome]]) -> Iterator[tuple[int, Manifest]]:
        outcomes = [part for outcome in element[1] for part in _parts_of(outcome)]
        rows = [outcome for outcome in outcomes if isinstance(outcome, MotionRecord)]
        failures = [outcome for outcome in outcomes if isinstance(outcome, Failure)]
        splits = [outcome for outcome in outcomes if isinstance(outcome, SplitRecord)]
        fingerprints = [outcome for outcome in outcomes if isinstance(outcome, FingerprintRecord)]
        instances = [outcome for outcome in outcomes if isinstance(outcome, InstanceRecord)]
        identities = map(_identity, [*rows, *failures, *splits, *fingerprints, *instances])
        skipped = sum(outcome for outcome in outcomes if isinstance(outcome, int))
        yield (
            _ONE_KEY,
            Manifest(
                attempt_id=_attempt_of(self._job.run_id, identities),
                run_id=self._job.run_id,
                recipe=self._recipe,
                motion_files=self._write(MOTION, rows),
                failure_files=self._write(FAILURES, failures),
                split_files=self._write(SPLITS, splits),
                fingerprint_files=self._write(FINGERPRINTS, fingerprints),
                instance_files=self._write(INSTANCES, instances),
                annotated=len(rows),
                failed=len(failures),
                skipped=skipped,
            ),
        )

    def _write(self, table: Table, rows: Sequence[Row]) -> tuple[str, ...]:
        if not rows:
            return ()
        as_rows, stores = [row.to_row() for row in rows], self._job.settings.stores
        return (write_part(self._directory, table, as_rows, stores=stores),)


class _Commit(beam.DoFn):
    """One commit at a time: all manifests have one key."""

    def __init__(self, warehouse: str) -> None:
        self._url = warehouse

    def setup(self) -> None:
        self._warehouse: Warehouse = open_warehouse(self._url)

    def process(self, element: tuple[int, Manifest]) -> Iterator[tuple[int, Manifest]]:
        # A RunError fails the bundle: the runner tries it again, and nothing is lost meanwhile.
        self._warehouse.commit(element[1])
        yield element


def _parts_of(outcome: Outcome) -> Sequence[Row | int]:
    return (outcome.row, *outcome.instances) if isinstance(outcome, Described) else (outcome,)


def _with_key(outcome: Outcome) -> tuple[int, Outcome]:
    return _ONE_KEY, outcome


def _together(key: int, parts: Iterable[Manifest]) -> tuple[int, Manifest]:
    """One manifest of several parts."""
    parts = sorted(parts, key=lambda part: part.attempt_id)
    first = parts[0]
    return key, Manifest(
        attempt_id=_attempt_of(first.run_id, [part.attempt_id for part in parts]),
        run_id=first.run_id,
        recipe=first.recipe,
        motion_files=tuple(path for part in parts for path in part.motion_files),
        failure_files=tuple(path for part in parts for path in part.failure_files),
        split_files=tuple(path for part in parts for path in part.split_files),
        fingerprint_files=tuple(path for part in parts for path in part.fingerprint_files),
        instance_files=tuple(path for part in parts for path in part.instance_files),
        annotated=sum(part.annotated for part in parts),
        failed=sum(part.failed for part in parts),
        skipped=sum(part.skipped for part in parts),
    )


def _attempt_of(run_id: str, contents: Iterable[str]) -> str:
    """The attempt's id: the same for the same contents, in whatever order they come."""
    lines = "\n".join([run_id, *sorted(contents)])
    return hashlib.sha256(lines.encode("utf-8", "surrogatepass")).hexdigest()[:32]


def _identity(row: Row) -> str:
    """What a row is about, and when it was made: a clip that fails twice fails in two rows."""
    if isinstance(row, SplitRecord):
        return f"{row.uri}\0{row.version} {row.clips}"
    if isinstance(row, MotionRecord):
        return f"{row.clip_id} {row.annotated_at.isoformat()}"
    if isinstance(row, FingerprintRecord):
        return f"{row.clip_id} fingerprint {row.taken_at.isoformat()}"
    if isinstance(row, InstanceRecord):
        return f"{row.clip_id} instance {row.track_id} {row.written_at.isoformat()}"
    return f"{row.uri}\0{row.version}\0{row.clip_id} {row.error} {row.failed_at.isoformat()}"


def _remove_parts(stores: StoreSettings, key: int, manifest: Manifest) -> Manifest:
    files = (
        *manifest.motion_files,
        *manifest.failure_files,
        *manifest.split_files,
        *manifest.fingerprint_files,
        *manifest.instance_files,
    )
    remove_staged(files, stores=stores)
    return manifest
