from __future__ import annotations

import pytest


@pytest.fixture(autouse=True)
def decoders_are_warm() -> None:
    """They are not: how a decoding process starts, and what it is locked into, is the subject here."""
