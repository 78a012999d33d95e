"""What is done to runs. Each function starts a run, disturbs it, and says how it ended."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from contextlib import nullcontext, suppress
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any, BinaryIO

import duckdb

import flows.runs.run
from benchmarks._faults_disk import filled
from benchmarks._faults_process import Child, Place, run_command, start_in_child
from benchmarks._faults_stores import Stores
from motionsight_core.guarded import process as guarded_process
from motionsight_core.warehouse import _duckdb, _duckdb_file, staged_files

#: What every run is told.
_SETTINGS = ("runtime.shard_size=3", "runtime.decode_processes=2")
_PARTITIONS = "3"


@dataclass(frozen=True, slots=True)
class Source:
    """What is annotated."""

    address: str
    settings: tuple[str, ...] = ()
    """With which it is found."""
    environment: tuple[tuple[str, str], ...] = ()


@dataclass(slots=True)
class Trial:
    """One run that is disturbed, and started again."""

    dice: Random
    place: Place
    source: Source
    videos: Path
    """The folder of the videos that the source holds too."""
    calm_s: float
    """What an undisturbed run takes on this machine at this time, seconds."""
    stores: Stores | None
    small: bool
    """Whether the place is a small disk."""
    command: str = "annotate"
    changed: set[str] = field(default_factory=set)
    """Names of objects that were overwritten."""

    def start(self, *settings: str, prepare: Callable[[], object] = lambda: None) -> Child:
        """Begin a run in the trial's place."""
        chosen = [*_SETTINGS, *self.source.settings, *settings]
        arguments = [self.command, self.source.address, "--warehouse", f"duckdb:{self.place.warehouse}"]
        if self.command == "backfill":
            arguments += ["--shards", _PARTITIONS, "--concurrency", str(self.dice.randint(1, 2))]
        for setting in chosen:
            arguments += ["--set", setting]
        return run_command(arguments, self.place, environment=dict(self.source.environment), prepare=prepare)

    def moment_s(self, share: float = 1.0) -> float:
        """A random part of an undisturbed run, or of this share of it, seconds."""
        return self.dice.uniform(0, share * self.calm_s)

    def ended_by(self, child: Child, number: signal.Signals) -> str:
        """Send a signal at a random moment; how the run ended."""
        ending = child.ended(self.moment_s())
        if ending is not None:
            return ending
        child.send(number)
        return child.wait()


def kill_parent(trial: Trial) -> str:
    """SIGKILL at a random moment."""
    return trial.ended_by(trial.start(), signal.SIGKILL)


def backfill_killed(trial: Trial) -> str:
    """SIGKILL of a backfill at a random moment, and in part of the trials of the backfill that goes on."""
    for _ in range(trial.dice.randint(0, 1)):
        trial.ended_by(trial.start(), signal.SIGKILL)
    return trial.ended_by(trial.start(), signal.SIGKILL)


def sigterm(trial: Trial) -> str:
    """SIGTERM at a random moment; in a third of the trials again soon after."""
    child = trial.start()
    ending = child.ended(trial.moment_s())
    if ending is not None:
        return ending
    child.send(signal.SIGTERM)
    if trial.dice.random() < 1 / 3:
        ending = child.ended(trial.moment_s(0.2))
        if ending is not None:
            return ending
        child.send(signal.SIGTERM)
    return child.wait()


def kill_decoder(trial: Trial) -> str:
    """SIGKILL of decoding processes, several times."""
    return _signal_decoders(trial, trial.start(), signal.SIGKILL, times=trial.dice.randint(2, 8))


def time_out(trial: Trial) -> str:
    """SIGSTOP of decoding processes under a short limit."""

    def prepare() -> None:
        _change(guarded_process, "_START_S", 5.0)

    child = trial.start("limits.wall_s=3", prepare=prepare)
    return _signal_decoders(trial, child, signal.SIGSTOP, times=trial.dice.randint(1, 4))


def _signal_decoders(trial: Trial, child: Child, number: signal.Signals, *, times: int) -> str:
    while times:
        ending = child.ended(trial.moment_s(0.25))
        if ending is not None:
            return ending
        decoders = child.decoders()
        if decoders:
            with suppress(ProcessLookupError):
                os.kill(trial.dice.choice(decoders), number)
            times -= 1
    return child.wait()


def kill_committer(trial: Trial) -> str:
    """SIGKILL before a shard's commit, the rows being staged, or up to 80 ms after it began."""
    reading, writing = os.pipe()
    at_commit = trial.dice.randint(1, 3)
    after_s = trial.dice.choice([None, trial.dice.uniform(0, 0.08), trial.dice.uniform(0, 0.03)])
    commit = _duckdb.DuckDBWarehouse.commit
    commits: list[None] = []

    def told(self: Any, manifest: Any) -> None:
        commits.append(None)
        if len(commits) == at_commit:
            os.write(writing, b".")
            while after_s is None:
                time.sleep(60)
        commit(self, manifest)

    child = trial.start(prepare=lambda: _change(_duckdb.DuckDBWarehouse, "commit", told))
    os.close(writing)
    with os.fdopen(reading, "rb") as pipe:
        if pipe.read(1):
            time.sleep(after_s or 0)
            child.send(signal.SIGKILL)
    return child.wait()


