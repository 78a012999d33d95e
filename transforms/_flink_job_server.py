"""Keeps Beam's job server for Flink as long as somebody holds the other end of standard input.

    python _flink_job_server.py MASTER JOBS JAVA ...

When that end is closed, by a process that is done or by the kernel for one that was killed, jobs whose
name begins with JOBS are cancelled on the Flink cluster at MASTER, and the job server is ended: else a
run that was killed would go on staging rows that nobody commits. Run as a file, with the standard library
alone, so that it starts at once and takes little memory.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import urllib.request
from contextlib import suppress

_ASK_S = 10.0


def main() -> int:
    master, jobs, *command = sys.argv[1:]
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)  # the end of standard input is what counts
    artifacts = tempfile.mkdtemp(prefix="motionsight-flink-")
    job_server = subprocess.Popen(
        [*command, "--artifacts-dir", artifacts], stdin=subprocess.DEVNULL, start_new_session=True
    )
    threading.Thread(target=_end_with, args=(job_server, artifacts), daemon=True).start()
    try:
        sys.stdin.buffer.read()
        _cancel(master, jobs)
    finally:
        job_server.kill()
        job_server.wait()
        shutil.rmtree(artifacts, ignore_errors=True)
    return 0


def _end_with(job_server: subprocess.Popen[bytes], artifacts: str) -> None:
    """A job server that ended by itself is no use: this process ends too, which shows."""
    job_server.wait()
    shutil.rmtree(artifacts, ignore_errors=True)
    os._exit(1)


def _cancel(master: str, jobs: str) -> None:
    with suppress(OSError, ValueError, KeyError):
        with urllib.request.urlopen(f"{master}/jobs/overview", timeout=_ASK_S) as answer:  # noqa: S310
            overview = json.load(answer)["jobs"]
        for job in overview:
            if job["name"].startswith(jobs) and job["end-time"] < 0:
                ask = urllib.request.Request(f"{master}/jobs/{job['jid']}", method="PATCH")  # noqa: S310
                urllib.request.urlopen(ask, timeout=_ASK_S).close()  # noqa: S310


if __name__ == "__main__":
    sys.exit(main())
