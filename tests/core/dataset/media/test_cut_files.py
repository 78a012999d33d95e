"""What becomes of the files: found again, whole or not there, and each failure said in a sentence."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
import pytest

from motionsight_core.catalog import Clip
from motionsight_core.dataset.media import cut_clip, write_media
from motionsight_core.errors import Corrupt, NotAVideo, RunError, TooLarge, UsageError, VersionGone
from motionsight_core.guarded.pool import DecoderPool
from motionsight_core.video import attempts
from motionsight_core.video import clip_file as clip_file_module
from motionsight_core.video.clip_file import clip_file
from motionsight_core.video.clip_file_parts import ClipFilePart
from motionsight_core.video.decoding import decode
from motionsight_core.video.frame_reader import SeekMismatch, from_start
from tests.core.dataset.media.cutting import ALL_FRAMES, SOURCES, clip_at, settings, textures, whole
from tests.videos import write_video


@pytest.fixture
def clip(tmp_path: Path) -> Clip:
    """A second of 25 frames."""
    return clip_at(SOURCES["25 frames a second"](tmp_path / "source"), 0.5, 1.5)


@pytest.fixture
def noise(tmp_path: Path) -> Clip:
    """Pictures that do not get small: some MiB as a file."""
    rng = np.random.default_rng(0)
    frames = [rng.integers(0, 256, (240, 320, 3), np.uint8) for _ in range(60)]
    return whole(write_video(tmp_path / "noise.mp4", frames, options={"crf": "1", "preset": "ultrafast"}))


def assembled(parts: Iterable[ClipFilePart]) -> bytes:
    content = bytearray()
    size = 0
    for part in parts:
        content.extend(bytes(max(0, part.offset - len(content))))
        content[part.offset : part.offset + len(part.data)] = part.data.tobytes()
        size = part.size
    return bytes(content[:size])


def _written(path: Path) -> tuple[int, int]:
    """What changes when a file is written, and not when it is read."""
    return path.stat().st_ino, path.stat().st_mtime_ns


def test_a_file_that_is_there_is_not_cut_again(clip: Clip, tmp_path: Path) -> None:
    path = tmp_path / "media" / "cut.mp4"
    first = cut_clip(clip, str(path), settings())
    before = _written(path)
    second = cut_clip(clip, str(path), settings())
    assert (first.written, second.written) == (True, False)
    assert _written(path) == before
    assert (first.frames, first.first_s, first.duration_s) == (
        second.frames,
        second.first_s,
        second.duration_s,
    )


def test_a_file_of_another_clip_or_of_other_settings_is_cut_again(clip: Clip, tmp_path: Path) -> None:
    path = str(tmp_path / "cut.mp4")
    cut_clip(clip, path, settings())
    assert cut_clip(clip, path, settings("media.crf=30")).written
    other = Clip(clip.uri, clip.version, 0.0, 1.0)
    assert cut_clip(other, path, settings("media.crf=30")).written


@pytest.mark.parametrize("damage", ["cut off", "another video", "no video", "empty"])
def test_a_file_that_is_not_right_is_cut_again(damage: str, clip: Clip, tmp_path: Path) -> None:
    path = tmp_path / "cut.mp4"
    cut_clip(clip, str(path), settings())
    right = path.read_bytes()
    wrong = {
        "cut off": right[:-2000],
        "another video": Path(clip.uri).read_bytes(),
        "no video": b"no video",
        "empty": b"",
    }
    path.write_bytes(wrong[damage])
    assert cut_clip(clip, str(path), settings()).written
    assert path.read_bytes() == right


def test_a_clip_that_cannot_be_cut_leaves_no_file(clip: Clip, tmp_path: Path, noise: Clip) -> None:
    broken = tmp_path / "broken.mp4"
    broken.write_bytes(b"no video")
    folder = tmp_path / "media"
    for bad, error, sentence, extra in (
        (whole(broken), NotAVideo, "in no video format", ()),
        (Clip(clip.uri, clip.version, 7.0, 8.0), Corrupt, r"between 7.000 s and 8.000 s", ()),
        (Clip(clip.uri, "0-0", 0.5, 1.5), VersionGone, "after it was listed", ()),
        (noise, TooLarge, r"1 MiB \(media.max_mb\)", ("media.max_mb=1", "media.crf=1")),
    ):
        with pytest.raises(error, match=sentence):
            cut_clip(bad, str(folder / "cut.mp4"), settings(*extra))
        assert list(folder.iterdir()) == []


def test_a_place_that_cannot_be_written_to_ends_the_run_with_a_sentence(clip: Clip, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(
        RunError, match=r"file/cut.mp4 cannot be written: .*; make room there or name another"
    ):
        cut_clip(clip, str(tmp_path / "file" / "cut.mp4"), settings())
    with pytest.raises(UsageError, match=r"cannot be written to ftp:// addresses"):
        cut_clip(clip, "ftp://host/cut.mp4", settings())


def test_damage_costs_only_the_frames_that_it_hits_and_is_counted(tmp_path: Path) -> None:
    source = write_video(tmp_path / "a.ts", textures(90), options={"x264-params": "keyint=15:bframes=2"})
    data = bytearray(source.read_bytes())
    third = len(data) // 3
    data[third : third + 4000] = bytes(4000)
    source.write_bytes(data)
    clip = clip_at(source, 0.0, 3.6)
    cut = cut_clip(clip, str(tmp_path / "cut.mp4"), settings())
    decoded = decode(clip, ALL_FRAMES, products=["sampled"])
    assert decoded.sampled is not None
    assert 40 < len(decoded.sampled) < 90
    assert (cut.frames, cut.lost_frames) == (len(decoded.sampled), decoded.lost_frames)


def test_a_process_that_dies_half_way_is_replaced_and_the_file_is_the_same(noise: Clip) -> None:
    with DecoderPool(settings("media.crf=10")) as decoder:
        undisturbed = assembled(decoder.clip_file(noise, made_with="x"))
        parts: list[ClipFilePart] = []
        for part in decoder.clip_file(noise, made_with="x"):
            parts.append(part)
            if len(parts) == 3:
                (process,) = decoder._processes.alive
                os.kill(process.pid, signal.SIGKILL)
    assert len(undisturbed) > 2 << 20
    assert assembled(parts) == undisturbed


def test_an_attempt_that_fails_half_way_is_written_over(noise: Clip, monkeypatch: pytest.MonkeyPatch) -> None:
    chosen = settings("media.crf=10")
    undisturbed = assembled(clip_file(noise, chosen, made_with="x"))

    def failing(*arguments) -> Iterator:
        for number, item in enumerate(from_start(*arguments)):
            if number == 40:
                raise SeekMismatch
            yield item

    monkeypatch.setattr(attempts, "from_keyframe", failing)
    parts = list(clip_file(noise, chosen, made_with="x"))
    assert sum(part.offset == 0 and len(part.data) > 0 for part in parts) > 1
    assert assembled(parts) == undisturbed


def test_who_waits_hears_of_progress_while_pictures_are_too_simple_to_fill_a_piece(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = write_video(tmp_path / "grey.mp4", [np.full((32, 32, 3), 90, np.uint8)] * 60)
    monkeypatch.setattr(clip_file_module, "_FRAMES_PER_PIECE", 10)
    assert len(list(clip_file(whole(source), settings(), made_with="x"))) >= 6


def test_cutting_works_in_the_whole_sandbox(clip: Clip, tmp_path: Path) -> None:
    cut = cut_clip(clip, str(tmp_path / "cut.mp4"), settings("limits.sandbox=required"))
    assert cut.written


_CUT = """
import resource, sys
from tests.core.dataset.media.cutting import settings, whole
from motionsight_core.video.clip_file import clip_file
for part in clip_file(whole(sys.argv[1]), settings("media.preset=ultrafast", "media.crf=1"), made_with="x"):
    pass
