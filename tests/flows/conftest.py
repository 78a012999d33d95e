from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from motionsight_core.scenes import render_catalog


@dataclass(frozen=True, slots=True)
class Done:
    """A finished command."""

    code: int
    out: str
    err: str


def environment() -> dict[str, str]:
    """The caller's, less what would change how a command runs."""
    return {
        name: value for name, value in os.environ.items() if not name.startswith(("MOTIONSIGHT_", "PREFECT_"))
    } | {"COLUMNS": "160"}


def command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "flows", *arguments]


@pytest.fixture
def motionsight(tmp_path: Path) -> Callable[..., Done]:
    """Runs the command line in a folder of its own, as a user does."""

    def run(*arguments: str, input: str | None = None, cwd: Path | None = None) -> Done:
        done = subprocess.run(
            command(*arguments),
            cwd=cwd or tmp_path,
            env=environment(),
            input=input,
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


@pytest.fixture(scope="session")
def scenes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four small rendered clips; copy before changing."""
    folder = tmp_path_factory.mktemp("scenes")
    render_catalog(folder, count=4, seed=1, width=240, height=136, duration_s=2.0)
    return folder


def columns(rows: Sequence[dict[str, Any]], name: str) -> list[Any]:
    return [row[name] for row in rows]
