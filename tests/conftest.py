"""What holds for all tests."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from tests.warm import WarmCommand

# Before anything imports torch: threads of OpenMP that wait for each other by spinning, beside as many test
# processes as there are cores, take minutes for what takes a second. torch.set_num_threads is for the calling
# thread alone.
os.environ["OMP_NUM_THREADS"] = "1"


@pytest.fixture(scope="session")
def warm_command() -> Iterator[WarmCommand]:
    """Runs the command line without waiting for its imports."""
    warm = WarmCommand()
    yield warm
    warm.close()