def store_errors(trial: Trial) -> str:
    """A share of the store's answers are errors, break off, or never come; a fifth of the runs dies so."""
    assert trial.stores is not None
    trial.stores.fail(trial.dice.getrandbits(32), trial.dice.uniform(0.05, 0.5))
    try:
        child = trial.start(f"stores.retries={trial.dice.randint(0, 2)}", "stores.stall_s=1")
        if trial.dice.random() < 0.2:
            return trial.ended_by(child, signal.SIGKILL)
        return child.wait()
    finally:
        trial.stores.work()


def store_overwrite(trial: Trial) -> str:
    """Objects are overwritten after they were listed, before or while they are read."""
    assert trial.stores is not None
    child = trial.start()
    while b"to annotate" not in trial.place.log.read_bytes():
        if (ending := child.ended(0.01)) is not None:
            return ending
    videos = sorted(trial.videos.glob("*.mp4"))
    for video in trial.dice.sample(videos, trial.dice.randint(1, 4)):
        if trial.dice.random() < 0.5 and (ending := child.ended(trial.moment_s(0.2))) is not None:
            return ending
        trial.stores.put(video.name, other_content(videos, video))
        trial.changed.add(video.name)
    return child.wait()


def other_content(videos: list[Path], video: Path) -> Path:
    """Another video, whose bytes it gets when it is overwritten."""
    return videos[(videos.index(video) + 1) % len(videos)]


def disk_full(trial: Trial) -> str:
    """No room from a random moment on, in half of the trials only for a while."""
    seed = trial.dice.getrandbits(32)
    share = 0.0 if trial.small else trial.dice.uniform(0.1, 0.7)
    create = staged_files._created
    dice = Random(seed)  # noqa: S311 faults, no secrets

    def full(path: Path) -> BinaryIO:
        if dice.random() < share:
            raise OSError(28, "No space left on device")
        return create(path)

    def prepare() -> None:
        _change(flows.runs.run, "_RETRY_PAUSE_S", 0.1)
        if not trial.small:
            _change(staged_files, "_created", full)

    begin_s, last_s = trial.moment_s(0.8), trial.moment_s()
    for_a_while = trial.dice.random() < 0.5
    spare = trial.dice.choice([0, trial.dice.randint(0, 400_000)])
    child = trial.start(prepare=prepare)
    ending = child.ended(begin_s)
    if ending is not None:
        return ending
    with filled(trial.place.folder, spare=spare) if trial.small else nullcontext():
        ending = child.ended(last_s if for_a_while else 300.0)
    return ending or child.wait()


def warehouse_locked(trial: Trial) -> str:
    """Another process has the warehouse open for some seconds; half of the runs give up before that."""
    wait_s = trial.dice.choice([0.3, 60.0])
    begin_s, hold_s = trial.moment_s(), trial.dice.uniform(0.5, 4.0)

    def prepare() -> None:
        _change(_duckdb_file, "_LOCK_WAIT_S", wait_s)
        _change(flows.runs.run, "_RETRY_PAUSE_S", 0.2)

    def hold() -> None:
        time.sleep(begin_s)
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            if trial.place.warehouse.exists():
                with suppress(duckdb.Error), duckdb.connect(str(trial.place.warehouse)):
                    time.sleep(hold_s)
                    return
            time.sleep(0.002)

    holder = start_in_child(hold)
    ending = trial.start(prepare=prepare).wait()
    holder.wait()
    return ending


def _change(owner: Any, name: str, value: Any) -> None:
    """Another value for a name that must be there."""
    getattr(owner, name)
    setattr(owner, name, value)


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of trials."""

    disturb: Callable[[Trial], str]
    schemes: tuple[str, ...] = ("file",)
    """Where the videos lie, by turns."""
    command: str = "annotate"
    small_disk: bool = False

    @property
    def name(self) -> str:
        return self.disturb.__name__


KINDS = (
    Kind(kill_parent, schemes=("file", "file", "s3")),
    Kind(kill_decoder),
    Kind(kill_committer),
    Kind(sigterm),
    Kind(store_errors, schemes=("s3", "gs")),
    Kind(store_overwrite, schemes=("s3",)),
    Kind(disk_full, schemes=("file", "file", "s3"), small_disk=True),
    Kind(time_out),
    Kind(warehouse_locked),
    Kind(backfill_killed, command="backfill"),
)
