"""A benchmark whose questions are spread over the JSON files of a folder, one a category."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

from motionsight_core.errors import UsageError
from motionsight_core.evaluation._base import Benchmark


class FolderBenchmark(Benchmark):
    """It is read from its folder of JSON files, or from one of them."""

    subfolder: ClassVar[str]
    """Where the files are below the folder that people download."""

    def files(self, path: Path) -> list[Path]:
        if not path.is_dir():
            return super().files(path)
        inner = path / self.subfolder
        found = sorted((inner if inner.is_dir() else path).glob("*.json"))
        if not found:
            raise UsageError(f"The folder {path} has no JSON files; {self.title} has {self.described()}.")
        return found
