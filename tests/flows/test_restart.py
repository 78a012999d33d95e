"""A run that is killed at any moment and started again ends in exactly the same table."""

from __future__ import annotations

import re
import signal
import subprocess
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

from motionsight_core.synthetic import render_catalog
from tests.flows.conftest import command
from tests.warm import Begun, environment

CLIPS = 12
# Small shards: more commits to be killed between, before and within.
SHARDS = ("--set", "runtime.shard_size=4")
ROWS = "SELECT * EXCLUDE (run_id, annotated_at) FROM motion ORDER BY clip_id"


@pytest.fixture(scope="module")
def catalog(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Tiny clips, and a file that is no video."""
    folder = tmp_path_factory.mktemp("clips_to_be_killed_at")
    render_catalog(folder, count=CLIPS, seed=3, width=128, height=72, duration_s=0.6)
    (folder / "broken.mp4").write_text("no video")
    return folder


def killed_after(moment_s: float, begin: Callable[..., Begun], catalog: Path) -> bool:
    """Start a run and kill it at a moment; False if it ended before."""
    run = begin("annotate", str(catalog), *SHARDS)
    with suppress(TimeoutError):
        assert run.wait(moment_s) == 0, run.err
    return run.code == -signal.SIGKILL


@pytest.mark.timeout(900)
@pytest.mark.parametrize("kills", [2, pytest.param(10, marks=pytest.mark.long)])
def test_killed_several_times_and_restarted_it_ends_as_an_undisturbed_run(
    catalog: Path, motionsight, begin, ask, tmp_path: Path, kills: int
) -> None:
    calm = tmp_path / "calm.duckdb"
    began = time.monotonic()
    assert motionsight("annotate", str(catalog), "--warehouse", f"duckdb:{calm}", *SHARDS).code == 0
    whole_s = time.monotonic() - began

    for attempt in range(kills):
        # Different moments, from the start to near the end of a whole run.
        moment_s = whole_s * (attempt + 1) / (kills + 2)
        while not killed_after(moment_s, begin, catalog):
            # It ended first, since earlier runs had done most of it: again from nothing, sooner.
            (tmp_path / "motionsight.duckdb").unlink()
            moment_s *= 0.8
    assert motionsight("annotate", str(catalog), *SHARDS).code == 0

    undisturbed = ask(ROWS, "--warehouse", f"duckdb:{calm}")
    assert len(undisturbed) == CLIPS
    assert ask(ROWS) == undisturbed
    failures = "SELECT uri, version, clip_id, recipe, stage, error, message FROM failures"
    assert ask(failures) == ask(failures, "--warehouse", f"duckdb:{calm}")
    assert len(ask(failures)) == 1
    assert not list(tmp_path.rglob("*.parquet")), "what killed runs had staged is swept away"


@pytest.mark.long
@pytest.mark.timeout(900)
def test_sigterm_lets_the_shard_in_hand_be_finished_and_the_next_run_goes_on(
    catalog: Path, motionsight, ask, tmp_path: Path
) -> None:
    # A shard for each video, so that most are to come when the first has staged its rows.
    run = subprocess.Popen(
        command("annotate", str(catalog), "--set", "runtime.shard_size=1"),
        cwd=tmp_path,
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    while not any(tmp_path.rglob("motion-*.parquet")):
        assert run.poll() is None
        time.sleep(0.01)
    run.terminate()
    out, err = run.communicate(timeout=120)
    assert run.returncode == 143, err
    assert "finishing the shard in hand" in err
    assert re.search(
        rf"motionsight: Ended by SIGTERM with \d+ of {CLIPS + 1} shards to go; running again goes on", err
    )
    (state,) = ask("SELECT annotated, finished_at IS NOT NULL AS finished FROM runs")
    (rows,) = ask("SELECT count(*) AS n FROM motion")
    assert state == {"annotated": rows["n"], "finished": True}
    assert 0 < rows["n"] < CLIPS
    assert f"Annotated {rows['n']} clips" in out
    assert not list(tmp_path.rglob("*.parquet"))
    assert motionsight("annotate", str(catalog), *SHARDS).code == 0
    assert ask("SELECT count(*) AS n FROM motion") == [{"n": CLIPS}]
