"""What a decoding process could reach if a decoder in it were taken over."""

from __future__ import annotations

import ctypes
import ctypes.util
import platform
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from motionsight_core.catalog import Clip, VideoObject
from motionsight_core.errors import Corrupt, RunError
from motionsight_core.guarded.pool import DecoderPool
from motionsight_core.guarded.sandbox._system_calls import ARCHITECTURES, NEEDED
from motionsight_core.video.decoding import decode
from tests.core.guarded.processes import children, settings, video_at
from tests.videos import moving_texture, write_video

pytestmark = pytest.mark.decoders_start_anew

FILES = {"open", "write", "list"}


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where a taken-over process would leave something."""
    monkeypatch.setenv("HOME", str(tmp_path))


@pytest.fixture
def walls() -> set[str]:
    """The walls that this machine has; without any there is nothing to test."""
    with DecoderPool(settings()) as decoder:
        active = {part.name for part in decoder.sandbox().parts if part.active}
    if not active:
        pytest.skip("this machine has neither Landlock nor seccomp")
    return active


def worked(video: VideoObject, *overrides: str) -> set[str]:
    """What of `ATTEMPTS` a decoding process could do."""
    with DecoderPool(settings(*overrides)) as decoder, pytest.raises(Corrupt) as caught:
        decoder.probe(video)
    return set(str(caught.value).removeprefix("worked: ").split()) - {"nothing"}


def test_a_taken_over_process_reaches_nothing(
    walls: set[str], misbehaving: Callable[[str], VideoObject]
) -> None:
    if "seccomp" not in walls:
        pytest.skip("this machine has no seccomp, or not for its architecture")
    assert worked(misbehaving("try_everything")) == set()


def test_without_the_sandbox_it_reaches_all(misbehaving: Callable[[str], VideoObject]) -> None:
    """So that the test above tests something."""
    reached = worked(misbehaving("try_everything"), "limits.sandbox=off")
    assert {"open", "write", "list", "stat", "tcp", "udp", "unix", "fork", "execute"} <= reached


def test_landlock_alone_takes_files_and_signals(
    walls: set[str], misbehaving: Callable[[str], VideoObject], monkeypatch: pytest.MonkeyPatch
) -> None:
    if "Landlock" not in walls:
        pytest.skip("this machine has no Landlock")
    monkeypatch.setenv("PYTHONWITHOUT", "take_system_calls")
    assert not worked(misbehaving("try_everything")) & FILES


def test_without_the_kernel_s_help_it_says_so_or_refuses(
    misbehaving: Callable[[str], VideoObject], good: VideoObject, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parent / "inside"))
    monkeypatch.setenv("PYTHONWITHOUT", "take_files take_system_calls")
    with DecoderPool(settings("limits.sandbox=auto")) as decoder:
        assert decoder.sandbox().missing == (
            "Landlock: the kernel does not support it",
            "seccomp: the kernel does not support it",
        )
        assert decoder.probe(good) == pytest.approx(1.2)
    with (
        DecoderPool(settings("limits.sandbox=required")) as decoder,
        pytest.raises(RunError, match=r"Landlock: the kernel does not support it.*set limits.sandbox=auto"),
    ):
        decoder.probe(good)


def test_a_process_has_the_limits_of_the_kernel(walls: set[str], good: VideoObject) -> None:
    with DecoderPool(settings("limits.wall_s=100")) as decoder:
        decoder.probe(good)
        (child,) = children()
        limits = {
            line[:26].strip(): line[26:47].strip()
            for line in Path(f"/proc/{child}/limits").read_text().splitlines()
        }
        status = Path(f"/proc/{child}/status").read_text()
    assert limits["Max file size"] == limits["Max core file size"] == "0"
    assert limits["Max open files"] == "64"
    assert limits["Max data size"] == str(3072 << 20)
    assert 110 <= int(limits["Max cpu time"]) < 200, "what it has used, the limit, and some grace"
    assert "NoNewPrivs:\t1" in status
    assert ("Seccomp:\t2" in status) == ("seccomp" in walls)


#: name: (encoder, pixel format, options). All that PyAV can both write and read.
CODECS = {
    "h264.mp4": ("libx264", "yuv420p", {}),
    "h264-10.mkv": ("libx264", "yuv422p10le", {}),
    "hevc.mkv": ("libx265", "yuv420p", {"x265-params": "log-level=none"}),
    "vp8.webm": ("libvpx", "yuv420p", {"deadline": "realtime"}),
    "vp9.webm": ("libvpx-vp9", "yuv420p", {"deadline": "realtime", "cpu-used": "8"}),
    "av1.mp4": ("libsvtav1", "yuv420p", {"preset": "12"}),
    "mpeg4.avi": ("mpeg4", "yuv420p", {}),
    "mpeg2.ts": ("mpeg2video", "yuv420p", {}),
    "mpeg1.mpg": ("mpeg1video", "yuv420p", {}),
    "mjpeg.avi": ("mjpeg", "yuvj420p", {}),
    "prores.mov": ("prores_ks", "yuv422p10le", {}),
    "ffv1.mkv": ("ffv1", "yuv420p", {}),
    "flv1.flv": ("flv", "yuv420p", {}),
    "wmv2.wmv": ("wmv2", "yuv420p", {}),
    "png.mov": ("png", "rgb24", {}),
}


def test_every_codec_is_decoded_in_the_sandbox_as_outside(tmp_path: Path) -> None:
    with DecoderPool(settings()) as decoder:
        for name, (codec, pix_fmt, options) in CODECS.items():
            frames = moving_texture(12, width=96, height=64)
            path = write_video(tmp_path / name, frames, codec=codec, pix_fmt=pix_fmt, options=options)
            video = video_at(path)
            clip = Clip(video.uri, video.version, 0.0, decoder.probe(video))
            guarded, plain = decoder.decode(clip), decode(clip)
            assert guarded.sampled is not None, name
            assert plain.sampled is not None, name
            assert (guarded.sampled.pixels == plain.sampled.pixels).all(), name
            assert guarded.motion is not None, name
            assert plain.motion is not None, name
            assert guarded.motion.camera_moves == plain.motion.camera_moves, name
            assert guarded.codec == plain.codec


@pytest.mark.parametrize(("machine", "token"), [("x86_64", 0xC000003E), ("aarch64", 0xC00000B7)])
def test_the_numbers_of_the_system_calls_are_the_kernel_s(machine: str, token: int) -> None:
    name = ctypes.util.find_library("seccomp")
    if name is None:
        pytest.skip("libseccomp, which knows the numbers, is not installed")
    resolve = ctypes.CDLL(name).seccomp_syscall_resolve_name_arch
    table = ARCHITECTURES[machine]
    assert table.mark == token
    known = {call: resolve(ctypes.c_uint32(token), call.encode()) for call in NEEDED}
    # What an architecture has not, libseccomp gives a negative number.
    assert table.numbers == {call: number for call, number in known.items() if number >= 0}
    assert table.seccomp == resolve(ctypes.c_uint32(token), b"seccomp")


def test_this_machine_is_locked_in(walls: set[str]) -> None:
    if sys.platform == "linux" and platform.machine() in ARCHITECTURES:
        assert "seccomp" in walls, "a container may filter the call away; then set limits.sandbox=off"
