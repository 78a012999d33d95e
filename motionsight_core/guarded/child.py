"""What runs inside a guarded decoding process: lock oneself in, then answer requests until the end.

Started by `motionsight_core.guarded.process` with, as arguments: the socket's descriptor, the memory
limit in MiB, the parent's process id, the lifeline's descriptor, `limits.sandbox`, and the names of
modules that the tasks to come need beside. Of a module that has one the function `preload` is called: it
reads what the module needs of files, which there are none of later.
"""

from __future__ import annotations

import importlib
import itertools
import socket
import sys
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import suppress
from typing import Any, BinaryIO

import cv2

from motionsight_core.catalog import Clip, VideoObject
from motionsight_core.clip import DecodedClip, Product
from motionsight_core.errors import ClipError, Corrupt, DecoderCrashed, TooLarge
from motionsight_core.guarded.lifetime import end_with, limit_processor_time
from motionsight_core.guarded.preload import load_lazy_modules
from motionsight_core.guarded.sandbox import SandboxReport, limit_memory, lock_files, lock_system_calls
from motionsight_core.guarded.video_file import file_of_descriptor, file_of_reads
from motionsight_core.guarded.wire import Closed, Kind, ProcessEnd
from motionsight_core.settings import LimitSettings, Settings
from motionsight_core.video.decoding import decode, decode_scenes, probe
from motionsight_core.video.picture import Picture
from motionsight_core.video.pictures import decode_pictures


def _probe(file: BinaryIO, video: VideoObject, settings: Settings) -> Iterator[float]:
    yield probe(video, settings, file=file)


def _decode(
    file: BinaryIO, clip: Clip, settings: Settings, products: Collection[Product]
) -> Iterator[DecodedClip]:
    yield decode(clip, settings, products=products, file=file)


def _decode_scenes(
    file: BinaryIO, video: VideoObject, settings: Settings, products: Collection[Product]
) -> Iterator[DecodedClip]:
    return decode_scenes(video, settings, products=products, file=file)


def _decode_pictures(
    file: BinaryIO,
    clip: Clip,
    pictures: Sequence[Picture],
    settings: Settings,
    products: Collection[Product],
) -> Iterator[DecodedClip]:
    yield decode_pictures(clip, pictures, file, settings, products=products)


#: What can be asked for: generators that take the video's file and the request's arguments.
TASKS: dict[str, Callable[..., Iterator[Any]]] = {
    "probe": _probe,
    "decode": _decode,
    "decode_scenes": _decode_scenes,
    "decode_pictures": _decode_pictures,
}


def main() -> None:
    descriptor, memory_mb, parent, lifeline = (int(argument) for argument in sys.argv[1:5])
    # Decoding in the background of a service must not starve it.
    cv2.setNumThreads(1)
    end = ProcessEnd(socket.socket(fileno=descriptor))
    sandbox = sys.argv[5]
    load_lazy_modules()
    for module in sys.argv[6:]:
        preload = getattr(importlib.import_module(module), "preload", None)
        if preload is not None:
            preload()
    limit_memory(memory_mb)
    files = lock_files(sandbox)
    end_with(parent, lifeline)
    report = SandboxReport((files, lock_system_calls(sandbox)))
    with suppress(Closed, ConnectionError, KeyboardInterrupt):
        end.send(Kind.READY, report)
        while True:
            _serve(end)


def _serve(end: ProcessEnd) -> None:
    """Take one request and answer it."""
    (task, arguments, skip, size, limits), descriptor = end.receive_request()
    limits: LimitSettings
    limit_processor_time(limits.wall_s)
    try:
        file = file_of_reads(size, end.read) if descriptor is None else file_of_descriptor(descriptor)
        with file:
            for answer in itertools.islice(TASKS[task](file, *arguments), skip, None):
                end.send(Kind.ITEM, answer)
                limit_processor_time(limits.wall_s)
    except (Closed, ConnectionError):
        raise
    except Exception as error:
        failure = _failure(error)
        # A message may quote bytes of the file that are no text.
        message = str(failure).encode(errors="backslashreplace").decode()
        end.send(Kind.ERROR, [failure.name, message, bool(failure.permanent)])
    else:
        end.send(Kind.END)


def _failure(error: Exception) -> ClipError:
    """What an exception means for the clip."""
    if isinstance(error, ClipError):
        return error
    if isinstance(error, MemoryError):
        return _too_much_memory()
    if isinstance(error, cv2.error):
        if error.code == cv2.Error.STS_NO_MEM:
            return _too_much_memory()
        return Corrupt(f"The video's pictures cannot be processed: {error.err}.")
    # A defect of ours: it costs this clip, is named in its row, and not the process.
    return DecoderCrashed(f"Decoding failed unexpectedly: {type(error).__name__}: {error}.")


def _too_much_memory() -> TooLarge:
    return TooLarge("Decoding needs more memory than limits.memory_mb allows.")
