"""Notifications of Google Cloud Storage, as they come through Pub/Sub.

What a message is about stands in its attributes (eventType, bucketId, objectId, objectGeneration); its
body repeats it as JSON, or is empty, and is not read. The format is
https://cloud.google.com/storage/docs/pubsub-notifications#format.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from motionsight_core.catalog import VideoObject
from motionsight_core.errors import UnreadableNotification
from motionsight_core.stores import Candidate, listed_as

#: The one event after which there are new bytes to annotate: an object was written, whole.
WRITTEN = "OBJECT_FINALIZE"
#: Of a bucket; domain-named ones have dots.
_BUCKET = re.compile(r"[a-z0-9][a-z0-9._-]{1,220}[a-z0-9]")
_GENERATION = re.compile(r"[0-9]{1,19}")


def notified_video(
    attributes: Mapping[str, str], *, all_files: bool = False
) -> VideoObject | Candidate | None:
    """The video that was written; None where the message is of another event, or of no video.

    Args:
        attributes: of the message.
        all_files: whether an object whose name is not that of a video is a candidate, as in a listing.

    Raises:
        UnreadableNotification: this is not a bucket notification.
    """
    event = attributes.get("eventType", "")
    if not event:
        raise UnreadableNotification(
            "A message without the attribute eventType is not a bucket notification; something else may "
            "publish to the topic."
        )
    if event != WRITTEN:
        return None
    bucket, name, generation = (
        attributes.get(key, "") for key in ("bucketId", "objectId", "objectGeneration")
    )
    if not _BUCKET.fullmatch(bucket):
        raise UnreadableNotification(f"The notification's bucketId is {bucket!r}, which names no bucket.")
    if not name:
        raise UnreadableNotification("The notification has no objectId.")
    if not _GENERATION.fullmatch(generation):
        raise UnreadableNotification(
            f"The notification's objectGeneration is {generation!r}, which is not a number."
        )
    kind = listed_as(name, all_files=all_files)
    return None if kind is None else kind(f"gs://{bucket}/{name}", str(int(generation)))
