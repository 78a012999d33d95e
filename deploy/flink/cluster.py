"""A Flink cluster on this machine: a JobManager, TaskManagers and Python worker pools, each a process.

    python deploy/flink/cluster.py fetch      what it is made of, into build/flink
    python deploy/flink/cluster.py run        start it, and keep it up until Ctrl-C

`run` starts again whatever ends, as Kubernetes or systemd would, and writes addresses and process ids
to cluster.json in its folder, where the logs are too. It needs the Python of MotionSight's environment:
the worker pools run it. Exit code 3: Java or Maven is missing, 4: something could not be fetched.
"""

from __future__ import annotations

import argparse
import ctypes
import json
import os
import re
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
import zipfile
from contextlib import suppress
from pathlib import Path
from typing import Any

from fetch import CACHE, HERE, Fetched, Missing, NotFetched, fetch

STATE = "cluster.json"
#: How soon a process that ended is started again.
_PAUSE_S = 1.0
#: A loaded machine takes long to start three JVMs; it never takes this long.
_START_S = 450.0
_MAIN = {
    "jobmanager": "org.apache.flink.runtime.entrypoint.StandaloneSessionClusterEntrypoint",
    "taskmanager": "org.apache.flink.runtime.taskexecutor.TaskManagerRunner",
}
_PR_SET_PDEATHSIG = 1
#: A jar with nothing in it.
_NOTHING = "nothing.jar"


def main() -> int:
    options = _options()
    try:
        fetched = fetch()
    except Missing as error:
        return _said(error, 3)
    except NotFetched as error:
        return _said(error, 4)
    if options.command == "fetch":
        print(fetched.job_server_jar)
        return 0
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    cluster = Cluster(
        fetched, options.folder.resolve(), options.port or _free_port(), options.pool_port or _free_port()
    )
    try:
        cluster.start(taskmanagers=options.taskmanagers, pools=options.pools)
        while options.end_with is None or os.getppid() == options.end_with:
            cluster.revive()
            time.sleep(0.2)
    except KeyboardInterrupt:
        pass
    except DoesNotStart as error:
        return _said(error, 1)
    finally:
        cluster.stop()
    return 0


def _said(error: Exception, exit_code: int) -> int:
    print(f"cluster.py: {error}", file=sys.stderr)
    return exit_code


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("fetch", help="fetch Flink and Beam's job server, and print the latter's path")
    run = commands.add_parser("run", help="start a cluster and keep it up until Ctrl-C")
    run.add_argument("--folder", type=Path, default=CACHE / "cluster", help="of logs and cluster.json")
    run.add_argument("--taskmanagers", type=int, default=1)
    run.add_argument("--pools", type=int, default=1, help="Python worker pools, which share one port")
    run.add_argument("--port", type=int, default=8081, help="of Flink's REST and web page; 0: a free one")
    run.add_argument("--pool-port", type=int, default=50000, help="of the worker pools; 0: a free one")
    run.add_argument("--end-with", type=int, metavar="PID", help="end when the parent is not PID any more")
    return parser.parse_args()


class DoesNotStart(Exception):
    """`str(error)` is one sentence."""


