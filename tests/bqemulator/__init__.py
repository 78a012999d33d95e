"""bqemulator, a BigQuery on this machine, in an environment of its own.

It wants a DuckDB other than ours, so it is installed beside our packages, into a folder of the
environment that runs the tests, from `requirements.txt`. To update that:

    uv pip compile requirements.in --universal --python-version 3.11 --no-annotate -o requirements.txt
"""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_REQUIREMENTS = Path(__file__).with_name("requirements.txt")
_ENVIRONMENT = Path(sys.prefix, "bqemulator")
#: Three seconds where the machine is idle.
_START_S = 120.0
#: The folder that DuckDB looks for extensions in, without a network, is in the home directory.
_LINK_EXTENSION = """
import duckdb, pathlib, duckdb_extension_spatial, sys
platform = duckdb.execute("PRAGMA platform").fetchone()[0]
folder = pathlib.Path(sys.argv[1], ".duckdb", "extensions", f"v{duckdb.__version__}", platform)
folder.mkdir(parents=True, exist_ok=True)
found, = pathlib.Path(duckdb_extension_spatial.__file__).parent.rglob("spatial.duckdb_extension")
(folder / found.name).symlink_to(found)
"""
#: Linux ends the emulator with us, also where nobody can: after a kill -9.
_UNTIL_WE_DIE = """
import ctypes, os, signal, sys
if sys.platform == "linux":
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)
os.execv(sys.argv[1], sys.argv[1:])
"""


def install() -> Path:
    """The emulator's environment, made where it is not there or its requirements have changed."""
    stamp = _ENVIRONMENT / "requirements.txt"
    _ENVIRONMENT.parent.mkdir(parents=True, exist_ok=True)
    with _ENVIRONMENT.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # the test processes all want it at once
        if stamp.is_file() and stamp.read_bytes() == _REQUIREMENTS.read_bytes():
            return _ENVIRONMENT
        shutil.rmtree(_ENVIRONMENT, ignore_errors=True)
        python = _ENVIRONMENT / "bin" / "python"
        uv = shutil.which("uv", path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}")
        if uv is not None:
            _do(uv, "venv", "--quiet", "--python", sys.executable, str(_ENVIRONMENT))
            _do(uv, "pip", "install", "--quiet", "--python", str(python), "-r", str(_REQUIREMENTS))
        else:
            _do(sys.executable, "-m", "venv", str(_ENVIRONMENT))
            _do(str(python), "-m", "pip", "install", "--quiet", "-r", str(_REQUIREMENTS))
        _do(str(python), "-c", _LINK_EXTENSION, str(_home()))
        shutil.copyfile(_REQUIREMENTS, stamp)  # last: it says that the rest is whole
    return _ENVIRONMENT


@contextmanager
def bigquery_emulator(gcs_root: Path, log: Path) -> Iterator[str]:
    """The url of an emulator that loads `gs://bucket/name` from `gcs_root / bucket / name`.

    Args:
        gcs_root: the folder of the buckets.
        log: the file that the emulator writes its log into.
    """
    program = install() / "bin" / "bqemulator"
    python = program.with_name("python")
    environment = {
        "PATH": os.environ.get("PATH", ""),
        "HOME": str(_home()),
        "TMPDIR": str(log.parent),
        "BQEMU_GCS_LOCAL_ROOT": str(gcs_root),
        "BQEMU_ENABLE_FORMAT_EXTENSIONS": "false",  # would be downloaded
        "BQEMU_QUERY_CACHE_TTL_SECONDS": "0",
    }
    with log.open("wb") as file:
        process = subprocess.Popen(
            [python, "-c", _UNTIL_WE_DIE, program, "start", "--rest-port", "0", "--grpc-port", "0"],
            env=environment,
            cwd=log.parent,
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=subprocess.STDOUT,
        )
        try:
            yield f"http://127.0.0.1:{_port(process, log)}"
        finally:
            process.kill()  # what it holds is in its memory
            process.wait()


def _port(process: subprocess.Popen[bytes], log: Path) -> int:
    """Which port the emulator took, as soon as it listens."""
    deadline = time.monotonic() + _START_S
    while time.monotonic() < deadline:
        for line in log.read_text(errors="replace").splitlines():
            if '"event": "rest.listen"' in line and line.endswith("}"):
                return int(json.loads(line)["port"])
        if process.poll() is not None:
            break
        time.sleep(0.1)
    raise RuntimeError(f"bqemulator did not start; its log ends with\n{log.read_text()[-3000:]}")


def _do(*command: str) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(command[:4])} ... failed:\n{done.stderr[-3000:]}")


def _home() -> Path:
    return _ENVIRONMENT / "home"
