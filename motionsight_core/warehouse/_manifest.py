"""The manifest of a shard: exactly which staged files a commit reads. Nothing globs."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, fields


@dataclass(frozen=True, slots=True)
class Manifest:
    """One attempt at one shard, complete: written last, when all its files are."""

    attempt_id: str
    """Unique for each attempt; a warehouse commits it once."""
    run_id: str
    recipe: str
    motion_files: tuple[str, ...]
    """Parquet files in `tables.MOTION`."""
    failure_files: tuple[str, ...]
    """Parquet files in `tables.FAILURES`."""
    annotated: int
    """Rows in the motion files."""
    failed: int
    """Rows in the failure files."""
    skipped: int
    """Clips that were in the warehouse already."""
    split_files: tuple[str, ...] = ()
    """Parquet files in `tables.SPLITS`."""
    prediction_files: tuple[str, ...] = ()
    """Parquet files in `tables.PREDICTIONS`."""
    score_files: tuple[str, ...] = ()
    """Parquet files in `tables.SCORES`."""
    fingerprint_files: tuple[str, ...] = ()
    """Parquet files in `tables.FINGERPRINTS`."""
    instance_files: tuple[str, ...] = ()
    """Parquet files in `tables.INSTANCES`."""
    preference_files: tuple[str, ...] = ()
    """Parquet files in `tables.PREFERENCES`."""

    @classmethod
    def without_clips(
        cls, *, attempt_id: str, run_id: str, recipe: str, **files: tuple[str, ...]
    ) -> Manifest:
        """One that annotates no clip.

        Args:
            attempt_id: unique for each attempt.
            run_id: of the run.
            recipe: as the table `runs` has it.
            files: of the tables in `newest_files`, by the field's name.
        """
        return cls(attempt_id, run_id, recipe, (), (), annotated=0, failed=0, skipped=0, **files)

    @property
    def newest_files(self) -> dict[str, tuple[str, ...]]:
        """The files of the tables of which the newest row of a key stays, by the table's name."""
        return {
            "predictions": self.prediction_files,
            "scores": self.score_files,
            "fingerprints": self.fingerprint_files,
            "instances": self.instance_files,
            "preferences": self.preference_files,
        }

    def to_json(self) -> str:
        return json.dumps(asdict(self), indent=1)

    @classmethod
    def from_json(cls, text: str) -> Manifest:
        values = json.loads(text)
        for name in [field.name for field in fields(cls) if field.name.endswith("_files")]:
            values[name] = tuple(values.get(name, ()))
        return cls(**values)
