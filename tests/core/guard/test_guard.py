"""A video that hangs, kills or fills its decoder costs one typed error, and nothing else."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from motionsight_core.catalog import Clip, VideoObject
from motionsight_core.errors import DecoderCrashed, NotAVideo, TimedOut, TooLarge
from motionsight_core.guard import GuardedDecoder, close_shared_decoders
from motionsight_core.settings import Settings
from motionsight_core.stores import list_objects
from tests.videos import moving_texture, write_video


def settings(*overrides: str) -> Settings:
    return Settings.load(overrides=["runtime.decode_processes=1", *overrides], environment={})


def video_at(path: Path) -> VideoObject:
    (video,) = list_objects(str(path))
    assert isinstance(video, VideoObject)
    return video


@pytest.fixture(autouse=True)
def no_other_children() -> None:
    """Other tests of this process may have left theirs to be used again."""
    close_shared_decoders()


@pytest.fixture
def good(tmp_path: Path) -> VideoObject:
    return video_at(write_video(tmp_path / "good.mp4", moving_texture(30)))


@pytest.fixture
def hanging(tmp_path: Path) -> VideoObject:
    """Opening a pipe that nobody writes to never returns: a hang inside one system call."""
    path = tmp_path / "hanging.mp4"
    os.mkfifo(path)
    return VideoObject(str(path), "0-0")


def children() -> set[int]:
    """Process ids of the guarded decoding processes of this process."""
    found = set()
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            command = (entry / "cmdline").read_bytes()
            parent = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
        except (OSError, ValueError):
            continue
        if parent == os.getpid() and b"guarded_child" in command:
            found.add(int(entry.name))
    return found


def eventually(condition: Callable[[], bool], *, seconds: float = 20.0) -> bool:
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def test_a_guarded_decode_gives_what_a_plain_one_gives(good: VideoObject) -> None:
    from motionsight_core.decoding import decode

    with GuardedDecoder(settings()) as decoder:
        assert decoder.probe(good) == pytest.approx(1.2)
        clip = Clip(good.uri, good.version, 0.0, 1.2)
        guarded, plain = decoder.decode(clip), decode(clip)
    assert guarded.sampled is not None
    assert plain.sampled is not None
    assert (guarded.sampled.pixels == plain.sampled.pixels).all()
    assert guarded.motion is not None
    assert plain.motion is not None
    assert guarded.motion.camera_moves == plain.motion.camera_moves


def test_typed_errors_cross_the_process_with_their_message(tmp_path: Path, good: VideoObject) -> None:
    text = tmp_path / "notes.mp4"
    text.write_text("no video at all")
    with GuardedDecoder(settings()) as decoder:
        with pytest.raises(NotAVideo, match="no video format"):
            decoder.probe(video_at(text))
        assert decoder.probe(good) == pytest.approx(1.2), "the same process goes on"


def test_a_hang_is_killed_and_the_next_video_is_decoded(good: VideoObject, hanging: VideoObject) -> None:
    with GuardedDecoder(settings("limits.wall_s=1")) as decoder:
        with pytest.raises(TimedOut, match=r"longer than 1 s \(limits.wall_s\)"):
            decoder.probe(hanging)
        assert children() == set()
        assert decoder.probe(good) == pytest.approx(1.2)


def test_a_video_whose_process_dies_twice_is_condemned(good: VideoObject, hanging: VideoObject) -> None:
    killed: set[int] = set()

    def kill_whoever_decodes() -> None:
        def fresh() -> set[int]:
            return children() - killed

        for _ in range(2):
            assert eventually(lambda: bool(fresh()))
            (pid,) = fresh()
            os.kill(pid, signal.SIGKILL)
            killed.add(pid)

    with GuardedDecoder(settings("limits.wall_s=60")) as decoder:
        killer = threading.Thread(target=kill_whoever_decodes)
        killer.start()
        with pytest.raises(DecoderCrashed, match=r"died twice on this video \(killed by signal 9\)"):
            decoder.probe(hanging)
        killer.join()
        assert len(killed) == 2, "it was tried once more"
        assert decoder.probe(good) == pytest.approx(1.2)


def test_a_video_whose_process_dies_once_is_decoded(good: VideoObject) -> None:
    with GuardedDecoder(settings()) as decoder:
        decoder.probe(good)
        (pid,) = children()
        os.kill(pid, signal.SIGKILL)  # the idle process: the next request finds it dead
        assert decoder.probe(good) == pytest.approx(1.2)


def test_a_video_that_needs_too_much_memory_is_too_large(tmp_path: Path, good: VideoObject) -> None:
    frames = moving_texture(20, width=3840, height=2160, step=8)
    heavy = write_video(
        tmp_path / "heavy.mp4", frames, options={"preset": "ultrafast", "refs": "8", "bf": "4"}
    )
    with GuardedDecoder(settings("limits.memory_mb=256", "blur.window=8")) as decoder:
        video = video_at(heavy)
        with pytest.raises(TooLarge, match=r"more memory than limits\.memory_mb"):
            decoder.decode(Clip(video.uri, video.version, 0.0, 0.8))
        assert decoder.probe(good) == pytest.approx(1.2)


def test_several_threads_share_the_processes(good: VideoObject) -> None:
    pool = settings("runtime.decode_processes=2")
    with GuardedDecoder(pool) as decoder:
        durations: list[float] = []
        threads = [threading.Thread(target=lambda: durations.append(decoder.probe(good))) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert durations == pytest.approx([1.2] * 8)
        assert len(children()) <= 2


def test_who_opens_hostile_files_sees_no_keys(good: VideoObject, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("OPENAI_API_KEY", "AWS_SECRET_ACCESS_KEY", "HF_TOKEN", "PREFECT_API_KEY", "SOME_PASSWORD"):
        monkeypatch.setenv(name, "hush-hush")
    with GuardedDecoder(settings()) as decoder:
        assert decoder.probe(good) == pytest.approx(1.2)
        (child,) = children()
        seen = Path(f"/proc/{child}/environ").read_bytes()
    assert b"hush-hush" not in seen
    assert b"PATH=" in seen


def test_close_leaves_no_process(good: VideoObject) -> None:
    decoder = GuardedDecoder(settings())
    decoder.probe(good)
    assert len(children()) == 1
    decoder.close()
    assert children() == set()


def test_children_end_when_their_parent_is_killed(good: VideoObject) -> None:
    program = (
        "import sys, time\n"
        "from motionsight_core.guard import GuardedDecoder\n"
        "from motionsight_core.catalog import VideoObject\n"
        "from motionsight_core.settings import Settings\n"
        "decoder = GuardedDecoder(Settings())\n"
        "decoder.probe(VideoObject(sys.argv[1], sys.argv[2]))\n"
        "print(next(iter(decoder._alive))._process.pid, flush=True)\n"
        "time.sleep(600)\n"
    )
    parent = subprocess.Popen([sys.executable, "-c", program, good.uri, good.version], stdout=subprocess.PIPE)
    assert parent.stdout is not None
    child = int(parent.stdout.readline())
    parent.kill()
    parent.wait()
    assert eventually(lambda: not Path(f"/proc/{child}").exists())


def test_a_script_without_a_main_guard_can_decode(good: VideoObject, tmp_path: Path) -> None:
    """Start methods of multiprocessing would import the script again, and again."""
    script = tmp_path / "script.py"
    script.write_text(
        "from motionsight_core import MotionSight, clips_of\n"
        f"(record,) = MotionSight().describe(clips_of({good.uri!r}))\n"
        "print(record.steadiness)\n"
    )
    done = subprocess.run(
        [sys.executable, str(script)], capture_output=True, text=True, timeout=120, check=False
    )
    assert (done.returncode, done.stdout.strip()) == (0, "smooth"), done.stderr
