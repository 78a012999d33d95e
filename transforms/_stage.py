"""StageRows: rows and failures to Parquet parts, and the manifest that names them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

import apache_beam as beam
from apache_beam.pvalue import AsIter
from apache_beam.transforms.window import GlobalWindow
from apache_beam.utils.windowed_value import WindowedValue

from motionsight_core.record import (
    Failure,
    FingerprintRecord,
    InstanceRecord,
    MotionRecord,
    PredictionRecord,
    SplitRecord,
)
from motionsight_core.settings import StoreSettings
from motionsight_core.warehouse import FAILURES, FINGERPRINTS, INSTANCES, MOTION, SPLITS, Manifest, Table
from motionsight_core.warehouse.parts import write_part
from motionsight_core.warehouse.staged_files import write_staged
from transforms._annotate import Annotated
from transforms.progress import count_staged

MANIFEST = "manifest.json"
#: Rows in a part at most: what a bundle holds in memory.
_PART_ROWS = 500


@dataclass(frozen=True, slots=True)
class Attempt:
    """One try at one shard: where it stages, and under which names."""

    directory: str
    """Of this attempt alone; need not exist."""
    attempt_id: str
    run_id: str
    recipe: str
    stores: StoreSettings = field(default_factory=StoreSettings)
    """How the directory is reached, where it is a bucket's."""

    @property
    def manifest_path(self) -> str:
        return f"{self.directory}/{MANIFEST}"


class StageRows(beam.PTransform):
    """Annotated -> the one Manifest, written last, to `attempt.manifest_path`.

    Parts are written bundle by bundle and never renamed: a bundle that is tried again writes another
    part, and the manifest names only those whose bundle succeeded.

    Args:
        attempt: where to stage.
        skipped: per object, how many clips the warehouse had already.
        splits: into how many clips objects were split.
        fingerprints: of the clips that were decoded; none are staged if unset.
        instances: captions of single objects; none are staged if unset.
    """

    def __init__(
        self,
        attempt: Attempt,
        *,
        skipped: beam.PCollection[int],
        splits: beam.PCollection[SplitRecord],
        fingerprints: beam.PCollection[FingerprintRecord] | None = None,
        instances: beam.PCollection[InstanceRecord] | None = None,
    ) -> None:
        super().__init__()
        self._attempt, self._skipped, self._splits = attempt, skipped, splits
        self._fingerprints, self._instances = fingerprints, instances

    def expand(self, pcoll: Annotated) -> beam.PCollection[Manifest]:
        attempt = self._attempt
        motion: Any = pcoll.rows | "StageMotion" >> beam.ParDo(WriteParts(attempt, MOTION))
        failures: Any = pcoll.failures | "StageFailures" >> beam.ParDo(WriteParts(attempt, FAILURES))
        splits: Any = self._splits | "StageSplits" >> beam.ParDo(WriteParts(attempt, SPLITS))
        fingerprints: Any = self._fingerprints
        if fingerprints is None:
            fingerprints = pcoll.rows.pipeline | "NoFingerprints" >> beam.Create(list[FingerprintRecord]())
        fingerprints = fingerprints | "StageFingerprints" >> beam.ParDo(WriteParts(attempt, FINGERPRINTS))
        instances: Any = self._instances
        if instances is None:
            instances = pcoll.rows.pipeline | "NoInstances" >> beam.Create(list[InstanceRecord]())
        instances = instances | "StageInstances" >> beam.ParDo(WriteParts(attempt, INSTANCES))
        manifest: Any = (
            pcoll.rows.pipeline
            | "Once" >> beam.Impulse()
            | "WriteManifest"
            >> beam.Map(
                _write_manifest,
                attempt,
                AsIter(motion),
                AsIter(failures),
                AsIter(self._skipped),
                AsIter(splits),
                AsIter(fingerprints),
                AsIter(instances),
            )
        )
        return manifest


class WriteParts(beam.DoFn):
    """Rows to Parquet parts; emits (path, number of rows) of each."""

    def __init__(self, attempt: Attempt, table: Table) -> None:
        self._attempt, self._table = attempt, table

    def start_bundle(self) -> None:
        self._rows: list[dict[str, Any]] = []

    def process(
        self,
        element: MotionRecord | Failure | SplitRecord | PredictionRecord | FingerprintRecord | InstanceRecord,
    ) -> Iterator[tuple[str, int]]:
        self._rows.append(element.to_row())
        if isinstance(element, MotionRecord | Failure):
            count_staged(element)
        if len(self._rows) >= _PART_ROWS:
            yield self._write()

    def finish_bundle(self) -> Iterator[WindowedValue]:
        if self._rows:
            yield WindowedValue(self._write(), GlobalWindow().max_timestamp(), (GlobalWindow(),))

    def _write(self) -> tuple[str, int]:
        rows, self._rows = self._rows, []
        attempt = self._attempt
        return write_part(attempt.directory, self._table, rows, stores=attempt.stores), len(rows)


def _write_manifest(
    _: bytes,
    attempt: Attempt,
    motion: Iterable[tuple[str, int]],
    failures: Iterable[tuple[str, int]],
    skipped: Iterable[int],
    splits: Iterable[tuple[str, int]],
    fingerprints: Iterable[tuple[str, int]],
    instances: Iterable[tuple[str, int]],
) -> Manifest:
    motion, failures = sorted(motion), sorted(failures)
    manifest = Manifest(
        attempt_id=attempt.attempt_id,
        run_id=attempt.run_id,
        recipe=attempt.recipe,
        motion_files=tuple(path for path, _ in motion),
        failure_files=tuple(path for path, _ in failures),
        annotated=sum(count for _, count in motion),
        failed=sum(count for _, count in failures),
        skipped=sum(skipped),
        split_files=tuple(sorted(path for path, _ in splits)),
        fingerprint_files=tuple(sorted(path for path, _ in fingerprints)),
        instance_files=tuple(sorted(path for path, _ in instances)),
    )
    content = manifest.to_json().encode()
    write_staged(attempt.manifest_path, content, content_type="application/json", stores=attempt.stores)
    return manifest
