"""A decoding process that was taken over can say what it likes: its parent believes none of it."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from motionsight_core.catalog import Clip, VideoObject
from motionsight_core.clip import DecodedClip, FrameSequence
from motionsight_core.errors import ClipError, DecoderCrashed, TimedOut
from motionsight_core.guarded import pool, process
from motionsight_core.guarded.answers import NotAnAnswer, build, plain
from motionsight_core.guarded.pool import DecoderPool, check_decoded
from motionsight_core.measure.types import CameraPath, MotionMeasurement
from motionsight_core.record import Box, CameraMove, ObjectTrack
from tests.core.guarded.conftest import INSIDE
from tests.core.guarded.inside.liar import LIES
from tests.core.guarded.processes import settings, video_at

pytestmark = pytest.mark.decoders_start_anew

SERVED = [lie for lie in LIES if lie.startswith("a read ") and lie != "a read of an open file"]
OF_ITS_OWN = {
    "no answer": (DecoderCrashed, "gave no answer"),
    "an error of its own": (ClipError, r"^(come on )+$"),
    "half a message": (TimedOut, "longer than 3 s"),
}


@pytest.fixture
def lying(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Path]:
    """Decoding processes that lie; gives the file that exists where a pickle of theirs was loaded."""

    def lie(lie: str) -> Path:
        marker = tmp_path / "was-run"
        program = (
            f"import sys; sys.path.insert(0, {str(INSIDE)!r})\n"
            f"import liar; liar.main({lie!r}, {str(marker)!r})"
        )
        monkeypatch.setattr(process, "_PROGRAM", program)
        return marker

    return lie


@pytest.fixture
def some_file(tmp_path: Path) -> VideoObject:
    path = tmp_path / "some.mp4"
    path.write_bytes(bytes(1000))
    return video_at(path)


@pytest.mark.parametrize("lie", LIES)
def test_a_lie_costs_the_process_and_nothing_happens(
    lie: str, lying: Callable[[str], Path], some_file: VideoObject
) -> None:
    marker = lying(lie)
    error, message = OF_ITS_OWN.get(lie, (DecoderCrashed, "died twice"))
    with DecoderPool(settings("limits.wall_s=3")) as decoder:
        with pytest.raises(error, match=message):
            decoder.probe(some_file)
        assert not decoder._processes.alive or lie in ("no answer", "an error of its own")
    assert not marker.exists()


def test_a_process_whose_answer_is_for_another_clip_serves_nobody_else(
    good: VideoObject, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(decoded: DecodedClip) -> None:
        raise DecoderCrashed("The decoding process returned data that is not a sequence of frames.")

    with DecoderPool(settings()) as decoder:
        clip = Clip(good.uri, good.version, 0.0, decoder.probe(good))
        monkeypatch.setattr(pool, "check_decoded", refuse)
        with pytest.raises(DecoderCrashed, match="not a sequence of frames"):
            decoder.decode(clip)
        assert not decoder._processes.alive
        monkeypatch.undo()
        assert decoder.decode(clip).clip == clip


@pytest.mark.parametrize("lie", SERVED)
def test_a_read_that_no_decoder_of_ours_would_ask_for_ends_the_process(
    lie: str, lying: Callable[[str], Path], some_file: VideoObject, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Reader:
        size = 1000

        def read(self, offset: int, length: int) -> bytes:
            raise AssertionError("it was read")

    class Store:
        @contextmanager
        def read(self, video: VideoObject):
            yield Reader()

    lying(lie)
    monkeypatch.setattr(pool, "store_for", lambda *_: Store())
    with (
        DecoderPool(settings()) as decoder,
        pytest.raises(DecoderCrashed, match=r"bytes that the video does not have|broke the protocol"),
    ):
        decoder.probe(some_file)


@pytest.mark.long
def test_no_descriptor_is_left_after_a_hundred_deaths(
    lying: Callable[[str], Path], some_file: VideoObject
) -> None:
    lying("death")
    with DecoderPool(settings()) as decoder:
        counts = []
        for _ in range(50):  # two deaths each
            with pytest.raises(DecoderCrashed):
                decoder.probe(some_file)
            counts.append(len(list(Path("/proc/self/fd").iterdir())))
        assert not decoder._processes.alive
    assert counts[-1] <= counts[0]


def a_clip() -> DecodedClip:
    times = np.linspace(0, 1, 3)
    frames = FrameSequence(np.arange(3 * 4 * 5 * 3, dtype=np.uint8).reshape(3, 4, 5, 3), times)
    motion = MotionMeasurement(
        camera_moves=(CameraMove(0.0, 1.0, "static", 0.0, 1.0),),
        steadiness="static",
        cuts=(0.5,),
        tracks=(ObjectTrack(1, "moving region", 0.5, 0.0, 1.0, (Box(0.0, 0.1, 0.2, 0.3, 0.4),)),),
        motion_score=0.25,
        clarity=1.0,
        camera_path=CameraPath(times, times, times, times, times, np.zeros(0)),
    )
    return DecodedClip(Clip("a.mp4", "1-2", 0.0, 1.0), 5, 4, 25.0, "h264", 0, frames, None, motion)


def received(value: object, kind: object, change: Callable[[object], object] = lambda sent: sent) -> object:
    arrays: list[NDArray[np.generic]] = []
    sent = change(plain(value, arrays))
    left = iter([array for array in arrays if array.size])

    def receive(shape: tuple[int, ...], dtype: np.dtype[np.generic]) -> NDArray[np.generic]:
        array = next(left)
        assert (array.shape, array.dtype) == (shape, dtype)
        return array

    return build(kind, sent, receive)


def test_a_decoded_clip_comes_through_as_it_was() -> None:
    clip = a_clip()
    again = received(clip, DecodedClip)
    assert isinstance(again, DecodedClip)
    assert again.clip == clip.clip
    assert again.sampled is not None
    assert again.blurred is None
    assert again.motion is not None
    assert clip.motion is not None
    assert (again.motion.camera_moves, again.motion.tracks) == (clip.motion.camera_moves, clip.motion.tracks)
    assert (again.motion.camera_path.t_s == clip.motion.camera_path.t_s).all()
    assert again.motion.camera_path.inliers.shape == (0,)
    check_decoded(again)


@pytest.mark.parametrize(
    "changes",
    [
        {"width": "5"},
        {"width": 5.0},
        {"width": True},
        {"width": 2**63},
        {"codec": None},
        {"codec": "\ud800"},
        {"clip": None},
        {"clip": {"uri": "a.mp4"}},
        {"sampled": {"pixels": [3, 4, 5, 3]}},
        {"sampled": {"pixels": "3", "times_s": [3]}},
        {"sampled": {"pixels": [3, -4, 5, 3], "times_s": [3]}},
        {"sampled": {"pixels": [1, 1, 1, 1, 1], "times_s": [3]}},
        {"sampled": {"pixels": [2**40], "times_s": [3]}},
        {"unheard_of": 1},
        {"motion": []},
    ],
)
def test_a_field_of_another_type_is_not_taken(changes: dict[str, object]) -> None:
    def change(sent: object) -> object:
        assert isinstance(sent, dict)
        return sent | changes

    with pytest.raises(NotAnAnswer):
        received(a_clip(), DecodedClip, change)


def test_what_is_no_plain_value_is_not_sent() -> None:
    with pytest.raises(TypeError, match="cannot answer with a PosixPath"):
        plain(Path(os.curdir), [])


def test_frames_without_pixels_or_times_are_not_taken() -> None:
    good = np.zeros((2, 4, 5, 3), np.uint8)
    for sequence in (
        FrameSequence(good, np.zeros(3)),
        FrameSequence(good[..., :2], np.zeros(2)),
        FrameSequence(good[:0], np.zeros(0)),
    ):
        clip = DecodedClip(Clip("a", "1", 0.0, 1.0), 5, 4, 25.0, "h264", 0, sequence, None, None)
        with pytest.raises(DecoderCrashed, match="returned data that is not a sequence of frames"):
            check_decoded(clip)
