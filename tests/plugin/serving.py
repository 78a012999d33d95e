"""A real Prefect server and a real process worker, as processes of the tests' own on loopback."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import yaml
from prefect.flow_engine import load_flow_and_flow_run, run_flow
from prefect.workers.process import ProcessWorker

from tests.warm import environment

ROOT = Path(__file__).resolve().parents[2]
#: Far more than anything here takes on a loaded machine.
PATIENCE_S = 480.0
#: One for all requests, since each would read all the authorities' certificates; no connection is kept, since
#: a server may be another one by then.
CLIENT = httpx.Client(timeout=60, limits=httpx.Limits(max_keepalive_connections=0))


@dataclass(frozen=True, slots=True)
class Server:
    """A Prefect server of the tests' own."""

    url: str
    """Of its API."""
    home: Path
    """PREFECT_HOME of the server and of those who use it."""

    @property
    def environment(self) -> dict[str, str]:
        """What a command needs to use it."""
        return environment() | {
            "PREFECT_API_URL": self.url,
            "PREFECT_HOME": str(self.home),
            "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
            "DO_NOT_TRACK": "1",
            # Its pages would ask port 4200 otherwise.
            "PREFECT_SERVER_UI_API_URL": self.url,
            "PREFECT_SERVER_UI_SHOW_PROMOTIONAL_CONTENT": "false",
            "PREFECT_CLI_COLORS": "false",
            "PREFECT_WORKER_QUERY_SECONDS": "1",
            "PREFECT_RUNNER_POLL_FREQUENCY": "2",
            "PYTHONWARNINGS": "ignore",
        }

    def prefect(self, *arguments: str, cwd: Path = ROOT) -> str:
        """Run the command line of Prefect; returns what it printed."""
        done = subprocess.run(
            [sys.executable, "-m", "prefect", "--no-prompt", *arguments],
            cwd=cwd,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=PATIENCE_S,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def deploy(self) -> None:
        """Make the pools, of processes, and the deployments of deploy/prefect.yaml."""
        deployments = yaml.safe_load((ROOT / "deploy" / "prefect.yaml").read_text())["deployments"]
        template = ProcessWorker.get_default_base_job_template()
        for pool in sorted({deployment["work_pool"]["name"] for deployment in deployments}):
            self.post("/work_pools/", name=pool, type="process", base_job_template=template)
        self.prefect("deploy", "--all", "--prefect-file", "deploy/prefect.yaml")

    def post(self, path: str, **body: Any) -> Any:
        answer = _answered(lambda: CLIENT.post(f"{self.url}{path}", json=body))
        return answer.json() if answer.content else None

    def patch(self, path: str, **body: Any) -> None:
        _answered(lambda: CLIENT.patch(f"{self.url}{path}", json=body))

    def get(self, path: str) -> Any:
        return _answered(lambda: CLIENT.get(f"{self.url}{path}")).json()

    def begin(self, deployment: str, **parameters: Any) -> UUID:
        """Have a worker run a deployment; returns the flow run's id."""
        found = self.get(f"/deployments/name/{deployment}")
        return UUID(self.post(f"/deployments/{found['id']}/create_flow_run", parameters=parameters)["id"])

    def run_here(self, deployment: str, **parameters: Any) -> UUID:
        """Run a deployment in this process, as one that a worker starts does; returns the flow run's id.

        The process must use this server.
        """
        found = self.get(f"/deployments/name/{deployment}")
        # No worker takes up what is pending already.
        made = self.post(
            f"/deployments/{found['id']}/create_flow_run", parameters=parameters, state={"type": "PENDING"}
        )
        flow_run, flow = load_flow_and_flow_run(UUID(made["id"]))
        run_flow(flow, flow_run=flow_run, return_type="state")
        return flow_run.id

    def state(self, run: UUID) -> str:
        """Name of a flow run's state."""
        return self.run(run)["state"]["name"]

    def run(self, run: UUID) -> dict[str, Any]:
        return self.get(f"/flow_runs/{run}")

    def ended(self, run: UUID) -> str:
        """Wait until a flow run has ended; returns the name of its state."""
        final = ("COMPLETED", "FAILED", "CRASHED", "CANCELLED")
        until(lambda: self.run(run)["state"]["type"] in final, what=lambda: f"{self.run(run)}")
        return self.state(run)

    def runs(self, *tags: str) -> list[dict[str, Any]]:
        """Flow runs that bear these tags."""
        return self.post("/flow_runs/filter", flow_runs={"tags": {"all_": list(tags)}}, limit=200)

    def tasks(self, run: UUID) -> list[dict[str, Any]]:
        return self.post("/task_runs/filter", flow_runs={"id": {"any_": [str(run)]}}, limit=200)

    def artifacts(self, run: UUID) -> list[dict[str, Any]]:
        """What a flow run and its tasks show, the oldest first."""
        found = self.post("/artifacts/filter", artifacts={"flow_run_id": {"any_": [str(run)]}}, limit=200)
        return sorted(found, key=lambda artifact: artifact["created"])

    def log(self, run: UUID) -> list[dict[str, Any]]:
        return self.post("/logs/filter", logs={"flow_run_id": {"any_": [str(run)]}}, limit=200)


@contextmanager
def served(home: Path) -> Iterator[Server]:
    """A server with a database of its own, gone when the block is left."""
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
    server = Server(f"http://127.0.0.1:{port}/api", home)
    home.mkdir(parents=True, exist_ok=True)
    log = (home / "server.log").open("w")
    process = subprocess.Popen(
        [sys.executable, "-m", "prefect", "server", "start", "--host", "127.0.0.1", "--port", str(port)],
        env={name: value for name, value in server.environment.items() if name != "PREFECT_API_URL"},
        stdout=log,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )
    try:
        until(lambda: _healthy(server.url), alive=process, what=(home / "server.log").read_text)
        yield server
    finally:
        end_group(process)
        log.close()


@contextmanager
def worked(server: Server, pool: str, cwd: Path, **more: str) -> Iterator[subprocess.Popen[bytes]]:
    """A process worker of that pool; it and what it started are gone when the block is left."""
    log = (cwd / f"worker-{pool}.log").open("a")
    process = subprocess.Popen(
        [sys.executable, "-m", "prefect", "worker", "start", "--pool", pool, "--type", "process"],
        cwd=cwd,
        env=server.environment | more,
        stdout=log,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )
    try:
        yield process
    finally:
        end_group(process)
        log.close()


def end_group(process: subprocess.Popen[bytes]) -> None:
    """End a process and what it started, at once."""
    below = descendants(process.pid)
    for pid in (process.pid, *below):
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    process.wait()


def descendants(parent: int) -> list[int]:
    """Process ids of all that a process has started, and what these have."""
    parents: dict[int, int] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            parents[int(stat.parent.name)] = int(stat.read_text().rpartition(")")[2].split()[1])
    found: list[int] = []
    level = [parent]
    while level:
        level = [pid for pid, above in parents.items() if above in level]
        found += level
    return found


def until(
    holds: Callable[[], object],
    *,
    alive: subprocess.Popen[bytes] | None = None,
    what: Callable[[], str] = lambda: "",
) -> None:
    """Wait until it holds; fails where it never does, or where a process that it needs has ended."""
    deadline = time.monotonic() + PATIENCE_S
    while not holds():
        assert time.monotonic() < deadline, f"waited in vain: {what()}"
        assert alive is None or alive.poll() is None, f"ended with {alive and alive.returncode}: {what()}"
        time.sleep(0.2)


def _answered(ask: Callable[[], httpx.Response]) -> httpx.Response:
    """What the server says once its database is not busy; Prefect's own client waits likewise."""
    deadline = time.monotonic() + PATIENCE_S
    while True:
        answer = ask()
        if answer.status_code != 503 or time.monotonic() > deadline:
            assert answer.is_success, answer.text
            return answer
        time.sleep(1)


def _healthy(url: str) -> bool:
    with suppress(httpx.HTTPError):
        return CLIENT.get(f"{url}/health", timeout=5).is_success
    return False
