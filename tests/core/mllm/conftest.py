from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from motionsight_core.mllm import MultimodalModel, open_mllm
from motionsight_core.settings import Settings
from tests.core.mllm.scripted import ScriptedEndpoint
from tests.core.mllm.serving import Served


@pytest.fixture(scope="session", autouse=True)
def one_thread() -> None:
    """Tiny models lose time with more, the more so where tests run side by side."""
    import torch  # takes seconds, also where none of these tests are run

    torch.set_num_threads(1)


@pytest.fixture
def in_process(checkpoint: Callable[[str], Path]) -> Callable[..., MultimodalModel]:
    """Opens a family's model with settings of the section `mllm` and, by its name, of `runtime`."""

    def opened(family: str, *, runtime: dict[str, object] | None = None, **mllm: object) -> MultimodalModel:
        sections = {"mllm": {"max_new_tokens": 10} | mllm, "runtime": {"device": "cpu"} | (runtime or {})}
        annotator = f"transformers:{checkpoint(family)}"
        return open_mllm(Settings.model_validate({"annotator": annotator} | sections))

    return opened


@pytest.fixture(scope="session")
def served(checkpoint: Callable[[str], Path], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    server = Served(checkpoint("qwen2_5_vl"), tmp_path_factory.mktemp("huggingface"))
    try:
        server.start()
        yield server
    finally:
        server.close()


@pytest.fixture
def endpoint() -> Iterator[ScriptedEndpoint]:
    with ScriptedEndpoint() as running:
        yield running
