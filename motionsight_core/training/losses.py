"""The losses of a run, as a file beside its model that others may follow while it is written."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, TypeAlias

from motionsight_core.dataset.media.places import disk_errors
from motionsight_core.training.out_folder import write_whole

FILE = "losses.jsonl"

#: One line: `step`, `steps` (how many there are), and `loss`, the mean since the line before.
Line: TypeAlias = dict[str, Any]


class LossFile:
    """JSON, a line for each logged loss; written by one process, read by any."""

    def __init__(self, out: Path) -> None:
        """`out`: the folder of the training run."""
        self.path = out / FILE

    def resume(self, step: int) -> None:
        """Drop what came after the checkpoint of `step`, since it is trained again; 0 begins a new file.

        Raises:
            RunError: the file cannot be written.
        """
        kept = [line for line in self.read() if line["step"] <= step]
        with disk_errors(str(self.path)):
            write_whole(self.path, "".join(_text(line) for line in kept))

    def add(self, step: int, steps: int, **figures: float) -> None:
        """Append a line, such as that of `loss`.

        Raises:
            RunError: the file cannot be written.
        """
        with disk_errors(str(self.path)), self.path.open("a") as file:
            file.write(_text({"step": step, "steps": steps, **figures}))

    def read(self) -> list[Line]:
        """The lines, as far as they are whole: a kill may have cut the last one, or it is being written."""
        try:
            written = self.path.read_text()
        except FileNotFoundError:
            return []
        return [json.loads(line) for line in written.splitlines(keepends=True) if line.endswith("\n")]


def told(line: Line) -> str:
    """A line in words, such as `Step 10 of 300: loss 1.234`."""
    figures = (f"{name.replace('_', ' ')} {line[name]:.4g}" for name in line if name not in ("step", "steps"))
    return f"Step {line['step']:,} of {line['steps']:,}: {', '.join(figures)}"


def _text(line: Line) -> str:
    return json.dumps(line) + "\n"
