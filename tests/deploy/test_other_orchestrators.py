"""The Airflow and Dagster examples call our functions as these can be called.

Neither is installed beside the project, so the files are read, not run; docs/deploy.md says with which
versions they were run.
"""

from __future__ import annotations

import ast
import importlib
import inspect
from pathlib import Path
from typing import Any

import pytest

from tests.deploy.files import DEPLOY

FILES = [DEPLOY / "airflow" / "motionsight_dag.py", DEPLOY / "dagster" / "motionsight_assets.py"]
OURS = ("flows", "transforms", "motionsight_core")


def imported(tree: ast.Module) -> dict[str, Any]:
    """What a file imports from the project, by the names it has there."""
    found: dict[str, Any] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.split(".")[0] in OURS:
            module = importlib.import_module(node.module)
            found |= {alias.asname or alias.name: getattr(module, alias.name) for alias in node.names}
    return found


def called(node: ast.expr, names: dict[str, Any]) -> Any:
    """The function or class of ours that a call names; None if it is somebody else's."""
    if isinstance(node, ast.Name):
        return names.get(node.id)
    if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id in names:
        return getattr(names[node.value.id], node.attr)
    return None


def calls(path: Path) -> dict[str, inspect.BoundArguments]:
    """The calls of our functions, bound to their parameters.

    Raises:
        TypeError: a call that would raise it, too.
    """
    tree = ast.parse(path.read_text())
    names = imported(tree)
    bound: dict[str, inspect.BoundArguments] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and (function := called(node.func, names)) is not None:
            keywords = {keyword.arg: keyword.value for keyword in node.keywords if keyword.arg}
            bound[function.__qualname__] = inspect.signature(function).bind(*node.args, **keywords)
    return bound


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.parent.name)
def test_the_example_calls_our_functions_as_they_can_be_called(path: Path) -> None:
    compile(path.read_text(), str(path), "exec")
    assert {"run_catalog", "run_backfill", "Backfill", "Settings.load", "parsed_time"} <= calls(path).keys()


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.parent.name)
def test_what_it_reads_of_a_result_is_there(path: Path) -> None:
    from flows.runs.backfill import BackfillResult
    from flows.runs.run import RunResult
    from motionsight_core.record import PartitionRecord, RunRecord

    known = {
        "result": {*RunResult.__dataclass_fields__, *BackfillResult.__dataclass_fields__},
        "record": set(RunRecord.__dataclass_fields__),
        "partition": set(PartitionRecord.__dataclass_fields__),
        "p": set(PartitionRecord.__dataclass_fields__),
    }
    read = [
        (node.value.id, node.attr)
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id in known
    ]
    assert read
    assert [f"{name}.{field}" for name, field in read if field not in known[name]] == []


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.parent.name)
def test_it_does_without_prefect(path: Path) -> None:
    tree = ast.parse(path.read_text())
    modules = {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert not any(module and module.startswith("prefect") for module in modules)
