"""ReadNotifications: messages about a bucket to the videos that were written, each once."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import apache_beam as beam
from apache_beam.io.gcp.pubsub import PubsubMessage
from apache_beam.pvalue import TaggedOutput
from apache_beam.transforms.deduplicate import DeduplicatePerKey

from motionsight_core.catalog import VideoObject
from motionsight_core.errors import UnreadableNotification
from motionsight_core.planning.notifications import notified_video
from motionsight_core.record import Failure
from motionsight_core.settings import Settings
from motionsight_core.stores import Candidate
from transforms._candidates import CANDIDATES, LookInto
from transforms._counters import counter
from transforms._plan import FAILURES

#: Pub/Sub delivers at least once, and again mostly within minutes. What comes later than this is found
#: in the warehouse.
_SEEN_S = 3600
#: Of a message that cannot be read, what its failure quotes.
_QUOTED_BYTES = 200


class Notified(NamedTuple):
    """Outputs of ReadNotifications."""

    videos: beam.PCollection[VideoObject]
    failures: beam.PCollection[Failure]
    """Messages that are no notification: nothing is lost, and nothing stops for them."""


class ReadNotifications(beam.PTransform):
    """PCollection[PubsubMessage] -> the objects that were written, and failures.

    Other events and other files are left out; two messages about one version of an object give it
    once.
    """

    def __init__(self, settings: Settings, *, run_id: str) -> None:
        super().__init__()
        self._settings, self._run_id = settings, run_id

    def expand(self, pcoll: beam.PCollection[PubsubMessage]) -> Notified:
        read: Any = pcoll | "Read" >> beam.ParDo(_Read(self._settings, self._run_id)).with_outputs(
            FAILURES, CANDIDATES, main="videos"
        )
        written: Any = read["videos"]
        if self._settings.stores.all_files:
            found = read[CANDIDATES] | "LookIntoFiles" >> LookInto(self._settings)
            written = (written, found) | "VideosAndFound" >> beam.Flatten()
        videos: Any = (
            written
            | "Key" >> beam.Map(_with_key).with_output_types(tuple[str, VideoObject])
            | "Deduplicate" >> DeduplicatePerKey(event_time_duration=_SEEN_S)
            | "Video" >> beam.Values().with_output_types(VideoObject)
        )
        return Notified(videos, read[FAILURES])


class _Read(beam.DoFn):
    def __init__(self, settings: Settings, run_id: str) -> None:
        self._recipe, self._run_id = settings.recipe(), run_id
        self._all_files = settings.stores.all_files
        self._counts = {name: counter(f"notifications_{name}") for name in ("taken", "ignored", "unreadable")}

    def process(self, element: PubsubMessage) -> Iterator[VideoObject | TaggedOutput]:
        try:
            video = notified_video(element.attributes or {}, all_files=self._all_files)
        except UnreadableNotification as error:
            self._counts["unreadable"].inc()
            yield TaggedOutput(FAILURES, self._failure(element, error))
            return
        self._counts["taken" if video else "ignored"].inc()
        if isinstance(video, Candidate):
            yield TaggedOutput(CANDIDATES, video)
        elif video:
            yield video

    def _failure(self, message: PubsubMessage, error: UnreadableNotification) -> Failure:
        body = (message.data or b"")[:_QUOTED_BYTES].decode("utf-8", "backslashreplace")
        return Failure.of(
            UnreadableNotification(f"{error} Its body begins: {body}"),
            stage="list",
            # Where nothing names an object, the message itself is what failed.
            uri=f"pubsub:{message.message_id or ''}",
            version=message.message_id or "",
            clip_id=None,
            recipe=self._recipe,
            run_id=self._run_id,
        )


def _with_key(video: VideoObject) -> tuple[str, VideoObject]:
    return f"{video.uri}\0{video.version}", video
