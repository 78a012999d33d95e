"""The folder that a training run writes: what it is a run of, its checkpoints, and the model at the end."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from motionsight_core.dataset.media.places import disk_errors
from motionsight_core.errors import UsageError

#: Says what a folder is a run of.
MARKER = "training.json"
_CHECKPOINTS = "checkpoints"
#: Trainer writes it last: a checkpoint without it is not complete.
STATE_FILE = "trainer_state.json"


class OutFolder:
    """A run's folder. The same run finds its checkpoints in it again; another one is refused."""

    def __init__(
        self,
        path: Path,
        run: Mapping[str, Any],
        *,
        added_later: Mapping[str, Mapping[str, Any]] | None = None,
    ) -> None:
        """A folder, which may not be there yet.

        Args:
            path: of the folder.
            run: what the weights depend on, as JSON.
            added_later: by section, values that hold for a run that does not say them.
        """
        self.path = path
        self._run = json.loads(json.dumps(run))
        self._added_later = added_later or {}

    def claim(self) -> None:
        """Make the folder this run's, where it is not.

        Raises:
            UsageError: it holds other files, or another run.
            RunError: it cannot be written.
        """
        with disk_errors(str(self.path)):
            self.path.mkdir(parents=True, exist_ok=True)
        known = self._read()
        if known is None:
            if any(self.path.iterdir()):
                raise UsageError(
                    f"{self.path} holds files that are no training run; name a new or empty folder."
                )
            self._write({"finished": False})
            return
        of_folder = known["run"]
        for section, values in self._added_later.items():
            of_folder[section] = {**values, **of_folder.get(section, {})}
        if of_folder != self._run:
            raise UsageError(
                f"{self.path} holds a run with other {_differing(of_folder, self._run)}; name another "
                "folder, or run that one again to go on with it."
            )

    @property
    def checkpoints(self) -> Path:
        return self.path / _CHECKPOINTS

    @property
    def is_finished(self) -> bool:
        known = self._read()
        return known is not None and known["finished"]

    def last_checkpoint(self) -> Path | None:
        """The latest checkpoint that is whole; one that a kill cut short does not count."""
        whole = {
            _step_of(folder): folder
            for folder in self.checkpoints.glob("checkpoint-*")
            if _is_json(folder / STATE_FILE)
        }
        return whole[max(whole)] if whole else None

    def last_step(self) -> int:
        """The step of the last whole checkpoint; 0 where there is none."""
        checkpoint = self.last_checkpoint()
        return _step_of(checkpoint) if checkpoint else 0

    def finish(self) -> None:
        """Say that the model is there."""
        self._write({"finished": True})

    def _read(self) -> dict[str, Any] | None:
        try:
            return json.loads((self.path / MARKER).read_text())
        except FileNotFoundError:
            return None

    def _write(self, state: Mapping[str, Any]) -> None:
        content = json.dumps({"run": self._run, **state}, indent=2, ensure_ascii=False) + "\n"
        with disk_errors(str(self.path)):
            write_whole(self.path / MARKER, content)


def write_whole(file: Path, content: str) -> None:
    """Write a text file that is seen once it is whole.

    Raises:
        OSError: it cannot be written.
    """
    unfinished = file.with_name(f".{file.name}.part")
    unfinished.write_text(content)
    unfinished.replace(file)


def _step_of(checkpoint: Path) -> int:
    return int(checkpoint.name.rpartition("-")[2])


def _is_json(file: Path) -> bool:
    try:
        json.loads(file.read_text())
    except (OSError, ValueError):
        return False
    return True


def _differing(known: Mapping[str, Any], own: Mapping[str, Any]) -> str:
    """What differs between two runs, by its dotted names."""
    names = []
    for name in sorted({*known, *own}):
        before, now = known.get(name), own.get(name)
        if isinstance(before, dict) and isinstance(now, dict) and before != now:
            names += [
                f"{name}.{inner}" for inner in sorted({*before, *now}) if before.get(inner) != now.get(inner)
            ]
        elif before != now:
            names.append(name)
    return ", ".join(names)
