"""Training without Prefect, in processes of its own, which free their GPUs when they end.

Each is `motionsight train`, one alone or several under torchrun. They end with the process that started them,
and the next run goes on from the last checkpoint.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import IO, cast

from motionsight_core import environment
from motionsight_core.errors import RunError, UsageError
from motionsight_core.settings import Settings
from motionsight_core.settings._names import setting_names
from motionsight_core.training import Stage

#: Sections of the settings that training reads.
SECTIONS = ("training", "sampling", "clips", "limits", "stores", "mllm", "runtime")
#: How often what a run has written is looked at, seconds.
_TICK_S = 1.0
#: How long what a process has printed is waited for when it has ended, seconds.
_READ_S = 10.0
_LINES_KEPT = 200
#: How our command line begins the sentence that it fails with.
OURS = "motionsight: "
#: What torchrun reports of a process that failed; it exits with 1 itself.
_EXIT_CODE = re.compile(r"exitcode\s*: (-?\d+)")
#: `flows.cli.exit_codes`
_USAGE = 2


@dataclass(frozen=True, slots=True)
class TrainingRun:
    """What is trained; plain values, so that it travels to any task."""

    stage: Stage
    folder: Path
    """Of the data set."""
    model: str
    out: Path
    settings: Settings
    processes: int
    """On this machine."""

    @property
    def command(self) -> list[str]:
        """What trains, without the settings."""
        python = [sys.executable]
        if self.processes > 1:
            python += ["-m", "torch.distributed.run", "--standalone", "--nproc-per-node", str(self.processes)]
        train = ["-m", "flows", "train", self.stage, str(self.folder), "--model", self.model]
        return [*python, *train, "--out", str(self.out)]


def gpu_count(settings: Settings) -> int:
    """How many GPUs training would use on this machine.

    Asked in another process: this one must not hold any of their memory.
    """
    if settings.runtime.device == "cpu" or find_spec("torch") is None:
        return 0
    asked = [sys.executable, "-P", "-c", "import torch; print(torch.cuda.device_count())"]
    counted = subprocess.run(asked, capture_output=True, text=True, check=False)
    return 0 if counted.returncode else int(counted.stdout)  # a torch that fails says why when it trains


def train_apart(
    run: TrainingRun,
    *,
    on_line: Callable[[str], None] = lambda line: None,
    on_tick: Callable[[], None] = lambda: None,
) -> None:
    """Train in processes of their own, which are killed where this is left before its end.

    Args:
        run: what is trained.
        on_line: called with each line that training prints when it has ended.
        on_tick: called every second or so.

    Raises:
        UsageError: the data set, the folder or the settings are not fit for it.
        RunError: training failed; the sentence is its own.
    """
    printed: deque[str] = deque(maxlen=_LINES_KEPT)
    complained: deque[str] = deque(maxlen=_LINES_KEPT)
    with _started(run, printed, complained) as process:
        code = None
        while code is None:
            try:
                code = process.wait(_TICK_S)
            except subprocess.TimeoutExpired:
                on_tick()
    on_tick()
    if code:
        raise failure(code, list(complained))
    for line in printed:
        on_line(line)


@contextmanager
def _started(
    run: TrainingRun, printed: deque[str], complained: deque[str]
) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        [sys.executable, "-m", "flows.runs.supervised", *run.command],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        errors="replace",
        env=_environment(run.settings),
        start_new_session=True,  # Ctrl-C goes to the run, which ends its children in its own order
    )
    lifeline = cast("IO[str]", process.stdin)
    readers = [
        threading.Thread(target=_keep, args=(stream, kept), daemon=True)
        for stream, kept in ((process.stdout, printed), (process.stderr, complained))
    ]
    for reader in readers:
        reader.start()
    try:
        yield process
    finally:
        lifeline.close()
        process.wait()
        for reader in readers:
            reader.join(_READ_S)


def _keep(stream: IO[str], kept: deque[str]) -> None:
    with stream:
        kept.extend(line.rstrip() for line in stream)


def _environment(settings: Settings) -> dict[str, str]:
    """This process's, with these settings in place of those that it names itself."""
    inherited = {
        name: value
        for name, value in os.environ.items()
        if name != environment.SETTINGS and not environment.may_be_setting(name)
    }
    # Where a run begins there may be a package `flows` of somebody else's.
    return inherited | variables_of(settings) | {"PYTHONSAFEPATH": "1"}


def variables_of(settings: Settings) -> dict[str, str]:
    """Environment variables that give a child these settings, as far as training reads them.

    In the environment they are out of sight of other users, as they would not be among the arguments.
    """
    own, default = settings.model_dump(mode="json"), Settings().model_dump(mode="json")
    variables = {}
    for name in setting_names(Settings):
        section, _, key = name.partition(".")
        if section in SECTIONS and own[section][key] != default[section][key]:
            variables[environment.variable_of(name)] = _text(own[section][key])
    return variables


def _text(value: object) -> str:
    if value is None:
        return "none"
    return value if isinstance(value, str) else json.dumps(value)


def failure(code: int, complained: list[str]) -> RunError | UsageError:
    """The error of training that ended with a code: its own sentence, where it had the time to say one."""
    ours = [line.removeprefix(OURS) for line in complained if line.startswith(OURS)]
    codes = [code, *(int(found) for line in complained for found in _EXIT_CODE.findall(line))]
    if ours:
        return (UsageError if _USAGE in codes else RunError)(ours[-1])
    killed = sorted({-one if one < 0 else one - 128 for one in codes if one < 0 or one > 128})
    if killed:
        return RunError(
            f"Training was ended by signal {killed[0]} (9 often means that memory ran out); run it again to "
            "go on from the last checkpoint."
        )
    last = next((line for line in reversed(complained) if line.strip()), "it said nothing")
    return RunError(f"Training ended with code {code}: {last.strip()[:300]}")
