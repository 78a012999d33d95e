"""Files with random damage end as a clip or as a typed error of the file, never as a surprise."""

from __future__ import annotations

import random
from collections import Counter
from pathlib import Path

import pytest

from motionsight_core.catalog import VideoObject, split
from motionsight_core.errors import ClipError, Corrupt, NotAVideo, NoVideoStream, TooLarge, Truncated
from motionsight_core.guarded.pool import DecoderPool
from motionsight_core.settings import Settings
from motionsight_core.stores import list_objects
from tests.videos import moving_texture, write_video

#: name: (encoder, pixel format, its options)
VIDEOS = {
    "a.mp4": ("libx264", "yuv420p", {"x264-params": "keyint=12:bframes=2"}),
    "b.mkv": ("libx265", "yuv420p", {"x265-params": "log-level=none:keyint=12"}),
    "c.webm": ("libvpx-vp9", "yuv420p", {"deadline": "realtime", "cpu-used": "8"}),
    "d.avi": ("mpeg4", "yuv420p", {}),
    "e.ts": ("mpeg2video", "yuv420p", {}),
    "f.mov": ("prores_ks", "yuv422p10le", {}),
}
#: What damage of the bytes may be called. DecoderCrashed and TimedOut would be a defect of ours here.
EXPECTED = (Corrupt, NotAVideo, NoVideoStream, TooLarge, Truncated)


def damaged(data: bytes, rng: random.Random) -> bytes:
    """The bytes with up to 100 changed, in the header or anywhere, and sometimes some cut out."""
    mutant = bytearray(data)
    end = rng.choice([len(mutant), min(len(mutant), 1500)])
    for _ in range(rng.choice([1, 3, 10, 100])):
        mutant[rng.randrange(end)] = rng.randrange(256)
    if rng.random() < 0.2:
        start = rng.randrange(len(mutant))
        del mutant[start : start + rng.randrange(1, 400)]
    return bytes(mutant)


@pytest.mark.in_gate("a.mp4-16", "c.webm-16", "e.ts-16")
@pytest.mark.parametrize("mutants", [16, 40])
@pytest.mark.parametrize("name", VIDEOS)
def test_damage_never_surprises(name: str, mutants: int, tmp_path: Path) -> None:
    codec, pix_fmt, options = VIDEOS[name]
    path = tmp_path / name
    frames = moving_texture(40, width=96, height=64)
    sound = write_video(path, frames, codec=codec, pix_fmt=pix_fmt, options=options).read_bytes()
    rng = random.Random(name)
    outcomes: Counter[str] = Counter()
    settings = Settings.load(overrides=["runtime.decode_processes=1", "limits.wall_s=60"], environment={})
    with DecoderPool(settings) as decoder:
        for _ in range(mutants):
            path.write_bytes(damaged(sound, rng))
            (video,) = list_objects(str(path))
            assert isinstance(video, VideoObject)
            try:
                clip = split(video, duration_s=decoder.probe(video))[0]
                decoded = decoder.decode(clip)
            except ClipError as error:
                assert isinstance(error, EXPECTED), f"{error.name}: {error}"
                outcomes[error.name] += 1
            else:
                assert decoded.sampled is not None
                assert decoded.motion is not None
                outcomes["noted" if decoded.notes else "decoded"] += 1
    assert outcomes["decoded"] > 0, "some damage costs nothing"
    assert len(outcomes) > 1, "some costs frames, times or the clip, and the outcome says so"
