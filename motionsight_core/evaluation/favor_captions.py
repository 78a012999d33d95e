"""The files of FAVOR-Bench's caption protocol without an LLM: gold annotations in, our descriptions out.

Source: `LLM-free/FAVOR_gt_annotations.json`, and step 1 of the protocol (`LLM-free_step1_extract.ipynb`), in
the benchmark's repository. Step 1 takes `[{VIDEO: CAPTION}, ...]` and finds the motions in the texts; step 2
compares them with the gold ones. Both run there, with a pickle and sentence embeddings that are not loaded
here.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any, Protocol

from motionsight_core.errors import UsageError
from motionsight_core.evaluation._records import Unusable, as_object, json_document, text_of


class Described(Protocol):
    """What a row of the table `motion` says of a clip."""

    @property
    def uri(self) -> str: ...
    @property
    def object_motion(self) -> str: ...
    @property
    def camera_motion(self) -> str: ...


@dataclass(frozen=True, slots=True)
class GoldCaption:
    """What people wrote of a video."""

    video: str
    """The video's name without suffix."""
    caption: str
    camera_motion: str
    """Moves in order, such as "Camera shakes, pans to the upper left"."""
    chronological_motion_list: str
    """All actions in order, each with its subject: "Walks forward (Subject 1), ..."."""


@dataclass(frozen=True, slots=True)
class Captions:
    """Our descriptions for the protocol."""

    content: bytes
    """What step 1 reads: a JSON list with one object a video."""
    missing: tuple[str, ...]
    """Videos of the gold annotations without a description. The protocol leaves them out of its means."""
    unknown: tuple[str, ...]
    """URIs that were described and are not among the gold annotations; left out."""


def read_gold(path: str | Path) -> dict[str, GoldCaption]:
    """The gold annotations by video.

    Raises:
        UsageError: the file is missing, cannot be read, or a record lacks a field.
    """
    path = Path(path)
    if not path.is_file():
        raise UsageError(f"There is no file {path}; the gold captions are in FAVOR_gt_annotations.json.")
    value = json_document(path)
    if not isinstance(value, dict) or not value:
        raise UsageError(f"The gold captions {path} are not a JSON object with videos' names as its keys.")
    try:
        return {video: _gold(video, record) for video, record in value.items()}
    except Unusable as reason:
        raise UsageError(f"The gold captions {path} cannot be used. {reason}") from None


def captions(rows: Iterable[Described], gold: dict[str, GoldCaption]) -> Captions:
    """Descriptions as step 1 of the protocol takes them: of each video the camera's, then the objects'.

    A row belongs to the video that its file is named after; of several rows the last counts.
    """
    texts: dict[str, str] = {}
    unknown: list[str] = []
    for row in rows:
        video = PurePosixPath(row.uri).stem
        if video in gold:
            texts[video] = " ".join(f"{row.camera_motion} {row.object_motion}".split())
        else:
            unknown.append(row.uri)
    records = [{video: texts[video]} for video in gold if video in texts]
    return Captions(
        (json.dumps(records, ensure_ascii=False, indent=1) + "\n").encode(),
        tuple(video for video in gold if video not in texts),
        tuple(unknown),
    )


def _gold(video: str, record: Any) -> GoldCaption:
    try:
        record = as_object(record)
        fields = (text_of(record, name, default="") for name in _FIELDS)
        return GoldCaption(video, *fields)
    except Unusable as reason:
        raise Unusable(f"Of the video {video!r}: {reason}") from None


_FIELDS = ("caption", "camera_motion", "chronological_motion_list")
