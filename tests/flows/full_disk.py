"""Commits onto a full disk: `unshare --mount python -m tests.flows.full_disk FOLDER`.

Prints what the commit on the full disk said, and how many commits there are once there is room again.
"""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path

from benchmarks._faults_disk import filled, small_disk
from motionsight_core.errors import RunError
from motionsight_core.record import RunRecord
from motionsight_core.warehouse import Manifest, open_warehouse


def main() -> None:
    folder = Path(sys.argv[1])
    with small_disk(folder):
        warehouse = open_warehouse(f"duckdb:{folder / 'motion.duckdb'}")
        now = datetime.now(UTC)
        warehouse.start_run(RunRecord("run", "source", "recipe", "{}", now, None, 0, 0, 0, 0, 0.0))
        manifest = Manifest("attempt", "run", "recipe", (), (), annotated=0, failed=0, skipped=3)
        with filled(folder, spare=0):
            try:
                warehouse.commit(manifest)
            except RunError as error:
                print(error)
        warehouse.commit(manifest)
        print(warehouse.query("SELECT count(*) FROM commits").rows[0][0])


if __name__ == "__main__":
    main()
