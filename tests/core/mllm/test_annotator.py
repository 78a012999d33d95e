"""The setting `annotator`: what it may say, and what is said when a model is not there."""

from __future__ import annotations

import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from motionsight_core.annotator import Annotator
from motionsight_core.errors import ModelMissing, UsageError
from motionsight_core.mllm import require_mllm
from motionsight_core.mllm._address import EndpointAddress
from motionsight_core.models import presence
from motionsight_core.settings import Settings

HUB_ID = "Qwen/Qwen2.5-VL-7B-Instruct"


@pytest.mark.parametrize(
    ("annotator", "name"),
    [
        ("measured", "measured"),
        (f"transformers:{HUB_ID}", f"transformers:{HUB_ID}"),
        (f"transformers:{HUB_ID}@main", f"transformers:{HUB_ID}"),
        (f"openai:http://localhost:8000/v1#{HUB_ID}", f"openai:{HUB_ID}"),
    ],
)
def test_the_name_of_an_annotator_leaves_out_where_it_is(annotator: str, name: str) -> None:
    assert Annotator.parse(annotator).name == name


@pytest.mark.parametrize("annotator", ["gpt-4o", "transformers:", "openais:http://h#m", ""])
def test_another_annotator_is_told_the_three_that_there_are(annotator: str) -> None:
    with pytest.raises(
        UsageError, match="it is measured, transformers:MODEL_ID_OR_DIR or openai:BASE_URL#MODEL"
    ):
        Annotator.parse(annotator)


@pytest.mark.parametrize(
    ("annotator", "runs", "waits", "endpoint"),
    [
        ("measured", False, False, None),
        (f"transformers:{HUB_ID}", True, False, None),
        ("openai:http://host:8000#m", False, True, EndpointAddress("http://host:8000/v1", "m")),
    ],
)
def test_an_annotator_says_where_its_model_runs(
    annotator: str, runs: bool, waits: bool, endpoint: EndpointAddress | None
) -> None:
    parsed = Annotator.parse(annotator)
    assert (parsed.in_process, parsed.is_remote, parsed.endpoint) == (runs, waits, endpoint)
    assert str(parsed) == annotator and parsed.is_measured == (annotator == "measured")


@pytest.mark.parametrize(
    ("text", "base_url", "model"),
    [
        ("openai:http://localhost:8000#m", "http://localhost:8000/v1", "m"),
        ("openai:https://host/#org/m", "https://host/v1", "org/m"),
        ("openai:https://host/api/v3/#m#2", "https://host/api/v3", "m#2"),
        ("openai:http://[::1]:8000/v1#m", "http://[::1]:8000/v1", "m"),
    ],
)
def test_an_address_is_a_url_and_a_model(text: str, base_url: str, model: str) -> None:
    assert EndpointAddress.parse(text) == EndpointAddress(base_url, model)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("openai:http://localhost:8000/v1", "needs the model after a #"),
        ("openai:http://localhost:8000/v1#", "needs the model after a #"),
        ("openai:localhost:8000#m", "needs an http:// or https:// URL"),
        ("openai:ftp://localhost#m", "needs an http:// or https:// URL"),
        ("openai:http://localhost:eight#m", "needs an http:// or https:// URL"),
        ("openai:#m", "needs an http:// or https:// URL"),
        ("openai:http://me:hunter2@localhost/v1#m", "a key comes from the environment variable"),
        ("openai:http://hunter2@localhost/v1#m", "a key comes from the environment variable"),
        ("openai:http://localhost/v1?key=hunter2#m", "a key comes from the environment variable"),
    ],
)
def test_an_address_that_cannot_be_used_says_why_and_repeats_no_key(text: str, why: str) -> None:
    with pytest.raises(UsageError, match=why) as error:
        EndpointAddress.parse(text)

    assert "hunter2" not in str(error.value)


def test_measured_is_no_multimodal_llm() -> None:
    with pytest.raises(UsageError, match="uses no multimodal LLM"):
        require_mllm(Settings())


def test_an_endpoint_is_not_asked_before_there_is_something_to_ask() -> None:
    require_mllm(Settings(annotator="openai:http://localhost:1#m"))


def test_a_directory_that_is_not_there_is_named_in_full(tmp_path: Path) -> None:
    missing = tmp_path / "weights"

    with pytest.raises(ModelMissing) as error:
        require_mllm(Settings(annotator=f"transformers:{missing}"))

    assert str(error.value) == (
        f"The multimodal LLM {missing} is not there: no such directory ({missing}). Name a directory with "
        "config.json and weights, or a hub id."
    )


@pytest.mark.parametrize(("file", "lacks"), [(None, "config.json"), ("config.json", r"weights \(\*")])
def test_a_directory_without_a_model_says_what_it_lacks(tmp_path: Path, file: str | None, lacks: str) -> None:
    if file:
        (tmp_path / file).write_text("{}")

    with pytest.raises(
        ModelMissing, match=rf"the directory {tmp_path} cannot be loaded: there (is|are) no {lacks}"
    ):
        require_mllm(Settings(annotator=f"transformers:{tmp_path}"))


def test_missing_packages_are_named_with_the_command_that_installs_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(presence, "find_spec", lambda name: None if name == "torch" else find_spec(name))

    with pytest.raises(ModelMissing) as error:
        require_mllm(Settings(annotator=f"transformers:{tmp_path}"))

    assert str(error.value) == (
        f"The multimodal LLM {tmp_path} needs packages that are not installed (torch): "
        "pip install 'motionsight[models]'"
    )


def test_a_model_of_the_hub_that_is_not_here_says_where_it_was_looked_for_and_how_to_get_it(
    tmp_path: Path,
) -> None:
    program = (
        "import sys\n"
        "from motionsight_core.mllm import require_mllm\n"
        "from motionsight_core.errors import ModelMissing\n"
        "from motionsight_core.settings import Settings\n"
        "try:\n"
        f"    require_mllm(Settings(annotator='transformers:{HUB_ID}@main'))\n"
        "except ModelMissing as error:\n"
        "    print(error)\n"
        # Looking for a model must not cost what running it does.
        "print(sorted({'torch', 'transformers', 'openai'} & set(sys.modules)))\n"
    )
    environment = os.environ | {"HF_HOME": str(tmp_path), "HF_HUB_OFFLINE": "1"}
    environment.pop("HF_HUB_CACHE", None)

    done = subprocess.run(
        [sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=True
    )

    assert done.stdout.splitlines() == [
        f"The multimodal LLM {HUB_ID} is not on this machine (looked in {tmp_path}/hub) and could not be "
        f"downloaded: HF_HUB_OFFLINE is set. Fetch it where there is a network: hf download {HUB_ID} "
        "--revision main",
        "[]",
    ]
