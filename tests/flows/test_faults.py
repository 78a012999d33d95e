"""Whatever ends or disturbs a run, the next one ends in exactly the rows of an undisturbed run."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import BinaryIO

import pytest

import flows.runs.run
from benchmarks._faults_disk import mounting
from flows.cli.local import annotate_locally
from flows.runs.run import run_catalog
from motionsight_core.errors import RunError
from motionsight_core.planning.shards import Shard, ShardFile
from motionsight_core.settings import Settings
from motionsight_core.warehouse import Manifest, _duckdb, _duckdb_file, open_warehouse, staged_files
from tests.warm import environment

ROOT = Path(__file__).parents[2]


def settings(*overrides: str) -> Settings:
    return Settings.load(
        overrides=["runtime.shard_size=2", "runtime.decode_processes=1", *overrides], environment={}
    )


@pytest.fixture
def clips(scenes: Path, tmp_path: Path) -> str:
    """Four small videos."""
    folder = tmp_path / "clips"
    shutil.copytree(scenes, folder, ignore=shutil.ignore_patterns("*.json"))
    return str(folder)


@pytest.fixture
def warehouse(tmp_path: Path) -> str:
    return f"duckdb:{tmp_path / 'motion.duckdb'}"


@pytest.fixture(autouse=True)
def no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(flows.runs.run, "_RETRY_PAUSE_S", 0.0)


@pytest.mark.long
@pytest.mark.timeout(1200)
def test_a_campaign_of_faults_is_exact() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.faults", "--runs", "20", "--seed", "1", "--jobs", "2"],
        cwd=ROOT,
        env=environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "20 runs, 20 exact" in done.stdout


def test_a_disk_that_is_full_while_a_shard_is_staged_costs_that_shard_and_the_next_run_does_it(
    clips: str, warehouse: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    create = staged_files._created

    def full(path: Path) -> BinaryIO:
        # The kernel's own answer where there is no room.
        return Path("/dev/full").open("wb") if "/00000-" in str(path) else create(path)

    monkeypatch.setattr(staged_files, "_created", full)
    with pytest.raises(RunError) as stopped:
        annotate_locally(
            clips, warehouse=warehouse, settings=settings("runtime.shard_retries=1"), force=False
        )
    staging = open_warehouse(warehouse).staging
    assert str(stopped.value).startswith(f"Shard 0 failed: Rows cannot be staged in {staging}/")
    assert str(stopped.value).endswith("No space left on device; make room there, then run this again.")
    assert open_warehouse(warehouse).query("FROM commits").rows, "the other shard is committed"
    assert len(open_warehouse(warehouse).query("FROM motion").rows) == 2
    assert not Path(staging).exists()

    monkeypatch.undo()
    again = run_catalog(clips, warehouse=warehouse, settings=settings())
    assert (again.record.annotated, again.record.skipped, again.broken) == (2, 2, ())


def test_a_disk_that_is_full_at_a_commit_is_named_and_the_commit_repeated_is_whole(tmp_path: Path) -> None:
    may_mount = mounting()
    if may_mount is None:
        pytest.skip("this system lets us mount no disk that could be filled")
    done = subprocess.run(
        [*may_mount, sys.executable, "-m", "tests.flows.full_disk", str(tmp_path / "disk")],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    sentence, commits = done.stdout.splitlines()
    assert f"Writing into {tmp_path}/disk/motion.duckdb failed: " in sentence
    assert "No space left on device" in sentence
    assert commits == "1"


def test_a_full_temporary_folder_is_named_while_the_plan_is_made(monkeypatch: pytest.MonkeyPatch) -> None:
    with Path("/dev/full").open("r+b", buffering=0) as full:
        monkeypatch.setattr(tempfile, "TemporaryFile", lambda: full)
        with pytest.raises(RunError, match=r"temporary folder .+: No space left on device; make room there"):
            ShardFile().append(Shard(0, ()))


@pytest.mark.long
def test_a_warehouse_that_another_process_holds_is_said_with_what_to_do(
    clips: str, warehouse: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_catalog(clips, warehouse=warehouse, settings=settings())
    monkeypatch.setattr(_duckdb_file, "_LOCK_WAIT_S", 0.1)
    file = warehouse.removeprefix("duckdb:")
    hold = f"import duckdb, sys; held = duckdb.connect({file!r}); print('held', flush=True); sys.stdin.read()"
    with subprocess.Popen(
        [sys.executable, "-c", hold], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        with pytest.raises(RunError) as stopped:
            run_catalog(clips, warehouse=warehouse, settings=settings())
        holder.communicate()
    assert str(stopped.value).startswith(f"The warehouse {file} has been in use by ")
    assert f"(PID {holder.pid}) for 0.1 s; end that process or wait for it" in str(stopped.value)
    assert run_catalog(clips, warehouse=warehouse, settings=settings()).record.skipped == 4


def test_a_commit_that_fails_for_a_while_costs_no_second_annotation(
    clips: str, warehouse: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    staged: list[int] = []
    commits: list[str] = []
    stage, commit = flows.runs.run.stage_shard, _duckdb.DuckDBWarehouse.commit

    def counted(run: flows.runs.run.Run, shard: Shard) -> Manifest:
        staged.append(shard.index)
        return stage(run, shard)

    def unlucky(self: _duckdb.DuckDBWarehouse, manifest: Manifest) -> None:
        commits.append(manifest.attempt_id)
        if len(commits) % 3 == 1:
            raise RunError("the warehouse is away")
        commit(self, manifest)
        if len(commits) % 3 == 2:
            raise RunError("the answer was lost")

    monkeypatch.setattr(flows.runs.run, "stage_shard", counted)
    monkeypatch.setattr(_duckdb.DuckDBWarehouse, "commit", unlucky)
    result = run_catalog(clips, warehouse=warehouse, settings=settings("runtime.shard_retries=2"))
    assert (result.record.annotated, result.broken) == (4, ())
    assert staged == [0, 1]
    assert len(commits) == 6
    assert len(set(commits)) == 2
    assert len(open_warehouse(warehouse).query("FROM commits").rows) == 2
