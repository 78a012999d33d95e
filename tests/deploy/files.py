"""The files of deploy/, read."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parent.parent.parent
DEPLOY = ROOT / "deploy"
POOLS = DEPLOY / "work_pools"
LOCKED: dict[str, str] = {
    package["name"]: package.get("version", "")
    for package in tomllib.loads((ROOT / "uv.lock").read_text())["package"]
}


def read_yaml(path: Path) -> Any:
    """A file of one YAML document."""
    return yaml.safe_load(path.read_text())


def manifests(path: Path) -> list[dict[str, Any]]:
    """The Kubernetes objects of a file."""
    return [document for document in yaml.safe_load_all(path.read_text()) if document]


def pool(name: str) -> dict[str, Any]:
    """A work pool's base job template."""
    return json.loads((POOLS / f"{name}.json").read_text())
