"""Pub/Sub messages of a bucket's notifications, as Cloud Storage writes them."""

from __future__ import annotations

import json

from apache_beam.io.gcp.pubsub import PubsubMessage


def notification(
    bucket: str, name: str, generation: str, *, event: str = "OBJECT_FINALIZE", number: int = 1
) -> PubsubMessage:
    """The message about one event of one object; `number` makes the message's id."""
    described = {
        "kind": "storage#object",
        "id": f"{bucket}/{name}/{generation}",
        "selfLink": f"https://www.googleapis.com/storage/v1/b/{bucket}/o/{name}",
        "name": name,
        "bucket": bucket,
        "generation": generation,
        "metageneration": "1",
        "contentType": "video/mp4",
        "timeCreated": "2026-03-01T12:00:00.000Z",
        "storageClass": "STANDARD",
        "size": "123456",
        "md5Hash": "1B2M2Y8AsgTpgAmY7PhCfg==",
        "etag": "CJ+q0p3R/YsDEAE=",
    }
    return PubsubMessage(
        json.dumps(described, indent=2).encode(),
        {
            "notificationConfig": f"projects/_/buckets/{bucket}/notificationConfigs/3",
            "eventType": event,
            "payloadFormat": "JSON_API_V1",
            "bucketId": bucket,
            "objectId": name,
            "objectGeneration": generation,
            "eventTime": "2026-03-01T12:00:00.000000Z",
        },
        message_id=str(7_000_000_000 + number),
    )
