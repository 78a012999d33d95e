"""What a Flink cluster on this machine is made of: Flink's own jars from PyPI, Beam's job server from Maven.

Kept in build/flink of the project, an environment of their own that nothing else sees, and fetched
once: a lock lets tests and people share them.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
CACHE = HERE.parent.parent / "build" / "flink"
#: Its first two numbers are those in the name of Beam's artifact in pom.xml.
FLINK_VERSION = "1.19.3"


class Missing(Exception):
    """Something that must be there first is not; `str(error)` is one sentence."""


class NotFetched(Exception):
    """A registry did not give what was asked for; `str(error)` is one sentence."""


@dataclass(frozen=True, slots=True)
class Fetched:
    """Paths on this machine."""

    flink: Path
    """Flink's distribution: lib/ and bin/."""
    job_server_jar: Path
    """Beam's job server with all that it needs."""


def missing() -> str | None:
    """What has to be installed before anything can be fetched, as a sentence."""
    if shutil.which("java") is None:
        return "Flink needs Java 17: apt install openjdk-17-jre-headless."
    if shutil.which("mvn") is None and not _jar().exists():
        return "Beam's job server for Flink is fetched with Maven: apt install maven."
    return None


def fetch() -> Fetched:
    """Fetch what is not there yet.

    Raises:
        Missing: Java or Maven is not installed.
        NotFetched: PyPI or Maven Central did not answer, or has it not.
    """
    if lacking := missing():
        raise Missing(lacking)
    CACHE.mkdir(parents=True, exist_ok=True)
    with (CACHE / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        _fetch_flink()
        _fetch_job_server()
    return Fetched(_libraries() / "pyflink", _jar())


def _libraries() -> Path:
    return CACHE / f"libraries-{FLINK_VERSION}"


def _jar() -> Path:
    return CACHE / "flink-job-server.jar"


def _fetch_flink() -> None:
    if _libraries().exists():
        return
    unfinished = CACHE / "libraries.unfinished"
    shutil.rmtree(unfinished, ignore_errors=True)
    # The jars are the same for every Python and platform; none of the package's dependencies is needed.
    package = f"apache-flink-libraries=={FLINK_VERSION}"
    _run([sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps",
          "--target", str(unfinished), package], package)  # fmt: skip
    unfinished.rename(_libraries())


def _fetch_job_server() -> None:
    project = HERE / "pom.xml"
    made_of = CACHE / "pom.xml"
    if _jar().exists() and made_of.exists() and made_of.read_bytes() == project.read_bytes():
        return
    # Maven builds beside the pom it is given.
    shutil.copy(project, CACHE / "pom.unfinished.xml")
    _run(["mvn", "--quiet", "--batch-mode", "--file", str(CACHE / "pom.unfinished.xml"), "package"],
         "Beam's job server for Flink")  # fmt: skip
    (CACHE / "target" / "flink-job-server.jar").rename(_jar())
    (CACHE / "pom.unfinished.xml").rename(made_of)
    shutil.rmtree(CACHE / "target", ignore_errors=True)


def _run(command: list[str], what: str) -> None:
    done = subprocess.run(
        command,
        # Maven ends before it wins back what the second compiler costs.
        env={"MAVEN_OPTS": "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC"} | os.environ,
        capture_output=True,
        text=True,
        check=False,
        stdin=subprocess.DEVNULL,
    )
    if done.returncode:
        lines = [line for line in (done.stdout + done.stderr).splitlines() if "ERROR" in line]
        raise NotFetched(f"{what} could not be fetched ({lines[0][:300] if lines else 'no reason given'}).")
