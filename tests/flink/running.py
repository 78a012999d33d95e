"""A Flink cluster of the tests' own, and what can be seen of it from outside."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

PROGRAM = Path(__file__).resolve().parents[2] / "deploy" / "flink" / "cluster.py"
_MISSING, _NOT_FETCHED = 3, 4
#: Far more than anything here takes on a loaded machine.
_PATIENCE_S = 480.0


@dataclass(frozen=True, slots=True)
class RunningCluster:
    """JobManager, TaskManagers and two worker pools, each a process; started again if they end."""

    folder: Path

    @property
    def settings(self) -> list[str]:
        """Arguments that have the command line use it."""
        return self._state()["settings"]

    def process(self, name: str) -> int:
        """Process id of jobmanager, taskmanager-0, pool-1 ..."""
        return self._state()["processes"][name]

    def jobs(self) -> list[dict[str, Any]]:
        return self._ask("jobs/overview")["jobs"]

    def states(self, name: str) -> list[str]:
        """States of the stages whose name has this in it, of jobs that run."""
        running = [job["jid"] for job in self.jobs() if job["state"] == "RUNNING"]
        stages = [stage for job in running for stage in self._ask(f"jobs/{job}")["vertices"]]
        return [stage["status"] for stage in stages if name in stage["name"]]

    def exceptions(self) -> list[str]:
        """Why jobs or parts of them failed, over all jobs."""
        entries = [
            entry
            for job in self.jobs()
            for entry in self._ask(f"jobs/{job['jid']}/exceptions")["exceptionHistory"]["entries"]
        ]
        return [entry["exceptionName"] for entry in entries]

    def _ask(self, path: str) -> Any:
        with urllib.request.urlopen(f"http://{self._state()['flink_master']}/{path}", timeout=60) as answer:
            return json.load(answer)

    def _state(self) -> dict[str, Any]:
        return json.loads((self.folder / "cluster.json").read_text())


@contextmanager
def started_cluster(folder: Path, *, taskmanagers: int) -> Iterator[RunningCluster]:
    """Fetch what it is made of and start it; all of it is gone afterwards."""
    fetching = subprocess.run(
        [sys.executable, str(PROGRAM), "fetch"], capture_output=True, text=True, check=False
    )
    if fetching.returncode == _NOT_FETCHED and os.environ.get("CI"):
        pytest.fail(fetching.stderr)
    if fetching.returncode in (_MISSING, _NOT_FETCHED):
        pytest.skip(fetching.stderr.strip())
    assert fetching.returncode == 0, fetching.stderr
    keeper = subprocess.Popen(
        [sys.executable, str(PROGRAM), "run", "--folder", str(folder),
         "--taskmanagers", str(taskmanagers), "--pools", "2", "--port", "0", "--pool-port", "0", "--end-with",
         str(os.getpid())],
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    cluster = RunningCluster(folder)
    try:
        until((folder / "cluster.json").exists, alive=keeper)
        yield cluster
        pools = [cluster.process(f"pool-{number}") for number in (0, 1)]
        children = [child for pool in pools for child in children_of(pool)]
    finally:
        keeper.terminate()
        keeper.wait(timeout=60)
    for process in (*pools, *children):
        until(lambda process=process: not is_alive(process))


def until(holds: Callable[[], object], *, alive: subprocess.Popen[str] | None = None) -> None:
    """Wait until it holds; fails where it never does, or where a process that it needs has ended."""
    deadline = time.monotonic() + _PATIENCE_S
    while not holds():
        assert time.monotonic() < deadline, "waited in vain"
        if alive is not None and alive.poll() is not None:
            raise AssertionError(f"ended with {alive.returncode}: {alive.stderr and alive.stderr.read()}")
        time.sleep(0.1)


def children_of(parent: int) -> list[int]:
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            if int(stat.read_text().rpartition(")")[2].split()[1]) == parent:
                found.append(int(stat.parent.name))
    return found


def is_alive(process: int) -> bool:
    with suppress(OSError):
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    return False


def kill(process: int) -> None:
    os.kill(process, signal.SIGKILL)
