"""Pictures as the frames of a clip: the same products as a video of the same frames gives."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from motionsight_core.catalog import Clip, VideoObject
from motionsight_core.clip import DecodedClip
from motionsight_core.errors import ClipError, Corrupt, NotAVideo, TooLarge
from motionsight_core.guarded.pool import DecoderPool
from motionsight_core.settings import Settings
from motionsight_core.video.decoding import decode
from motionsight_core.video.picture import Picture
from motionsight_core.video.pictures import decode_pictures
from tests.videos import moving_texture, write_video

FRAMES = moving_texture(16, width=240, height=144, step=4)
STEP_S = 0.1
CLIP = Clip("data:image", "v", 0.0, len(FRAMES) * STEP_S)


def written(frames: Sequence[NDArray[np.uint8]], kind: str = "png") -> list[bytes]:
    return [cv2.imencode(f".{kind}", cv2.cvtColor(frame, cv2.COLOR_RGB2BGR))[1].tobytes() for frame in frames]


def placed(files: Sequence[bytes]) -> tuple[list[Picture], bytes]:
    """The files one after the other, `STEP_S` apart in time."""
    pictures, offset = [], 0
    for number, data in enumerate(files):
        pictures.append(Picture(offset, len(data), number * STEP_S))
        offset += len(data)
    return pictures, b"".join(files)


def decoded(files: Sequence[bytes], settings: Settings | None = None) -> DecodedClip:
    pictures, data = placed(files)
    return decode_pictures(CLIP, pictures, io.BytesIO(data), settings)


def test_pictures_give_what_a_video_of_them_gives(tmp_path: Path) -> None:
    path = write_video(
        tmp_path / "same.mkv", FRAMES, codec="ffv1", pix_fmt="bgr0", rate=10, times_ms=range(0, 1600, 100)
    )
    with path.open("rb") as file:
        video = decode(Clip("video", "v", 0.0, CLIP.end_s), file=file)
    pictures = decoded(written(FRAMES))
    # Frames are blended in YUV, and RGB is converted to it in the range that its file declares.
    for ours, theirs, tolerance in (
        (pictures.sampled, video.sampled, 0),
        (pictures.blurred, video.blurred, 6),
    ):
        assert ours is not None and theirs is not None
        assert np.abs(ours.pixels.astype(int) - theirs.pixels).max() <= tolerance
        assert ours.times_s == pytest.approx(theirs.times_s, abs=0.001)
    assert pictures.motion is not None and video.motion is not None
    assert [move.label for move in pictures.motion.camera_moves] == ["pan_right"]
    assert [move.label for move in video.motion.camera_moves] == ["pan_right"]
    assert (pictures.width, pictures.height, pictures.fps, pictures.codec) == (240, 144, 10.0, "png")


@pytest.mark.parametrize(("kind", "tolerance"), [("png", 0), ("webp", 6), ("jpeg", 8)])
def test_a_format_gives_the_frames_that_were_written(kind: str, tolerance: float) -> None:
    sampled = decoded(written(FRAMES, kind)).sampled
    assert sampled is not None
    assert np.abs(sampled.pixels.astype(int) - np.stack(FRAMES)).mean() <= tolerance


def test_gray_and_transparent_pictures_are_shown() -> None:
    gray = [cv2.imencode(".png", frame[..., 0])[1].tobytes() for frame in FRAMES[:2]]
    clear = [cv2.imencode(".png", np.dstack([frame, frame[..., 0]]))[1].tobytes() for frame in FRAMES[:2]]
    for files in (gray, clear):
        sampled = decoded(files).sampled
        assert sampled is not None and sampled.pixels.shape == (2, 144, 240, 3)


def test_one_picture_is_a_clip_of_one_frame() -> None:
    single = decoded(written(FRAMES[:1]))
    assert single.sampled is not None and len(single.sampled) == 1
    assert single.blurred is not None and len(single.blurred) == 1


@pytest.mark.parametrize(
    ("second", "error", "sentence"),
    [
        (b"GIF89a", NotAVideo, "Image 2 cannot be used: It is neither a JPEG nor a PNG nor a WebP."),
        (b"RIFF\0\0\0\0AVI ", NotAVideo, "Image 2 cannot be used: It is neither"),
        (b"", NotAVideo, "Image 2 cannot be used: "),
        (written(FRAMES[:1])[0][:60], Corrupt, "Image 2 cannot be used: "),
        (
            written([FRAMES[0][:100]])[0],
            Corrupt,
            "Image 2 cannot be used: It is 240x100 pixels large and the first is 240x144; the frames",
        ),
    ],
)
def test_a_picture_that_cannot_be_used_is_named(second: bytes, error: type[ClipError], sentence: str) -> None:
    with pytest.raises(error) as raised:
        decoded([written(FRAMES[:1])[0], second])
    assert str(raised.value).startswith(sentence)


def test_more_pixels_than_the_limits_allow_are_not_decoded() -> None:
    settings = Settings.model_validate({"limits": {"max_frame_pixels": 1024}})
    with pytest.raises((TooLarge, Corrupt)):
        decoded(written(FRAMES[:1]), settings)


def test_the_decoder_pool_gives_the_same(tmp_path: Path) -> None:
    pictures, data = placed(written(FRAMES))
    path = tmp_path / "pictures"
    path.write_bytes(data)
    with path.open("rb") as file, DecoderPool(Settings()) as pool:
        guarded = pool.decode_pictures(CLIP, pictures, file)
        again = pool.decode_pictures(CLIP, pictures, file)
    here = decoded(written(FRAMES))
    for other in (guarded, again):
        assert other.sampled is not None and here.sampled is not None
        assert np.array_equal(other.sampled.pixels, here.sampled.pixels)
        assert other.motion is not None and here.motion is not None
        assert other.motion.camera_moves == here.motion.camera_moves


def test_an_open_file_takes_the_place_of_a_store(tmp_path: Path) -> None:
    path = write_video(tmp_path / "a.mp4", FRAMES)
    video = VideoObject("nowhere://a.mp4", "v")
    with path.open("rb") as file, DecoderPool(Settings()) as pool:
        duration_s = pool.probe(video, file=file)
        clip = pool.decode(Clip(video.uri, video.version, 0.0, duration_s), file=file)
    assert clip.clip.uri == "nowhere://a.mp4"
    assert clip.sampled is not None and len(clip.sampled) == 16
