"""Decoded clips as few bytes: how they travel from machines that decode to machines with a GPU.

Frames become JPEGs of quality 90; everything else, the measurement first of all, arrives as it was,
to the last bit. A packed clip is

    4 bytes   MSPC
    1 byte    version of this layout
    4 bytes   length of the header
    header    JSON: the clip and its measurement, and of each array its shape
    arrays    in the order of the header; of frames each picture's length (4 bytes) and its file

with all numbers big-endian, and the elements of arrays little-endian.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from motionsight_core.clip import DecodedClip
from motionsight_core.guarded.answers import NotAnAnswer, build, plain
from motionsight_core.video.jpeg import LONGEST_SIDE, jpeg_of

_MAGIC = b"MSPC"
_VERSION = 4
_HEAD = struct.Struct(">4sBI")
_LENGTH = struct.Struct(">I")


@dataclass(frozen=True, slots=True)
class PackedClip:
    """A decoded clip that travels."""

    content: bytes
    """As this module lays it out."""

    def __repr__(self) -> str:
        return f"PackedClip({len(self.content)} bytes)"


def pack(decoded: DecodedClip) -> PackedClip:
    """The clip with its frames as JPEGs. Safe to call from many threads; native code does the work."""
    arrays: list[NDArray[Any]] = []
    header = json.dumps(plain(decoded, arrays), separators=(",", ":")).encode()
    parts = [_HEAD.pack(_MAGIC, _VERSION, len(header)), header]
    for array in arrays:
        if _are_frames(array.shape, array.dtype):
            for picture in map(_picture, array):
                parts += [_LENGTH.pack(len(picture)), picture]
        else:
            parts.append(array.astype(array.dtype.newbyteorder("<"), copy=False).tobytes())
    return PackedClip(b"".join(parts))


def unpack(packed: PackedClip) -> DecodedClip:
    """The clip again; its frames are what JPEG left of them.

    Raises:
        ValueError: these bytes are no packed clip, or one that another version of the program packed.
    """
    try:
        return _unpack(memoryview(packed.content))
    except (struct.error, NotAnAnswer, UnicodeDecodeError, json.JSONDecodeError, cv2.error) as error:
        raise ValueError(f"A packed clip is damaged ({type(error).__name__}).") from None


def _unpack(content: memoryview) -> DecodedClip:
    magic, version, length = _HEAD.unpack_from(content)
    if (magic, version) != (_MAGIC, _VERSION):
        raise ValueError(
            f"A packed clip of layout {magic!r} {version} cannot be read, only {_MAGIC!r} {_VERSION}: let "
            "all workers run the same version."
        )
    place = _HEAD.size + length

    def take(count: int) -> memoryview:
        nonlocal place
        taken, place = content[place : place + count], place + count
        if len(taken) != count:
            raise NotAnAnswer
        return taken

    def pictures(count: int) -> Iterator[NDArray[np.uint8]]:
        for _ in range(count):
            (size,) = _LENGTH.unpack(take(_LENGTH.size))
            yield _pixels(take(size))

    def receive(shape: tuple[int, ...], dtype: np.dtype[Any]) -> NDArray[Any]:
        if not _are_frames(shape, dtype):
            raw = take(dtype.itemsize * int(np.prod(shape)))
            return np.frombuffer(raw, dtype.newbyteorder("<")).astype(dtype).reshape(shape)
        frames = np.empty(shape, dtype)
        for frame, picture in zip(frames, pictures(shape[0]), strict=True):
            if picture.shape != frame.shape:
                raise NotAnAnswer
            frame[...] = picture
        return frames

    return build(DecodedClip, json.loads(bytes(content[_HEAD.size : place])), receive)


def _are_frames(shape: tuple[int, ...], dtype: np.dtype[Any]) -> bool:
    """Whether an array is [T, H, W, 3] RGB."""
    return dtype == np.uint8 and len(shape) == 4 and shape[-1] == 3


def _picture(pixels: NDArray[np.uint8]) -> bytes:
    """A file that holds RGB pixels [H, W, 3]: a JPEG; a PNG where a side is too long for one."""
    if max(pixels.shape) <= LONGEST_SIDE:
        return jpeg_of(pixels)
    _, file = cv2.imencode(".png", cv2.cvtColor(pixels, cv2.COLOR_RGB2BGR))
    return file.tobytes()


def _pixels(file: memoryview) -> NDArray[np.uint8]:
    """RGB pixels [H, W, 3] of a picture's file."""
    bgr = cv2.imdecode(np.frombuffer(file, np.uint8), cv2.IMREAD_COLOR)
    if bgr is None:
        raise NotAnAnswer
    return np.asarray(cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB), np.uint8)
