"""Hostile inputs end as rows or as named failures, open no file and no socket, and cost no other clip."""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from motionsight_core.catalog import Clip, VideoObject, split
from motionsight_core.errors import (
    ClipError,
    Corrupt,
    ForbiddenProtocol,
    NotAVideo,
    NoVideoStream,
    TooLarge,
    Truncated,
)
from motionsight_core.guarded import process, processes
from motionsight_core.guarded.pool import DecoderPool
from motionsight_core.settings import Settings
from motionsight_core.stores import list_objects
from tests.core.guarded.processes import eventually
from tests.core.hostile.attacks import attacks
from tests.core.hostile.mutations import mutants, valid_files

pytestmark = pytest.mark.decoders_start_anew

#: What hostile bytes may be called. DecoderCrashed and TimedOut would be a hole or a hang.
NAMED = (Corrupt, ForbiddenProtocol, NotAVideo, NoVideoStream, TooLarge, Truncated)
SETTINGS = Settings.load(overrides=["runtime.decode_processes=1", "limits.wall_s=60"], environment={})


@pytest.fixture
def server() -> Iterator[socket.socket]:
    """A server on this machine that no input may reach."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.setblocking(False)
        yield listening


@pytest.fixture
def inputs(tmp_path: Path, server: socket.socket) -> dict[str, VideoObject]:
    """All hostile inputs by name, and `valid`."""
    secret = tmp_path / "secret.ts"
    secret.write_bytes(b"\x47" + bytes(187))
    valid = valid_files(tmp_path)
    url = f"http://127.0.0.1:{server.getsockname()[1]}/secret.ts"
    content = {"valid": valid["h264.mp4"]}
    content |= dict(mutants(valid)) | dict(attacks(valid, secret=str(secret), url=url))
    videos = {}
    for number, (name, data) in enumerate(content.items()):
        path = tmp_path / f"{number:03}.mp4"
        path.write_bytes(data)
        (video,) = list_objects(str(path))
        assert isinstance(video, VideoObject)
        videos[name] = video
    return videos


def outcome(decoder: DecoderPool, video: VideoObject) -> str:
    """`decoded`, or the name of the failure."""
    try:
        decoded = decoder.decode(split(video, duration_s=decoder.probe(video))[0])
    except ClipError as error:
        assert isinstance(error, NAMED), f"{error.name}: {error}"
        return error.name
    assert decoded.sampled is not None
    assert decoded.motion is not None
    return "decoded"


@pytest.fixture(autouse=True)
def one_process_for_all(monkeypatch: pytest.MonkeyPatch) -> None:
    """What an input does to its process shows in the next one's outcome."""
    monkeypatch.setattr(processes, "_REQUESTS_PER_PROCESS", 10_000)


def all_outcomes(inputs: dict[str, VideoObject]) -> dict[str, str]:
    """What each input ends as; a valid one behind each is decoded by the same process."""
    valid = inputs["valid"]
    clip = Clip(valid.uri, valid.version, 0.0, 0.96)
    outcomes: dict[str, str] = {}
    with DecoderPool(SETTINGS) as decoder:
        decoder.sandbox()
        (first,) = decoder._processes.alive
        for name, video in inputs.items():
            try:
                outcomes[name] = outcome(decoder, video)
                assert decoder.decode(clip, products=["sampled"]).sampled is not None
            except AssertionError as error:
                raise AssertionError(f"after {name!r}: {error}") from error
        assert decoder._processes.alive == {first}, "one process for all of them"
    return outcomes


def check(outcomes: dict[str, str], server: socket.socket) -> None:
    """That the inputs are many and of all kinds, and that none was followed."""
    assert len(outcomes) > 150
    with pytest.raises(BlockingIOError):
        server.accept()
    counts = Counter(outcomes.values())
    assert set(counts) == {"decoded"} | {error.__name__ for error in NAMED}, counts
    for name, ended in outcomes.items():
        if " -> " in name:
            assert ended in ("ForbiddenProtocol", "NotAVideo"), name
    assert outcomes["h264 of 16000x16000"] == "TooLarge"
    assert outcomes["avi with a playlist as subtitles"] == "decoded", "without them"
    assert outcomes["mkv with an attached playlist"] == "decoded"


@pytest.fixture
def strace() -> str:
    """The program that shows system calls, where it is and may."""
    program = shutil.which("strace")
    if program is None:
        pytest.skip("strace, which shows the system calls, is not here")
    if subprocess.run([program, "-o", os.devnull, "true"], capture_output=True, check=False).returncode:
        pytest.skip("strace may not look at processes here")
    return program


@pytest.mark.long
def test_hostile_inputs_make_no_system_call_of_their_own(
    inputs: dict[str, VideoObject],
    server: socket.socket,
    strace: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Seen by strace: from READY on nothing but memory, the socket and the files that were handed over."""
    log = tmp_path / "strace.log"
    launcher = tmp_path / "traced-python"
    calls = "%file,%network,%process,%ipc"
    launcher.write_text(
        f'#!/bin/sh\nexec {strace} -D -f -q -o "{log}" -e trace={calls} "{sys.executable}" "$@"\n'
    )
    launcher.chmod(0o755)
    monkeypatch.setattr(process.sys, "executable", str(launcher))
    check(all_outcomes(inputs), server)
    assert eventually(lambda: "+++ killed by SIGKILL" in log.read_text()), "strace has seen the end"

    lines = [line.split(maxsplit=1)[1] for line in log.read_text().splitlines()]
    ready = next(number for number, line in enumerate(lines) if line.startswith("sendto("))
    assert any(line.startswith("openat(") for line in lines[:ready]), "strace sees them"
    strange = [line for line in lines[ready:] if not OF_DECODING.match(line)]
    assert strange == []


#: Messages on the one socket, the size of a file that is open already, threads, and the end. And what the
#: sandbox refuses: the C library's tables of the character sets that a transport stream names, and the
#: lines of source that Python would quote where PyAV reports an error of a read.
OF_DECODING = re.compile(
    r"(sendto|recvfrom|recvmsg)\(\d+, "
    r"|(openat|newfstatat|stat|access)\(.*/gconv/.*\) += -1 E(PERM|ACCES) "
    r"|newfstatat\(AT_FDCWD, \"[^\"]*\.py\", .*\) += -1 E(PERM|ACCES) "
    r"|newfstatat\(\d+, \"\", .*AT_EMPTY_PATH"
    r"|clone3?\(.*CLONE_THREAD"
    r"|<\.\.\. |exit(_group)?\(|\+\+\+ |--- "
)


def test_hostile_inputs_try_to_open_nothing(
    inputs: dict[str, VideoObject], server: socket.socket, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same without strace: who tries dies of it, and that would be a DecoderCrashed."""
    with DecoderPool(SETTINGS) as decoder:
        if not all(part.active for part in decoder.sandbox().parts if part.name == "seccomp"):
            pytest.skip("this machine has no seccomp")
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parent / "inside"))
    check(all_outcomes(inputs), server)
