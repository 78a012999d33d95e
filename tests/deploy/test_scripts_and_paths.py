"""What else lies in deploy/ can be read by what reads it, and what the page names is there."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path

import pytest

from tests.deploy.files import DEPLOY, ROOT


@pytest.mark.parametrize("path", sorted(DEPLOY.rglob("*.sh")), ids=lambda path: path.stem)
def test_a_script_is_one_that_its_shell_can_read(path: Path) -> None:
    shell = path.read_text().splitlines()[0].split("/")[-1].split()[-1]
    subprocess.run([shell, "-n", str(path)], check=True)
    assert path.stat().st_mode & 0o111


@pytest.mark.parametrize("path", sorted(DEPLOY.rglob("*.json")), ids=lambda path: path.stem)
def test_a_json_file_is_json(path: Path) -> None:
    assert json.loads(path.read_text())


def test_every_file_that_the_page_names_is_there() -> None:
    page = (ROOT / "docs" / "deploy.md").read_text()
    named = set(re.findall(r"\bdeploy/[\w./-]*\w", page)) - {"deploy/.env"}
    assert named
    assert [name for name in sorted(named) if not (ROOT / name).exists()] == []
    folders = {entry.name for entry in DEPLOY.iterdir() if entry.is_dir() and entry.name != "__pycache__"}
    assert folders <= {name.split("/")[1] for name in named}
