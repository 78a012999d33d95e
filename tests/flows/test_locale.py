"""Names are UTF-8, in whatever locale a command is run."""

from __future__ import annotations

import csv
import io
import json
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.flows.conftest import command
from tests.warm import environment

#: Without Python's own ways out of such a locale.
_PLAIN_C = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
LOCALES = {
    "UTF-8": {"LC_ALL": "C.UTF-8"},
    "C": {"LC_ALL": "C"},
    "plain C": _PLAIN_C,
    "plain C, ASCII output": _PLAIN_C | {"PYTHONIOENCODING": "ascii"},
    "UTF-8, Latin-1 output": {"LC_ALL": "C.UTF-8", "PYTHONIOENCODING": "latin-1:strict"},
}
FOLDER = "Vidéos ✓"
NAME = "ünï 😀 новый.mp4"


#: In which Python is as it is in all other tests, or as in the locale that follows but less strict.
_LONG = ("UTF-8", "C", "plain C")


@pytest.fixture(
    params=[pytest.param(name, marks=[pytest.mark.long] if name in _LONG else []) for name in LOCALES]
)
def run(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[..., str]:
    """Runs a command in a locale; returns what it printed, which is UTF-8."""
    kept = {name: value for name, value in environment().items() if not name.startswith(("LC_", "LANG"))}

    def run(*arguments: str, input: str = "", code: int = 0) -> str:
        done = subprocess.run(
            command(*arguments),
            cwd=tmp_path,
            env=kept | LOCALES[request.param],
            input=input.encode(),
            capture_output=True,
            timeout=300,
            check=False,
        )
        assert done.returncode == code, done.stderr
        return (done.stdout + done.stderr).decode("utf-8")

    return run


@pytest.mark.long
def test_no_name_is_lost_between_a_folder_and_an_answer(
    run: Callable[..., str], scenes: Path, tmp_path: Path
) -> None:
    folder = tmp_path / FOLDER
    folder.mkdir()
    shutil.copy(next(scenes.glob("*.mp4")), folder / NAME)
    (tmp_path / "réglages.toml").write_text("[runtime]\ndecode_processes = 1\n")
    url = ("--warehouse", "duckdb:wärme/motion.duckdb")
    (tmp_path / "wärme").mkdir()
    assert "Annotated 1 clips" in run("annotate", FOLDER, *url, "--settings", "réglages.toml")
    query = "SELECT uri, 'ß' AS sharp FROM motion"
    row = {"uri": str(folder / NAME), "sharp": "ß"}
    assert json.loads(run("sql", "-", *url, "--format", "json", input=query)) == [row]
    assert list(csv.DictReader(io.StringIO(run("sql", query, *url, "--format", "csv")))) == [row]
    assert NAME in run("sql", query, *url)
    assert "Wrote bäricht.html" in run("report", *url, "--out", "bäricht.html", "--frames", "none")
    assert (tmp_path / "bäricht.html").is_file()


def test_a_name_is_said_as_it_was_given(run: Callable[..., str]) -> None:
    assert "match at 'nö ✓'" in run("annotate", "nö ✓", code=2)
