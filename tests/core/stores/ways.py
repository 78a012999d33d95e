"""A bucket and a proxy that leads to it, as one who reads and lists through the proxy."""

from __future__ import annotations

from typing import NamedTuple

from motionsight_core.catalog import VideoObject
from motionsight_core.settings import StoreSettings
from motionsight_core.stores import Selection, list_objects, open_object
from tests.core.stores.proxy import Proxy
from tests.core.stores.servers import Place


class Way(NamedTuple):
    """A bucket, and a proxy that leads to it."""

    place: Place
    proxy: Proxy
    settings: StoreSettings

    def names(self, after: str = "") -> list[str]:
        selection = Selection(after=after and self.place.address + after)
        listing = list_objects(self.place.address, selection=selection, settings=self.settings)
        return [item.uri.removeprefix(self.place.address) for item in listing]

    def video(self) -> VideoObject:
        (video,) = list_objects(self.place.address, settings=self.settings)
        assert isinstance(video, VideoObject)
        return video

    def content(self, video: VideoObject) -> bytes:
        with open_object(video, settings=self.settings) as file:
            return file.read()

    def with_settings(self, **values: object) -> Way:
        return self._replace(settings=self.settings.model_copy(update=values))
