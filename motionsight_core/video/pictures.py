"""Single pictures as the frames of a clip: what comes as JPEG, PNG or WebP files, not as a video."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from fractions import Fraction
from typing import BinaryIO

import av
import numpy as np
from av.packet import Packet
from av.video.codeccontext import VideoCodecContext
from av.video.frame import VideoFrame

from motionsight_core.catalog import Clip
from motionsight_core.clip import ALL_PRODUCTS, DecodedClip, Product
from motionsight_core.errors import ClipError, Corrupt, NotAVideo
from motionsight_core.settings import LimitSettings, Settings
from motionsight_core.video.clip_frames import ClipFrames
from motionsight_core.video.container import require_size, translated_errors
from motionsight_core.video.picture import Picture
from motionsight_core.video.pixels import geometry_of

#: Signatures of the formats that are read, and their FFmpeg decoders.
_DECODERS = ((b"\xff\xd8\xff", "mjpeg"), (b"\x89PNG\r\n\x1a\n", "png"), (b"RIFF", "webp"))


def decode_pictures(
    clip: Clip,
    pictures: Sequence[Picture],
    file: BinaryIO,
    settings: Settings | None = None,
    *,
    products: Collection[Product] = ALL_PRODUCTS,
) -> DecodedClip:
    """The frames and the measurement of a clip that was given as pictures, one pass over them.

    They take the place of the video's frames: those sampled are some of them, a blur window (eq. 5) holds the
    pictures before the sampled one, and motion is measured from one to the next.

    For bytes that are not trusted use `DecoderPool`, which runs this in a process with limits.

    Args:
        clip: named as whoever gives the pictures likes; its span holds their times.
        pictures: one or more, of one size, at times that increase.
        file: a seekable handle on the pictures' bytes.

    Raises:
        NotAVideo: one is neither JPEG, PNG nor a still WebP.
        TooLarge: one is above `limits.max_frame_pixels`.
        Corrupt: one cannot be decoded, or has another size than the first.
    """
    settings = settings or Settings()
    times_s = np.array([picture.time_s for picture in pictures], np.float64)
    pass_ = ClipFrames(clip, times_s, np.arange(len(pictures)), settings, products)
    codec = ""
    for number, picture in enumerate(pictures):
        file.seek(picture.offset)
        data = file.read(picture.length)
        with _said_of(number + 1):
            found = _decoder_of(data)
            frame = _decoded(data, found, settings.limits)
            geometry = geometry_of(frame, Fraction(1))
            first = pass_.geometry
            if first is not None and (geometry.width, geometry.height) != (first.width, first.height):
                raise Corrupt(
                    f"It is {geometry.width}x{geometry.height} pixels large and the first is "
                    f"{first.width}x{first.height}; the frames of a clip have one size."
                )
        codec = codec or found
        if number == 0 or pass_.wanted[number]:
            pass_.take(number, frame, geometry)
    geometry = pass_.geometry
    if geometry is None:
        raise Corrupt("There is no picture.")
    return DecodedClip(
        clip=clip,
        width=geometry.width,
        height=geometry.height,
        fps=len(pictures) / (clip.end_s - clip.start_s),
        codec=codec,
        lost_frames=0,
        sampled=pass_.sampled(),
        blurred=pass_.blurred(),
        motion=pass_.motion(),
    )


@contextmanager
def _said_of(number: int) -> Iterator[None]:
    """Errors say which picture they are about, by its number from 1."""
    try:
        yield
    except ClipError as error:
        raise error.with_message(f"Image {number} cannot be used: {error}") from None


def _decoder_of(data: bytes) -> str:
    for signature, decoder in _DECODERS:
        if data.startswith(signature) and (decoder != "webp" or data[8:12] == b"WEBP"):
            return decoder
    raise NotAVideo("It is neither a JPEG nor a PNG nor a WebP.")


def _decoded(data: bytes, decoder: str, limits: LimitSettings) -> VideoFrame:
    codec = av.CodecContext.create(decoder, "r")
    assert isinstance(codec, VideoCodecContext)  # noqa: S101
    codec.options = {"max_pixels": str(limits.max_frame_pixels)}
    codec.thread_count = 1
    with translated_errors():
        frames = [*codec.decode(Packet(data)), *codec.decode(None)]
    if not frames:
        raise Corrupt("Its pixels cannot be decoded.")
    require_size(frames[0].width, frames[0].height, limits)
    return frames[0]
