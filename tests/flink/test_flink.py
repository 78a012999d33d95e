"""The catalog's scenarios on a real Flink cluster: annotate, rerun, crash, and processes killed midway."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

import pytest

from tests.flink.running import (
    RunningCluster,
    children_of,
    is_alive,
    kill,
    started_cluster,
    until,
)
from tests.flows.conftest import (  # noqa: F401 - fixtures
    MANY,
    ask,
    command,
    many_and_a_broken_one,
    motionsight,
)
from tests.flows.evaluating import own_questions
from tests.warm import environment

CLIPS = MANY
#: A part of the catalog.
SOME = "scene_00[01]*.mp4"
ROWS = "SELECT * EXCLUDE (run_id, annotated_at) FROM motion ORDER BY clip_id"
FAILURES = "SELECT uri, version, clip_id, recipe, stage, error, message FROM failures"
#: As Flink names the stage that decodes and describes.
DECODING = "{Objects, AnnotateCatalog}"


@pytest.fixture
def cluster(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[RunningCluster]:
    """With one TaskManager, or as many as a test asks for (`several_taskmanagers`)."""
    # No JVM here lives long enough to win back what its second compiler costs, and none loads classes that
    # somebody else wrote meanwhile.
    unverified = "-XX:+UnlockDiagnosticVMOptions -XX:-BytecodeVerificationRemote"
    monkeypatch.setenv("JAVA_TOOL_OPTIONS", f"-XX:TieredStopAtLevel=1 -XX:+UseSerialGC {unverified}")
    with started_cluster(tmp_path / "cluster", taskmanagers=getattr(request, "param", 1)) as running:
        yield running


several_taskmanagers = pytest.mark.parametrize("cluster", [2], indirect=True)


@pytest.fixture
def catalog(many_and_a_broken_one: Path) -> Path:  # noqa: F811
    return many_and_a_broken_one


def begun(folder: Path, *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        command("annotate", *arguments),
        cwd=folder,
        env=environment(),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )


def held_in_the_middle(cluster: RunningCluster, run: subprocess.Popen[str]) -> int:
    """Wait until the run decodes; returns the pool of a decoding process that is stopped.

    However fast the machine is, the run is not over before that process goes on or is killed.
    """
    until(lambda: decoders(cluster), alive=run)
    pool, held = decoders(cluster)[0]
    os.kill(held, signal.SIGSTOP)
    until(lambda: "RUNNING" in cluster.states(DECODING), alive=run)
    time.sleep(2)  # for the others, which go on
    return pool


def killed(cluster: RunningCluster, pool: int, *others: str) -> None:
    """Kill a pool and others by name; what the pool had started ends with it."""
    orphans = children_of(pool)
    for other in others:
        kill(cluster.process(other))
    kill(pool)
    for orphan in orphans:
        with suppress(ProcessLookupError):
            os.kill(orphan, signal.SIGCONT)
        until(lambda orphan=orphan: not is_alive(orphan))


def decoders(cluster: RunningCluster) -> list[tuple[int, int]]:
    """Process ids of pools, each with one of a decoding process that it started."""
    pools = [cluster.process(f"pool-{number}") for number in (0, 1)]
    return [(pool, child) for pool in pools for child in children_of(pool)]


@pytest.mark.long
@pytest.mark.timeout(900)
def test_a_catalog_ends_in_the_rows_of_a_local_run_though_a_worker_pool_is_killed(
    cluster: RunningCluster,
    catalog: Path,
    motionsight: Callable[..., Any],  # noqa: F811
    ask: Callable[..., list[dict[str, Any]]],  # noqa: F811
    tmp_path: Path,
) -> None:
    local = ("--warehouse", f"duckdb:{tmp_path / 'local.duckdb'}")
    some = str(catalog / SOME)
    assert motionsight("annotate", some, *local).code == 0
    undisturbed = ask(ROWS, *local)

    run = begun(tmp_path, some, *cluster.settings)
    pool = held_in_the_middle(cluster, run)
    killed(cluster, pool)
    _, said = run.communicate(timeout=600)
    assert run.returncode == 0, said
    assert cluster.exceptions(), "what was killed was at work"
    assert ask(ROWS) == undisturbed

    jobs = len(cluster.jobs())
    assert motionsight("annotate", some, *cluster.settings).code == 0
    assert len(cluster.jobs()) == jobs, "nothing is left to do"
    assert ask(ROWS) == undisturbed


@several_taskmanagers
@pytest.mark.long
@pytest.mark.timeout(1500)
def test_a_catalog_ends_in_the_rows_of_a_local_run_whatever_is_killed_meanwhile(
    cluster: RunningCluster,
    catalog: Path,
    motionsight: Callable[..., Any],  # noqa: F811
    ask: Callable[..., list[dict[str, Any]]],  # noqa: F811
    tmp_path: Path,
) -> None:
    local = ("--warehouse", f"duckdb:{tmp_path / 'local.duckdb'}")
    assert motionsight("annotate", str(catalog), *local).code == 0
    undisturbed = ask(ROWS, *local)
    assert len(undisturbed) == CLIPS

    # A TaskManager and a worker pool are killed in the middle of a run.
    run = begun(tmp_path, str(catalog), *cluster.settings)
    pool = held_in_the_middle(cluster, run)
    killed(cluster, pool, "taskmanager-0")
    _, said = run.communicate(timeout=600)
    assert run.returncode == 0, said
    assert cluster.exceptions(), "what was killed was at work"
    assert ask(ROWS) == undisturbed
    assert ask(FAILURES) == ask(FAILURES, *local)
    assert len(ask(FAILURES)) == 1

    # Again: nothing is done.
    jobs = len(cluster.jobs())
    assert motionsight("annotate", str(catalog), *cluster.settings).code == 0
    assert len(cluster.jobs()) == jobs
    assert ask(ROWS) == undisturbed

    # Whoever drives the run is killed: its job ends with it, and the next run takes over.
    (tmp_path / "motionsight.duckdb").unlink()
    some = str(catalog / SOME)
    run = begun(tmp_path, some, *cluster.settings)
    until(lambda: "RUNNING" in cluster.states(DECODING), alive=run)
    run.kill()
    run.communicate()
    until(lambda: {job["state"] for job in cluster.jobs()} <= {"FINISHED", "FAILED", "CANCELED"})
    assert "CANCELED" in {job["state"] for job in cluster.jobs()}
    done = motionsight("annotate", some, *cluster.settings)
    assert done.code == 0, done.err
    assert ask(ROWS) == [row for row in undisturbed if fnmatch(row["uri"], some)]
    assert not list(tmp_path.glob("*staging/**/*")), "what the killed run had staged is swept away"


@several_taskmanagers
@pytest.mark.long
@pytest.mark.timeout(900)
def test_an_evaluation_ends_in_the_predictions_of_a_local_run(
    cluster: RunningCluster,
    catalog: Path,
    motionsight: Callable[..., Any],  # noqa: F811
    tmp_path: Path,
) -> None:
    videos = sorted(path.name for path in catalog.glob(SOME))
    annotations = own_questions(tmp_path / "own.jsonl", [*videos, "missing.mp4", "broken.mp4"])
    command = ("evaluate", "jsonl", str(annotations), str(catalog), "--format", "csv")
    local = motionsight(*command, "--warehouse", f"duckdb:{tmp_path / 'local.duckdb'}")
    done = motionsight(*command, *cluster.settings)
    assert (local.code, done.code) == (0, 0), done.err
    assert done.out == local.out
    assert len(cluster.jobs()) == 1
    assert not list(tmp_path.glob("*.staging"))
