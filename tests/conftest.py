"""What holds for all tests."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from motionsight_core.guarded import process
from tests.warm import WarmCommand
from tests.warm_decoders import WarmDecoders, in_place_of_subprocess

# Before anything imports torch: threads of OpenMP that wait for each other by spinning, beside as many test
# processes as there are cores, take minutes for what takes a second. torch.set_num_threads is for the calling
# thread alone.
os.environ["OMP_NUM_THREADS"] = "1"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Those that may take longest come first, or one of them would keep a worker when the others are done."""
    items.sort(key=lambda item: item.get_closest_marker("timeout") is None)


@pytest.fixture(scope="session")
def warm_decoders() -> Iterator[WarmDecoders]:
    """Where decoding processes come from without waiting for their imports."""
    warm = WarmDecoders()
    yield warm
    warm.close()


@pytest.fixture(autouse=True)
def decoders_are_warm(warm_decoders: WarmDecoders, monkeypatch: pytest.MonkeyPatch) -> None:
    """Decoding processes are forks of a warm one; not where they are the subject."""
    monkeypatch.setattr(process, "subprocess", in_place_of_subprocess(warm_decoders.address))


@pytest.fixture(scope="session")
def warm_command(warm_decoders: WarmDecoders) -> Iterator[WarmCommand]:
    """Runs the command line without waiting for its imports."""
    warm = WarmCommand(warm_decoders.address())
    yield warm
    warm.close()
