"""From a request to the decoded clip that it is about; every byte of it goes through the decoder pool."""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
import tempfile
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np

from motionsight_core.catalog import Clip, VideoObject
from motionsight_core.clip import DecodedClip, Product
from motionsight_core.guarded.pool import shared_decoder
from motionsight_core.serving.refusals import RequestError, invalid
from motionsight_core.serving.request import ChatRequest, Image
from motionsight_core.serving.roots import OpenedVideo, Roots
from motionsight_core.settings import ClipSettings, Settings
from motionsight_core.video.picture import Picture

#: How far apart images are that come without times, frames per second.
ASSUMED_FPS = 2.0

_DATA_URL = re.compile(
    r"data:(?P<kind>image|video)/[\w.+-]{1,64}(?:;[\w.+=-]{1,64})*?;base64,", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class MediaLimits:
    """How long a clip one request may hold; the settings' `limits` bound its pixels and the memory."""

    max_seconds: float = 600.0
    """Of a video."""
    max_images: int = 128


class Opening:
    """Opens what requests are about.

    Args:
        settings: of the method. A video is one clip, however long, and all images are sampled frames.
        roots: where addresses may lead.
        limits: of one request.
    """

    def __init__(self, settings: Settings, roots: Roots, limits: MediaLimits) -> None:
        self._settings = settings.model_copy(update={"clips": ClipSettings()})
        self._roots, self._limits = roots, limits

    def decoded(self, request: ChatRequest, products: Collection[Product]) -> DecodedClip:
        """The clip of a request.

        Raises:
            RequestError: it may not be opened, or is larger than the limits.
            ClipError: it cannot be decoded.
        """
        if request.video is not None:
            return self._video(request.video, products)
        return self._images(request.images, products)

    def _video(self, address: str, products: Collection[Product]) -> DecodedClip:
        decoder = shared_decoder(self._settings)
        opening = _held(address) if address[:5].lower() == "data:" else self._roots.opened(address)
        with opening as opened:
            duration_s = decoder.probe(opened.video, file=opened.file)
            if duration_s > self._limits.max_seconds:
                raise RequestError(
                    413,
                    "video_too_long",
                    f"The video lasts {duration_s:.1f} s; this server takes at most "
                    f"{self._limits.max_seconds:g} s.",
                    "messages",
                )
            clip = Clip(opened.video.uri, opened.video.version, 0.0, round(duration_s, 3))
            return decoder.decode(clip, products=products, file=opened.file)

    def _images(self, images: Sequence[Image], products: Collection[Product]) -> DecodedClip:
        if len(images) > self._limits.max_images:
            raise RequestError(
                413,
                "too_many_images",
                f"The request holds {len(images)} images; this server takes at most "
                f"{self._limits.max_images}.",
                "messages",
            )
        sampling = self._settings.sampling.model_copy(update={"frames": len(images), "fps": None})
        decoder = shared_decoder(self._settings.model_copy(update={"sampling": sampling}))
        times_s = times_of(images)
        step_s = float(np.median(np.diff(times_s))) if len(images) > 1 else 1 / ASSUMED_FPS
        digest = hashlib.sha256()
        pictures: list[Picture] = []
        with tempfile.TemporaryFile() as file:
            for image, time_s in zip(images, times_s, strict=True):
                data = _bytes_of(image.url, "image")
                pictures.append(Picture(file.tell(), len(data), time_s))
                digest.update(data)
                file.write(data)
            file.flush()
            end_s = round(times_s[-1] + step_s, 3)
            clip = Clip("data:image", digest.hexdigest(), round(times_s[0], 3), end_s)
            return decoder.decode_pictures(clip, pictures, file, products=products)


def times_of(images: Sequence[Image]) -> list[float]:
    """When the images are shown, seconds: as they say, or evenly where they do not all say it, in order.

    Times that were rounded until some are the same are spread evenly from the first to the last.
    """
    said = [image.time_s for image in images if image.time_s is not None]
    if len(said) == len(images) and len(said) > 1 and said == sorted(said) and said[0] < said[-1]:
        if len(set(said)) == len(said):
            return said
        return [float(time_s) for time_s in np.linspace(said[0], said[-1], len(said))]
    return [number / ASSUMED_FPS for number in range(len(images))]


@contextmanager
def _held(address: str) -> Iterator[OpenedVideo]:
    """A video that came with the request, in a file without a name."""
    data = _bytes_of(address, "video")
    with tempfile.TemporaryFile() as file:
        file.write(data)
        file.flush()
        file.seek(0)
        yield OpenedVideo(VideoObject("data:video", hashlib.sha256(data).hexdigest()), file)


def _bytes_of(url: str, kind: str) -> bytes:
    head = _DATA_URL.match(url)
    if head is None or head["kind"].lower() != kind:
        raise invalid(
            f"The url of {'an image' if kind == 'image' else 'such a video'} is "
            f"data:{kind}/...;base64,...; nothing is fetched.",
            "messages",
        )
    try:
        return base64.b64decode(url[head.end() :], validate=True)
    except (binascii.Error, ValueError):
        raise invalid(f"The {kind} is not in base64.", "messages") from None
