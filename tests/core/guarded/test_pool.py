"""A video that hangs, kills or fills its decoder costs one typed error, and nothing else."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from motionsight_core.catalog import Clip, VideoObject
from motionsight_core.errors import DecoderCrashed, NotAVideo, StoreUnavailable, TimedOut, TooLarge
from motionsight_core.guarded.pool import DecoderPool, shared_decoder
from tests.core.guarded.processes import children, eventually, settings, video_at
from tests.videos import moving_texture, write_video

pytestmark = pytest.mark.decoders_start_anew


def test_a_guarded_decode_gives_what_a_plain_one_gives(good: VideoObject) -> None:
    from motionsight_core.video.decoding import decode

    with DecoderPool(settings()) as decoder:
        assert decoder.probe(good) == pytest.approx(1.2)
        clip = Clip(good.uri, good.version, 0.0, 1.2)
        guarded, plain = decoder.decode(clip), decode(clip)
    assert guarded.sampled is not None
    assert plain.sampled is not None
    assert (guarded.sampled.pixels == plain.sampled.pixels).all()
    assert guarded.motion is not None
    assert plain.motion is not None
    assert guarded.motion.camera_moves == plain.motion.camera_moves


def test_a_process_that_is_started_ahead_serves_the_first_request(good: VideoObject) -> None:
    with DecoderPool(settings()) as decoder:
        decoder.start_one()
        assert eventually(lambda: len(children()) == 1)
        ahead = children()
        decoder.start_one()
        assert decoder.probe(good) == pytest.approx(1.2)
        assert children() == ahead


def test_typed_errors_cross_the_process_with_their_message(tmp_path: Path, good: VideoObject) -> None:
    text = tmp_path / "notes.mp4"
    text.write_text("no video at all")
    with DecoderPool(settings()) as decoder:
        with pytest.raises(NotAVideo, match="no video format"):
            decoder.probe(video_at(text))
        assert decoder.probe(good) == pytest.approx(1.2), "the same process goes on"


def test_a_hang_is_killed_and_the_next_video_is_decoded(
    good: VideoObject, misbehaving: Callable[[str], VideoObject]
) -> None:
    """Also one that holds the GIL, so that no thread of its process can end it."""
    with DecoderPool(settings("limits.wall_s=3")) as decoder:
        for hang in (
            "hang_in_python",
            "hang_in_a_native_loop_that_holds_the_gil",
            "hang_in_a_system_call_that_holds_the_gil",
        ):
            with pytest.raises(TimedOut, match=r"longer than 3 s \(limits.wall_s\)"):
                decoder.probe(misbehaving(hang))
            assert children() == set()
        assert decoder.probe(good) == pytest.approx(1.2)


def test_a_video_that_kills_its_process_twice_is_condemned_and_costs_no_other(
    good: VideoObject, misbehaving: Callable[[str], VideoObject]
) -> None:
    with DecoderPool(settings("runtime.decode_processes=2")) as decoder:
        threads = [threading.Thread(target=decoder.probe, args=(good,)) for _ in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        before = children()
        with pytest.raises(DecoderCrashed, match=r"died twice on this video \(killed by signal 11\)"):
            decoder.probe(misbehaving("crash"))
        assert len(children() & before) == len(before) - 1, "the other process goes on"
        assert decoder.probe(good) == pytest.approx(1.2)


def test_memory_without_end_is_too_large_and_nearly_all_of_it_is_not(
    good: VideoObject, misbehaving: Callable[[str], VideoObject]
) -> None:
    with DecoderPool(settings("limits.memory_mb=512")) as decoder:
        assert decoder.probe(good) == pytest.approx(1.2)
        before = children()
        for bomb in ("allocate_without_end", "allocate_one_huge_block"):
            with pytest.raises(TooLarge, match=r"more memory than limits\.memory_mb"):
                decoder.probe(misbehaving(bomb))
        assert decoder.probe(misbehaving("allocate_nearly_all")) > 64
        assert decoder.decode(Clip(good.uri, good.version, 0.0, 1.2)).sampled is not None
        with pytest.raises(DecoderCrashed, match="unexpectedly: LookupError: a defect of ours"):
            decoder.probe(misbehaving("fail_unexpectedly"))
        assert children() == before, "none of it costs the process"


def test_a_video_whose_process_dies_once_is_decoded(good: VideoObject) -> None:
    with DecoderPool(settings()) as decoder:
        decoder.probe(good)
        (pid,) = children()
        os.kill(pid, signal.SIGKILL)  # the idle process: the next request finds it dead
        assert decoder.probe(good) == pytest.approx(1.2)


def test_a_video_that_needs_too_much_memory_is_too_large(tmp_path: Path, good: VideoObject) -> None:
    frames = moving_texture(10, width=3840, height=2160, step=8)
    heavy = write_video(
        tmp_path / "heavy.mp4", frames, options={"preset": "ultrafast", "refs": "8", "bf": "4"}
    )
    with DecoderPool(settings("limits.memory_mb=256", "blur.window=8")) as decoder:
        video = video_at(heavy)
        with pytest.raises(TooLarge, match=r"more memory than limits\.memory_mb"):
            decoder.decode(Clip(video.uri, video.version, 0.0, 0.4))
        assert decoder.probe(good) == pytest.approx(1.2)


def test_a_pipe_under_a_video_s_name_is_refused_at_once(tmp_path: Path) -> None:
    """Opening it would wait for somebody who writes into it, and reading it need never end."""
    path = tmp_path / "pipe.mp4"
    os.mkfifo(path)
    status = path.stat()
    video = VideoObject(str(path), f"{status.st_mtime_ns}-{status.st_size}")
    with DecoderPool(settings()) as decoder, pytest.raises(StoreUnavailable, match="a pipe or a device"):
        decoder.probe(video)
    assert children() == set(), "no process was needed for that"


def test_several_threads_share_the_processes(good: VideoObject) -> None:
    pool = settings("runtime.decode_processes=2")
    with DecoderPool(pool) as decoder:
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
    with DecoderPool(settings()) as decoder:
        assert decoder.probe(good) == pytest.approx(1.2)
        (child,) = children()
        seen = Path(f"/proc/{child}/environ").read_bytes()
    assert b"hush-hush" not in seen
    assert b"PATH=" in seen


def test_close_leaves_no_process(good: VideoObject) -> None:
    decoder = DecoderPool(settings())
    decoder.probe(good)
    assert len(children()) == 1
    decoder.close()
    assert children() == set()


@pytest.mark.in_gate("hang_in_a_native_loop_that_holds_the_gil")
@pytest.mark.parametrize("doing", ["nothing", "hang_in_a_native_loop_that_holds_the_gil"])
def test_children_end_when_their_parent_is_killed(
    good: VideoObject, misbehaving: Callable[[str], VideoObject], doing: str
) -> None:
    program = (
        "import sys, threading\n"
        "from motionsight_core.guarded.pool import DecoderPool\n"
        "from motionsight_core.catalog import VideoObject\n"
        "from motionsight_core.settings import Settings\n"
        "decoder = DecoderPool(Settings())\n"
        "print('started', bool(decoder.sandbox()), flush=True)\n"
        "for video in sys.argv[1:]:\n"
        "    decoder.probe(VideoObject(*video.split('|')))\n"
        "threading.Event().wait()\n"
    )
    videos = [good] if doing == "nothing" else [good, misbehaving(doing)]
    arguments = [f"{video.uri}|{video.version}" for video in videos]
    parent = subprocess.Popen([sys.executable, "-c", program, *arguments], stdout=subprocess.PIPE)
    assert parent.stdout is not None
    parent.stdout.readline()
    (child,) = children(parent.pid)
    # It is at its task when it computes.
    assert doing == "nothing" or eventually(lambda: processor_seconds(child) > 1)
    parent.kill()
    parent.wait()
    parent.stdout.close()
    assert eventually(lambda: not Path(f"/proc/{child}").exists())


def processor_seconds(process: int) -> float:
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@pytest.mark.long
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


def test_settings_that_ask_for_the_same_processes_share_them(good: VideoObject) -> None:
    """As those of a run and of the report on it do."""
    shared_decoder(settings()).probe(good)
    before = children()
    other = settings("sampling.frames=4", "blur.window=3", "annotator=openai:http://localhost:1/v1#m")
    assert shared_decoder(other).probe(good) == pytest.approx(1.2)
    assert children() == before


@pytest.mark.long
def test_processes_of_another_kind_end_when_nobody_uses_them(good: VideoObject) -> None:
    scenes = shared_decoder(settings("clips.scenes=true"))
    under_way = scenes.decode_scenes(good)
    assert next(under_way).clip.start_s == 0.0
    before = children()
    assert shared_decoder(settings("limits.memory_mb=2048")).probe(good) == pytest.approx(1.2)
    assert before < children(), "a request under way is left alone"
    assert list(under_way) == []
    assert len(children()) == 1
    assert not children() & before
    assert scenes.probe(good) == pytest.approx(1.2), "who still has it can use it"
    assert len(children()) == 1, "and it does not stay"


@pytest.mark.long
def test_close_ends_idle_processes_and_their_descriptors(good: VideoObject) -> None:
    open_here = lambda: len(list(Path("/proc/self/fd").iterdir()))  # noqa: E731
    before = open_here()
    with DecoderPool(settings("runtime.decode_processes=3")) as decoder:
        threads = [
            threading.Thread(target=decoder.decode, args=(Clip(good.uri, good.version, 0.0, 1.2),))
            for _ in range(3)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(children()) > 1
    assert children() == set()
    assert open_here() == before
