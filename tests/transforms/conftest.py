"""What tests of several transforms watch."""

from __future__ import annotations

import pytest

from motionsight_core.clip import FrameSequence


@pytest.fixture
def frames_stay(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fails a pipeline that pickles raw frames, as Beam does to learn how large an element is."""

    def pickled(frames: FrameSequence, protocol: int) -> None:
        raise AssertionError(f"{frames} pickled")

    monkeypatch.setattr(FrameSequence, "__reduce_ex__", pickled)