class Cluster:
    """The processes, and what starts each of them."""

    def __init__(self, fetched: Fetched, folder: Path, port: int, pool_port: int) -> None:
        self._fetched, self._folder = fetched, folder
        self._port, self._pool_port = port, pool_port
        self._rpc_port = _free_port()
        self._commands: dict[str, list[str]] = {}
        self._running: dict[str, subprocess.Popen[bytes]] = {}
        self._ended: dict[str, float] = {}

    def start(self, *, taskmanagers: int, pools: int) -> None:
        """Start all of it and return when it takes jobs.

        Raises:
            DoesNotStart: it does not come up.
        """
        self._write_configuration()
        self._commands["jobmanager"] = self._java("jobmanager")
        taskmanager = self._java("taskmanager")
        for number in range(taskmanagers):
            self._commands[f"taskmanager-{number}"] = taskmanager
        for number in range(pools):
            self._commands[f"pool-{number}"] = [
                sys.executable, "-m", "transforms.worker_pool", f"--port={self._pool_port}",
            ]  # fmt: skip
        for name in self._commands:
            self._start(name)
        deadline = time.monotonic() + _START_S
        while not (self._taskmanagers() == taskmanagers and self._pools_listen()):
            if time.monotonic() > deadline or self._ended_ones():
                raise DoesNotStart(f"The cluster does not come up; its logs are in {self._folder}.")
            time.sleep(0.2)
        self._write_state()
        print(f"Flink is up at {self.master}; ask for it with\n  {shlex.join(self.settings)}", flush=True)

    @property
    def master(self) -> str:
        return f"localhost:{self._port}"

    @property
    def settings(self) -> list[str]:
        """Arguments of `motionsight annotate`."""
        flags = [
            f"--flink_master={self.master}",
            f"--environment_config=localhost:{self._pool_port}",
            f"--flink_job_server_jar={self._fetched.job_server_jar}",
            # What Beam would send with each job is there: half a second a shard, and 150 MB.
            f"--files_to_stage={self._folder / _NOTHING}",
        ]
        return ["--set", "runtime.runner=flink", "--set", f"runtime.beam={json.dumps(flags)}"]

    def revive(self) -> None:
        """Start again what has ended."""
        now = time.monotonic()
        for name in self._ended_ones():
            if now - self._ended.setdefault(name, now) >= _PAUSE_S:
                del self._ended[name]
                self._start(name)
                self._write_state()

    def stop(self) -> None:
        """End all processes, the worker pools' own children with them."""
        for process in self._running.values():
            _signal_group(process, signal.SIGTERM)
        deadline = time.monotonic() + 5.0
        for process in self._running.values():
            with suppress(subprocess.TimeoutExpired):
                process.wait(timeout=max(0.0, deadline - time.monotonic()))
            _signal_group(process, signal.SIGKILL)
            process.wait()
        (self._folder / STATE).unlink(missing_ok=True)

    def _ended_ones(self) -> list[str]:
        return [name for name, process in self._running.items() if process.poll() is not None]

    def _write_configuration(self) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        with zipfile.ZipFile(self._folder / _NOTHING, "w") as jar:
            jar.writestr("META-INF/MANIFEST.MF", "Manifest-Version: 1.0\n")
        lines = [
            (HERE / "config.yaml").read_text(),
            "jobmanager.rpc.address: localhost",
            f"jobmanager.rpc.port: {self._rpc_port}",
            "jobmanager.bind-host: localhost",
            "taskmanager.host: localhost",
            "taskmanager.bind-host: localhost",
            "rest.address: localhost",
            "rest.bind-address: localhost",
            f"rest.port: {self._port}",
            f"io.tmp.dirs: {self._folder}",
        ]
        (self._folder / "config.yaml").write_text("\n".join(lines) + "\n")

    def _java(self, role: str) -> list[str]:
        """Flink's start scripts are not in its package; this is what they do."""
        jars = ":".join(str(jar) for jar in sorted((self._fetched.flink / "lib").glob("*.jar")))
        counted = subprocess.run(
            [shutil.which("java") or "java", "-cp", f"{self._fetched.flink}/bin/bash-java-utils.jar:{jars}",
             "org.apache.flink.runtime.util.bash.BashJavaUtils",
             "GET_JM_RESOURCE_PARAMS" if role == "jobmanager" else "GET_TM_RESOURCE_PARAMS",
             "--configDir", str(self._folder)],
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        memory = re.findall(r"^BASH_JAVA_UTILS_EXEC_RESULT:(.*)$", counted.stdout, re.MULTILINE)
        if len(memory) != 2:
            raise DoesNotStart(
                f"Flink does not take {self._folder}/config.yaml: {counted.stderr.strip()[-300:]}"
            )
        # What is in the class path from the start is neither sent with each job nor loaded again for it.
        return [
            "java", *memory[0].split(),
            *re.findall(r"--add-\w+=\S+", (self._folder / "config.yaml").read_text()),
            f"-Dlog4j.configurationFile={HERE / 'log4j.properties'}",
            "-cp", f"{jars}:{self._fetched.job_server_jar}",
            _MAIN[role], "--configDir", str(self._folder), *memory[1].split(),
        ]  # fmt: skip

    def _start(self, name: str) -> None:
        with (self._folder / f"{name}.log").open("ab") as log:
            self._running[name] = subprocess.Popen(
                self._commands[name],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                # A group of its own, so that Ctrl-C reaches this process alone.
                start_new_session=True,
                preexec_fn=_end_with_parent,
            )

    def _write_state(self) -> None:
        state = {
            "settings": self.settings,
            "flink_master": self.master,
            "processes": {name: process.pid for name, process in self._running.items()},
        }
        unfinished = self._folder / f"{STATE}.unfinished"
        unfinished.write_text(json.dumps(state, indent=1))
        unfinished.rename(self._folder / STATE)

    def _taskmanagers(self) -> int:
        with suppress(OSError, ValueError):
            return int(_get(f"http://{self.master}/overview")["taskmanagers"])
        return 0

    def _pools_listen(self) -> bool:
        with suppress(OSError), socket.create_connection(("localhost", self._pool_port), timeout=1):
            return True
        return False


def _get(url: str) -> Any:
    with urllib.request.urlopen(url, timeout=5) as answer:  # noqa: S310 - ours
        return json.load(answer)


def _signal_group(process: subprocess.Popen[bytes], number: int) -> None:
    with suppress(ProcessLookupError):
        os.killpg(process.pid, number)


def _end_with_parent() -> None:
    """Killed with the process that keeps the cluster up, whatever ended that one (Linux)."""
    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def _free_port() -> int:
    with socket.socket() as unbound:
        unbound.bind(("localhost", 0))
        return unbound.getsockname()[1]


if __name__ == "__main__":
    sys.exit(main())
