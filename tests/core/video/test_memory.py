"""Memory does not grow with the length of what is decoded."""

from __future__ import annotations

import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from tests.videos import moving_texture, write_video

_WHOLE = """
from motionsight_core import decode
from motionsight_core.catalog import split
from motionsight_core.video.decoding import probe
decode(split(video, duration_s=probe(video))[0])
"""
_SCENES = """
from motionsight_core.settings import Settings
from motionsight_core.video.decoding import decode_scenes
chosen = Settings.load(overrides=["clips.scenes=true", "sampling.frames=4"], environment={})
for scene in decode_scenes(video, chosen):
    pass
"""


def peaks_mb(videos: tuple[Path, ...], decoding: str) -> list[float]:
    """Peak resident memory of a process after each video that it decodes for everything, MiB."""
    body = textwrap.indent(decoding, "    ")
    program = (
        "import resource, sys\n"
        "from motionsight_core.stores import list_objects\n"
        "for path in sys.argv[1:]:\n"
        "    video, = list_objects(path)\n"
        f"{body}\n"
        "    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, *map(str, videos)], capture_output=True, text=True, check=True
    )
    return [float(line) for line in done.stdout.split()]


@pytest.fixture(scope="module")
def videos(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A short one and a long one, neither with a cut."""
    folder = tmp_path_factory.mktemp("videos")
    frames = moving_texture(60, width=320, height=192)
    there_and_back = frames + frames[::-1]
    fast = {"preset": "ultrafast"}
    short = write_video(folder / "short.mp4", there_and_back, options=fast)
    return short, write_video(folder / "long.mp4", there_and_back * 6, options=fast)


@pytest.mark.in_gate("a scene")
@pytest.mark.parametrize("decoding", [_WHOLE, _SCENES], ids=["a whole video", "a scene"])
def test_memory_does_not_grow_with_the_length_of_a_clip(videos: tuple[Path, Path], decoding: str) -> None:
    short, long = peaks_mb(videos, decoding)
    # A kept frame would be 92 kB of YUV: the 600 frames more would take 53 MiB.
    assert long < short + 30
