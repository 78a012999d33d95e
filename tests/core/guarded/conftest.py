"""What the tests of guarded decoding share."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from motionsight_core.catalog import VideoObject
from motionsight_core.guarded.pool import close_shared_decoders
from tests.core.guarded.processes import video_at
from tests.videos import moving_texture, write_video

INSIDE = Path(__file__).parent / "inside"


@pytest.fixture(autouse=True)
def no_other_children() -> None:
    """Other tests of this process may have left theirs to be used again."""
    close_shared_decoders()


@pytest.fixture
def good(tmp_path: Path) -> VideoObject:
    """A sound video of 1.2 s."""
    return video_at(write_video(tmp_path / "good.mp4", moving_texture(30)))


@pytest.fixture
def misbehaving(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], VideoObject]:
    """Makes a "video" whose decoding process does what a function of `inside/sitecustomize.py` does."""
    monkeypatch.setenv("PYTHONPATH", str(INSIDE))

    def make(behaviour: str) -> VideoObject:
        path = tmp_path / f"{behaviour}.mp4"
        path.write_text(f"behave: {behaviour}")
        return video_at(path)

    return make
