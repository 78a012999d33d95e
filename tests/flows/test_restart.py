"""A run that is killed at any moment and started again ends in exactly the same table."""

from __future__ import annotations

import subprocess
import time
from pathlib import Path

import pytest

from motionsight_core.scenes import render_catalog
from tests.flows.conftest import command, environment

CLIPS = 60
KILLS = 10
# Small shards: more commits to be killed between, before and within.
SHARDS = ("--set", "runtime.shard_size=8")
ROWS = "SELECT * EXCLUDE (run_id, annotated_at) FROM motion ORDER BY clip_id"


@pytest.fixture(scope="module")
def catalog(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("catalog")
    render_catalog(folder, count=CLIPS, seed=3, width=128, height=72, duration_s=0.6)
    (folder / "broken.mp4").write_text("no video")
    return folder


@pytest.mark.timeout(900)
def test_killed_ten_times_and_restarted_it_ends_as_an_undisturbed_run(
    catalog: Path, motionsight, ask, tmp_path: Path
) -> None:
    calm = tmp_path / "calm.duckdb"
    began = time.monotonic()
    assert motionsight("annotate", str(catalog), "--warehouse", f"duckdb:{calm}", *SHARDS).code == 0
    whole_s = time.monotonic() - began

    killed = 0
    for attempt in range(KILLS):
        run = subprocess.Popen(
            command("annotate", str(catalog), *SHARDS),
            cwd=tmp_path,
            env=environment(),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        # Ten different moments, from the imports to where the whole run would have ended.
        try:
            run.wait(timeout=whole_s * (attempt + 1) / KILLS)
        except subprocess.TimeoutExpired:
            run.kill()
            run.wait()
            killed += 1
    assert killed >= KILLS // 2, "enough of the runs were killed before they ended"
    assert motionsight("annotate", str(catalog), *SHARDS).code == 0

    undisturbed = ask(ROWS, "--warehouse", f"duckdb:{calm}")
    assert len(undisturbed) == CLIPS
    assert ask(ROWS) == undisturbed
    failures = "SELECT uri, version, clip_id, recipe, stage, error, message FROM failures"
    assert ask(failures) == ask(failures, "--warehouse", f"duckdb:{calm}")
    assert len(ask(failures)) == 1
    assert not list(tmp_path.rglob("*.parquet")), "what killed runs had staged is swept away"
