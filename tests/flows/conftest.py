from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from motionsight_core.synthetic import render_catalog
from tests.warm import Begun, WarmCommand, environment

if TYPE_CHECKING:
    from tests.plugin.serving import Server


@dataclass(frozen=True, slots=True)
class Done:
    """A finished command."""

    code: int
    out: str
    err: str


#: Enough for a few tiny clips. Each costs a run its start, and each shard the threads that feed it.
ONE_DECODER = {"MOTIONSIGHT_RUNTIME__DECODE_PROCESSES": "1"}


def command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "flows", *arguments]


@pytest.fixture
def motionsight(tmp_path: Path, warm_command: WarmCommand) -> Callable[..., Done]:
    """Runs the command line in a folder of its own, as a user does."""

    def run(*arguments: str, input: str | None = None, cwd: Path | None = None) -> Done:
        variables = environment() | ONE_DECODER
        done = warm_command.run(arguments, cwd=cwd or tmp_path, environment=variables, input=input)
        return Done(*done)

    return run


@pytest.fixture
def begin(tmp_path: Path, warm_command: WarmCommand) -> Iterator[Callable[..., Begun]]:
    """As `motionsight`, not waited for: to be looked at, told to end or killed while it runs."""
    with ExitStack() as running:

        def begin(*arguments: str, cwd: Path | None = None) -> Begun:
            variables = environment() | ONE_DECODER
            return running.enter_context(
                warm_command.begin(arguments, cwd=cwd or tmp_path, environment=variables)
            )

        yield begin


@pytest.fixture
def motionsight_process(tmp_path: Path) -> Callable[..., Done]:
    """As `motionsight`, in a new process: where starting it, or what it imports, is what is tested."""

    def run(*arguments: str, cwd: Path | None = None, variables: Mapping[str, str] | None = None) -> Done:
        done = subprocess.run(
            command(*arguments),
            cwd=cwd or tmp_path,
            env=environment() | dict(variables or {}),
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        return Done(done.returncode, done.stdout, done.stderr)

    return run


@pytest.fixture
def ask(motionsight: Callable[..., Done]) -> Callable[..., list[dict[str, Any]]]:
    """Rows of a query of the default warehouse."""

    def query(sql: str, *options: str) -> list[dict[str, Any]]:
        done = motionsight("sql", sql, "--format", "json", *options)
        assert done.code == 0, done.err
        return json.loads(done.out)

    return query


@pytest.fixture(scope="module")
def prefect_api(prefect_server: Server) -> Iterator[None]:
    """The Prefect server is the one that flows of this process use."""
    from prefect.context import _temporary_global_settings_context, get_settings_context
    from prefect.settings import PREFECT_API_URL, PREFECT_FLOWS_HEARTBEAT_FREQUENCY, temporary_settings

    # Without heartbeats, since a flow run that sends them waits up to a second for their thread when it ends.
    with (
        pytest.MonkeyPatch.context() as patch,
        temporary_settings({PREFECT_API_URL: prefect_server.url, PREFECT_FLOWS_HEARTBEAT_FREQUENCY: None}),
    ):
        patch.setenv("PREFECT_API_URL", prefect_server.url)
        # As Prefect's own harness of tests does: threads of Prefect's that send events do not see the
        # settings of this context, and would start a server of their own.
        with _temporary_global_settings_context(get_settings_context()):
            yield


#: Enough for a run to be killed in the middle of it.
MANY = 24


@pytest.fixture(scope="session")
def many_and_a_broken_one(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Tiny clips, and a file that is no video; copy before changing."""
    folder = tmp_path_factory.mktemp("clips_to_be_killed_at")
    render_catalog(folder, count=MANY, seed=3, width=128, height=72, duration_s=0.6)
    (folder / "broken.mp4").write_text("no video")
    return folder


def columns(rows: Sequence[dict[str, Any]], name: str) -> list[Any]:
    return [row[name] for row in rows]
