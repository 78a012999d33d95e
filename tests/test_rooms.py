"""The rooms of the house: imports form no circle, and none brings along what it does not need."""

from __future__ import annotations

import subprocess
import sys
from graphlib import TopologicalSorter
from pathlib import Path

import grimp
import pytest

import motionsight_core

PACKAGES = ("motionsight_core", "transforms", "flows")


def test_imports_form_no_circle() -> None:
    graph = grimp.build_graph(*PACKAGES, cache_dir=None, exclude_type_checking_imports=True)
    imports = {module: graph.find_modules_directly_imported_by(module) for module in graph.modules}
    TopologicalSorter(imports).prepare()  # raises CycleError with the modules of a circle


def test_at_most_ten_modules_stand_at_the_top_of_the_core() -> None:
    top = Path(motionsight_core.__file__).parent
    assert len([path for path in top.glob("*.py") if path.name != "__init__.py"]) <= 10


@pytest.mark.parametrize(
    ("package", "heavy"),
    [
        ("motionsight_core", "numpy pyarrow cv2 av scipy torch"),
        ("motionsight_core.mllm", "av scipy torch transformers openai"),
        ("motionsight_core.compressors", "torch transformers"),
        ("motionsight_core.dialogue", "av scipy torch"),
        ("motionsight_core.referring", "av scipy torch"),
        ("transforms", "torch transformers prefect"),
        ("flows.cli", "numpy apache_beam prefect torch"),
    ],
)
def test_a_package_loads_only_what_it_needs(package: str, heavy: str) -> None:
    program = f"import {package}, sys; print(*(name for name in '{heavy}'.split() if name in sys.modules))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []
