"""Choices of people, in append-only files that a crash cannot damage.

`DIR/choices/` holds one file for each server that ever ran, a JSON object to a line: a choice, or an undo
that takes back an annotator's choice of a pair. Nothing is changed or removed. A line is on the disk before
the annotator sees the next pair; a line that a crash cut off was never acknowledged, and is passed over.
"""

from __future__ import annotations

import fcntl
import json
import os
import unicodedata
import uuid
from collections.abc import Container, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Lock
from types import TracebackType
from typing import Any, Literal, TypeAlias, get_args

from motionsight_core.errors import RunError, UsageError
from motionsight_core.preference.pairs import Aspect, Side
from motionsight_core.record import PreferenceRecord
from motionsight_core.warehouse.staged_files import append_whole

Verdict: TypeAlias = Literal["a", "b", "equal", "cannot_tell"]

_FOLDER = "choices"
_LONGEST_NAME = 60


class AlreadyChosen(UsageError):
    """An annotator has chosen of this pair before, and has not taken it back."""


#: A choice is a row of the table `preferences`.
Choice = PreferenceRecord


def annotator_name(given: str) -> str:
    """A name as it is recorded: composed characters, single spaces.

    Raises:
        UsageError: it is empty, longer than 60 characters, or holds control or invisible characters.
    """
    name = " ".join(unicodedata.normalize("NFC", given).split())
    if not 0 < len(name) <= _LONGEST_NAME or not name.isprintable():
        raise UsageError(f"An annotator's name has 1 to {_LONGEST_NAME} visible characters.")
    return name


class ChoiceLog:
    """The choices of a data set: reads those of all servers, and writes those of this one.

    Several servers may run on one data set: a choice is checked and written under a lock of the folder.
    """

    def __init__(self, directory: str | Path) -> None:
        """Opens a new file for the choices of this process.

        Raises:
            RunError: the folder cannot be written.
            UsageError: a file in it does not hold choices.
        """
        self._folder = Path(directory) / _FOLDER
        self._reader = _Reader(self._folder)
        self._lock = Lock()
        try:
            self._folder.mkdir(exist_ok=True)
            self._guard = os.open(self._folder, os.O_RDONLY | os.O_DIRECTORY)
            name = f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}-{uuid.uuid4().hex[:8]}.jsonl"
            flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_EXCL
            self._file = os.open(self._folder / name, flags, 0o644)
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            os.fsync(self._guard)  # the file's name
        except OSError as error:
            raise RunError(
                f"Choices cannot be written to {self._folder}: {error.strerror}; make it writable."
            ) from None
        self._path = self._folder / name
        self._reader.refresh()

    @staticmethod
    def read(directory: str | Path) -> list[Choice]:
        """All choices that stand, without opening a file to write; none where nobody chose yet.

        Raises:
            UsageError: a file does not hold choices.
        """
        reader = _Reader(Path(directory) / _FOLDER)
        reader.refresh()
        return list(reader.standing.values())

    def of(self, annotator: str) -> dict[str, Choice]:
        """An annotator's choices by pair_id, the oldest first."""
        with self._lock:
            self._reader.refresh()
            return {pair: one for (name, pair), one in self._reader.standing.items() if name == annotator}

    def add(
        self,
        pair_id: str,
        annotator: str,
        aspect: Aspect,
        *,
        left_side: Side,
        choice: Verdict,
        seconds: float,
    ) -> Choice:
        """Write a choice; it is on the disk when this returns.

        Raises:
            AlreadyChosen: the annotator has chosen of this pair.
            RunError: it cannot be written.
        """
        with self._exclusive():
            if (annotator, pair_id) in self._reader.standing:
                raise AlreadyChosen(f"{annotator} has chosen of the pair {pair_id} already.")
            made = Choice(
                pair_id, annotator, aspect, left_side, choice, round(seconds, 3), self._reader.next_time()
            )
            self._append("choice", made.to_row() | {"chosen_at": made.chosen_at.isoformat()})
            return made

    def undo(self, annotator: str, pair_ids: Container[str]) -> Choice | None:
        """Take back an annotator's newest choice of these pairs, and return it; None where there is none.

        Raises:
            RunError: it cannot be written.
        """
        with self._exclusive():
            own = [
                one
                for one in self._reader.standing.values()
                if one.annotator == annotator and one.pair_id in pair_ids
            ]
            if not own:
                return None
            newest = max(own, key=lambda one: one.chosen_at)
            at = self._reader.next_time().isoformat()
            self._append("undo", {"pair_id": newest.pair_id, "annotator": annotator, "chosen_at": at})
            return newest

    def close(self) -> None:
        """Close the file, and remove it where nothing was chosen."""
        if not os.fstat(self._file).st_size:
            self._path.unlink(missing_ok=True)
        os.close(self._file)
        os.close(self._guard)

    def __enter__(self) -> ChoiceLog:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @contextmanager
    def _exclusive(self) -> Iterator[None]:
        """No thread and no other server writes meanwhile, and all that they wrote is known."""
        with self._lock:
            fcntl.flock(self._guard, fcntl.LOCK_EX)
            try:
                self._reader.refresh()
                yield
                self._reader.refresh()
            finally:
                fcntl.flock(self._guard, fcntl.LOCK_UN)

    def _append(self, event: str, values: dict[str, Any]) -> None:
        line = json.dumps({"event": event} | values, ensure_ascii=False).encode() + b"\n"
        before = os.fstat(self._file).st_size
        try:
            append_whole(self._file, line)
            os.fsync(self._file)
        except OSError as error:
            os.ftruncate(self._file, before)  # what is said not to be kept must not stand
            raise RunError(
                f"The choice cannot be written to {self._path}: {error.strerror}; make room there, then "
                "choose again."
            ) from None


