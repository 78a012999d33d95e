"""The loaders of ms-swift and LLaMA-Factory read the views.

Both pin old libraries, so each runs in an environment of its own; SWIFT_PYTHON and LLAMA_FACTORY_PYTHON name
the interpreters of these, and without them the tests are skipped:

    uv venv swift && uv pip install --python swift/bin/python 'ms-swift>=4.6'
    uv venv factory && uv pip install --python factory/bin/python 'llamafactory>=0.9.5'
    SWIFT_PYTHON=swift/bin/python LLAMA_FACTORY_PYTHON=factory/bin/python \\
        pytest tests/core/dataset/test_trainers.py
"""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

_SWIFT = """
import json, sys
from swift.dataset import load_dataset
rows = []
for path in sys.argv[1:]:
    train, _ = load_dataset(path, strict=True, load_from_cache_file=False)
    rows += [dict(row) for row in train]
print("ROWS" + json.dumps(rows))
"""
_LLAMA_FACTORY = """
import json, os, sys
from types import SimpleNamespace
from llamafactory.data.loader import _load_single_dataset
from llamafactory.data.parser import get_dataset_list
from llamafactory.hparams import DataArguments, ModelArguments
folder, *names = sys.argv[1:]
registry = os.path.join(folder, "views", "llama-factory")
data_args = DataArguments(dataset_dir=registry, media_dir=folder, overwrite_cache=True)
model_args = ModelArguments(model_name_or_path="none")
training_args = SimpleNamespace(local_process_index=0, seed=0)
rows = []
for described in get_dataset_list(names, registry):
    rows += [dict(row) for row in _load_single_dataset(described, model_args, data_args, training_args)]
print("ROWS" + json.dumps(rows))
"""


def read_by(variable: str, program: str, *arguments: str, cwd: Path) -> list[dict[str, Any]]:
    python = os.environ.get(variable)
    if not python:
        pytest.skip(f"{variable} names no interpreter")
    cache = {
        "HF_HUB_OFFLINE": "1",
        "HF_HOME": str(cwd.parent / "hf"),
        "MODELSCOPE_CACHE": str(cwd.parent / "ms"),
    }
    done = subprocess.run(
        [Path(python).absolute(), "-c", program, *arguments],
        env=os.environ | cache,
        cwd=cwd,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    (found,) = [line for line in done.stdout.splitlines() if line.startswith("ROWS")]
    return json.loads(found.removeprefix("ROWS"))


def expected(data: Path, name: str) -> list[dict[str, Any]]:
    return pq.read_table(data / f"{name}.parquet").to_pylist()


def file_of(video: str | dict[str, Any], data: Path) -> Path:
    path = Path(video["path"] if isinstance(video, dict) else video)
    return path if path.is_absolute() else data / path


def test_ms_swift_reads_questions(data: Path) -> None:
    files = sorted(str(path) for path in (data / "views/ms-swift").glob("sft_*.jsonl"))
    rows = read_by("SWIFT_PYTHON", _SWIFT, *files, cwd=data)
    found = {(row["messages"][0]["content"], row["messages"][1]["content"]) for row in rows}
    sft = expected(data, "sft")
    assert len(rows) == len(sft)
    assert found == {(f"<video>\n{row['question']}", row["answer"]) for row in sft}
    videos = {file_of(row["videos"][0], data) for row in rows}
    assert videos == {data / row["media"] for row in sft}


def test_ms_swift_reads_chosen_and_rejected(data: Path) -> None:
    files = sorted(str(path) for path in (data / "views/ms-swift").glob("dpo_*.jsonl"))
    rows = read_by("SWIFT_PYTHON", _SWIFT, *files, cwd=data)
    preferences = expected(data, "preferences")
    assert {(row["messages"][-1]["content"], _rejected(row)) for row in rows} == {
        (row["chosen"], row["rejected"]) for row in preferences
    }
    assert len(rows) == len(preferences)
    assert all(file_of(row["videos"][0], data).exists() for row in rows)


def _rejected(row: dict[str, Any]) -> str:
    if row.get("rejected_messages"):
        return row["rejected_messages"][-1]["content"]
    return row["rejected_response"]


def test_llama_factory_reads_questions(data: Path) -> None:
    rows = read_by("LLAMA_FACTORY_PYTHON", _LLAMA_FACTORY, str(data), *_names(data, "sft"), cwd=data)
    sft = expected(data, "sft")
    assert len(rows) == len(sft)
    assert {(row["_prompt"][-1]["content"], row["_response"][-1]["content"]) for row in rows} == {
        (f"<video>\n{row['question']}", row["answer"]) for row in sft
    }
    assert {file_of(row["_videos"][0], data) for row in rows} == {data / row["media"] for row in sft}


def test_llama_factory_reads_chosen_and_rejected(data: Path) -> None:
    rows = read_by("LLAMA_FACTORY_PYTHON", _LLAMA_FACTORY, str(data), *_names(data, "dpo"), cwd=data)
    preferences = expected(data, "preferences")
    assert {tuple(answer["content"] for answer in row["_response"]) for row in rows} == {
        (row["chosen"], row["rejected"]) for row in preferences
    }
    assert {row["_prompt"][-1]["content"] for row in rows} == {
        f"<video>\n{row['prompt']}" for row in preferences
    }
    assert {file_of(row["_videos"][0], data) for row in rows} == {data / row["media"] for row in preferences}


def _names(data: Path, kind: str) -> list[str]:
    known = json.loads((data / "views/llama-factory/dataset_info.json").read_text())
    return [name for name in known if name.startswith(f"motionsight_{kind}_")]
