"""Shards on an Apache Flink cluster, through Beam's portable runner.

    this process -> Beam's job server (Java, a child of ours) -> JobManager -> TaskManagers -> worker pools

The job server is started with the first shard and serves those that follow. It has a guard of its own,
which ends it, and cancels our job on the cluster, when this process is gone.
"""

from __future__ import annotations

import atexit
import json
import logging
import os
import re
import shutil
import socket
import subprocess
import sys
import threading
import urllib.request
import uuid
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Literal
from urllib.parse import urlsplit

import apache_beam as beam
import grpc
from apache_beam.options.pipeline_options import (
    FlinkRunnerOptions,
    GoogleCloudOptions,
    JobServerOptions,
    PipelineOptions,
    PortableOptions,
)
from apache_beam.portability.api import beam_job_api_pb2
from apache_beam.runners.portability.portable_runner import MESSAGE_LOG_LEVELS, PortableRunner

from motionsight_core import environment
from motionsight_core.errors import RunError, UsageError
from motionsight_core.settings import Settings

# The job server's error becomes the exception; as a line of the log it would be shown twice.
MESSAGE_LOG_LEVELS[beam_job_api_pb2.JobMessage.JOB_MESSAGE_ERROR] = logging.DEBUG

_JAR = environment.FLINK_JOB_SERVER_JAR
_GUARD = Path(__file__).with_name("_flink_job_server.py")
#: A worker is kept between two stages, and between two shards: Flink would stop and start it each time.
_WORKER_KEPT_MS = 20_000
#: A loaded machine takes long to start a JVM; it never takes this long.
_START_S = 300.0
_ASK_S = 20.0
_DOCS = "docs/flink.md says how to start one"
#: An error of ours in the traceback that a worker sent.
_OURS = re.compile(r"motionsight_core\.errors\.\w+: (.+?)(?: \[while running|$)", re.MULTILINE)


def flink_pipeline(settings: Settings, *, job: str) -> beam.Pipeline:
    """An empty pipeline that runs, under this name, on the Flink cluster that `runtime.beam` names.

    Raises:
        UsageError: the flags name no cluster, or Java or the job server is not on this machine.
        RunError: the cluster, its TaskManagers or its worker pool do not answer.
    """
    # No other flags: Beam would read those of whatever program we run in.
    options = PipelineOptions(
        [
            "--environment_type=EXTERNAL",
            "--environment_config=localhost:50000",
            f"--environment_cache_millis={_WORKER_KEPT_MS}",
            # Else every shard would begin with a `pip freeze`, for a log.
            "--experiments=disable_logging_submission_environment",
            *settings.runtime.beam,
        ]
    )
    master = _master(options)
    portable = options.view_as(PortableOptions)
    command = () if portable.job_endpoint else _command(master, options)
    slots = _slots(master)
    _require_pool(master, options)
    flink = options.view_as(FlinkRunnerOptions)
    if flink.parallelism < 1:
        flink.parallelism = slots
    if command:
        portable.job_endpoint = _job_server(command)
    portable.job_server_timeout = int(_START_S)
    options.view_as(GoogleCloudOptions).job_name = f"{_OUR_JOBS}-{job}"
    return _FlinkPipeline(runner=PortableRunner(), options=options)


class _FlinkPipeline(beam.Pipeline):
    """What fails on the cluster is one sentence here."""

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc_val: BaseException | None,
        exc_tb: TracebackType | None,
    ) -> Literal[False]:
        try:
            super().__exit__(exc_type, exc_val, exc_tb)
        except RunError:
            raise
        except grpc.RpcError as error:
            raise RunError(f"Beam's job server for Flink went away: {_code(error)}.") from None
        except RuntimeError as error:
            raise RunError(job_failure(str(error))) from None
        return False


def job_failure(text: str) -> str:
    """What Flink says of a failed job, many lines of Java and Python, as one sentence."""
    if ours := _OURS.findall(text):
        return ours[-1]
    if "Connection refused" in text and "SDK harness" not in text:  # nor is it a worker that says so
        return (
            "The TaskManagers reach no Python worker pool at the address of --environment_config: "
            "start `python -m transforms.worker_pool` beside each of them."
        )
    if "NoResourceAvailable" in text:
        return "The Flink cluster has too few free slots for --parallelism."
    cause = text.rpartition("failed in state FAILED: ")[2]
    lines = [line.strip() for line in cause.splitlines() if line.strip() and not line.startswith("\tat ")]
    return f"The Flink job failed: {lines[-1][:300] if lines else 'no reason given'}"


def _code(error: Any) -> str:
    return error.code().name if hasattr(error, "code") else type(error).__name__


def _master(options: PipelineOptions) -> str:
    """The address of Flink's REST interface."""
    master = options.view_as(FlinkRunnerOptions).flink_master.strip()
    if master.startswith("["):
        raise UsageError(
            "runtime.runner=flink needs the cluster's address: put --flink_master=HOST:8081 into "
            "runtime.beam."
        )
    return master if master.startswith(("http://", "https://")) else f"http://{master}"


def _slots(master: str) -> int:
    """Slots of the cluster's TaskManagers."""
    try:
        with urllib.request.urlopen(f"{master}/overview", timeout=_ASK_S) as answer:  # noqa: S310 - http
            slots = int(json.load(answer)["slots-total"])
    except (OSError, ValueError, KeyError) as error:
        reason = getattr(error, "reason", error)
        raise RunError(f"No Flink cluster answers at {master} ({reason}); {_DOCS}.") from None
    if slots == 0:
        raise RunError(f"The Flink cluster at {master} has no TaskManager; {_DOCS}.")
    return slots


def _require_pool(master: str, options: PipelineOptions) -> None:
    """Ask for the pool from here where the whole cluster is on this machine; elsewhere only the
    TaskManagers can reach it."""
    portable = options.view_as(PortableOptions)
    host, _, port = (portable.environment_config or "").rpartition(":")
    local = ("localhost", "127.0.0.1", "::1")
    if portable.environment_type != "EXTERNAL" or host not in local or urlsplit(master).hostname not in local:
        return
    try:
        socket.create_connection((host, int(port)), timeout=_ASK_S).close()
    except (OSError, ValueError):
        raise RunError(f"No Python worker pool answers at {host}:{port}; {_DOCS}.") from None


def _command(master: str, options: PipelineOptions) -> tuple[str, ...]:
    """How the job server is started; its port is to follow."""
    server = options.view_as(JobServerOptions)
    if shutil.which(server.job_server_java_launcher) is None:
        raise UsageError(
            "runtime.runner=flink starts Beam's job server, which needs Java: apt install "
            "openjdk-17-jre-headless, or name one that runs with --job_endpoint."
        )
    jar = options.view_as(FlinkRunnerOptions).flink_job_server_jar or os.environ.get(_JAR, "")
    if not jar or not Path(jar).is_file():
        what = f"{jar} does not exist" if jar else "none is named"
        raise UsageError(
            f"runtime.runner=flink needs the jar of Beam's job server for Flink, and {what}: `python "
            f"deploy/flink/cluster.py fetch` makes one, --flink_job_server_jar or {_JAR} names it."
        )
    return (
        server.job_server_java_launcher,
        *server.job_server_jvm_properties,
        *("-jar", jar, "--flink-master", master),
        *("--artifact-port", "0", "--expansion-port", "0"),
    )


#: Names of all jobs of this process begin so.
_OUR_JOBS = uuid.uuid4().hex[:8]


@dataclass(frozen=True, slots=True)
class _JobServer:
    endpoint: str
    guard: subprocess.Popen[bytes]


_job_servers: dict[tuple[str, ...], _JobServer] = {}
_lock = threading.Lock()


def _job_server(command: tuple[str, ...]) -> str:
    """The endpoint of this process's job server, started where there is none."""
    with _lock:
        server = _job_servers.get(command)
        if server is None or server.guard.poll() is not None:
            server = _job_servers[command] = _start(command)
        return server.endpoint


def _start(command: tuple[str, ...]) -> _JobServer:
    with socket.socket() as unbound:
        unbound.bind(("localhost", 0))
        port = unbound.getsockname()[1]
    master = command[command.index("--flink-master") + 1]
    guard = subprocess.Popen(
        [sys.executable, "-P", str(_GUARD), master, _OUR_JOBS, *command, "--job-port", str(port)],
        stdin=subprocess.PIPE,  # closed, by us or by our end, it means: end
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    with grpc.insecure_channel(f"localhost:{port}") as channel:
        try:
            grpc.channel_ready_future(channel).result(timeout=_START_S)
        except grpc.FutureTimeoutError:
            _end(guard)
            raise RunError(
                "Beam's job server for Flink does not start: try its jar with java -jar."
            ) from None
    return _JobServer(f"localhost:{port}", guard)


def _end(guard: subprocess.Popen[bytes]) -> None:
    if guard.stdin is not None:
        guard.stdin.close()
    guard.wait()


@atexit.register
def _end_job_servers() -> None:
    with _lock:
        servers = list(_job_servers.values())
        _job_servers.clear()
    for server in servers:
        _end(server.guard)