class _Reader:
    """Follows the files of a folder, and keeps the choices that stand."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._read: dict[str, int] = {}
        """Bytes of each file that were read: whole lines."""
        self._newest = datetime.min.replace(tzinfo=UTC)
        self.standing: dict[tuple[str, str], Choice] = {}
        """By annotator and pair_id, in the order in which they were made."""

    def refresh(self) -> None:
        """Read what was added since.

        Raises:
            UsageError: a file does not hold choices.
        """
        added = [event for path in sorted(self._folder.glob("*.jsonl")) for event in self._added(path)]
        for event in sorted(added, key=lambda event: event.at):
            self.standing.pop((event.annotator, event.pair_id), None)
            if event.choice is not None:
                self.standing[event.annotator, event.pair_id] = event.choice
            self._newest = max(self._newest, event.at)

    def next_time(self) -> datetime:
        """Now, or later than all that was written before: a clock that is set back reorders nothing."""
        return max(datetime.now(UTC), self._newest + timedelta(microseconds=1))

    def _added(self, path: Path) -> list[_Event]:
        start = self._read.get(path.name, 0)
        with path.open("rb") as file:
            file.seek(start)
            whole = file.read()
        whole = whole[: whole.rfind(b"\n") + 1]
        events = [_event(path, line) for line in whole.splitlines()]
        self._read[path.name] = start + len(whole)
        return events


@dataclass(frozen=True, slots=True)
class _Event:
    """A line: a choice, or an undo."""

    at: datetime
    annotator: str
    pair_id: str
    choice: Choice | None
    """None takes back the choice that stands."""


def _event(path: Path, line: bytes) -> _Event:
    try:
        values = json.loads(line)
        event, at = values.pop("event"), datetime.fromisoformat(values.pop("chosen_at"))
        choice = Choice(**values, chosen_at=at) if event == "choice" else None
        if event not in ("choice", "undo") or (choice and choice.choice not in get_args(Verdict)):
            raise ValueError(event)
        return _Event(at, values["annotator"], values["pair_id"], choice)
    except (ValueError, KeyError, TypeError, AttributeError):
        raise UsageError(
            f"{path} holds a line that is no choice: {line[:80].decode(errors='replace')!r}; "
            "move the file elsewhere, or restore it."
        ) from None