print(part.size >> 20, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
"""


@pytest.mark.long
def test_memory_does_not_grow_with_the_length_of_the_file(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    frames = [rng.integers(0, 256, (240, 320, 3), np.uint8) for _ in range(60)]
    found = {}
    for name, times in (("short", 1), ("long", 8)):
        source = write_video(tmp_path / f"{name}.mp4", frames * times, options={"preset": "ultrafast"})
        done = subprocess.run(
            [sys.executable, "-c", _CUT, str(source)], capture_output=True, text=True, check=True
        )
        found[name] = [float(number) for number in done.stdout.split()]
    # Nothing is kept of what the long file has more.
    assert found["long"][0] - found["short"][0] > 30
    assert found["long"][1] < found["short"][1] + 15


def test_kinds_of_media_are_named_by_their_clip(clip: Clip, tmp_path: Path) -> None:
    folder = str(tmp_path / "media")
    cut, frames, reference = (
        write_media(clip, folder, settings(f"media.kind={kind}")) for kind in ("cut", "frames", "reference")
    )
    assert cut.path == f"{folder}/{clip.clip_id}.mp4"
    assert frames.path == f"{folder}/{clip.clip_id}"
    assert (reference.path, reference.first_s, reference.duration_s) == (clip.uri, 0.5, 1.0)
    assert {path.name for path in Path(folder).iterdir()} == {f"{clip.clip_id}.mp4", clip.clip_id}
