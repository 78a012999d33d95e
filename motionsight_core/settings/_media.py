"""How the clips of a data set become files. No row of an annotation depends on it."""

from __future__ import annotations

from typing import Literal, TypeAlias

from pydantic import Field, field_validator
from pydantic_core import PydanticCustomError

from motionsight_core.settings._section import Section

#: What becomes of a clip in a data set.
MediaKind: TypeAlias = Literal["cut", "frames", "reference"]


class MediaSettings(Section):
    """Clips as files of a data set."""

    kind: MediaKind = Field(
        default="cut",
        description="`cut`: an MP4 file (H.264) with exactly the clip's frames. `frames`: the sampled frames "
        "as JPEG files. `reference`: nothing is written, the source and the span stand for the clip.",
    )
    root: str | None = Field(
        default=None,
        description="Where the files go: gs://bucket/prefix or s3://bucket/prefix; unset, the folder `media` "
        "of the data set.",
    )
    crf: int = Field(
        default=18,
        ge=1,
        le=40,
        description="Constant rate factor of x264: lower is larger and better. 0, which is lossless, is left "
        "out, since few players read it.",
    )
    preset: Literal["ultrafast", "superfast", "veryfast", "faster", "fast", "medium", "slow", "slower"] = (
        Field(default="veryfast", description="Preset of x264: slower ones write smaller files.")
    )
    max_mb: int = Field(default=4096, ge=1, le=5120, description="Largest file; above: TooLarge, MiB.")

    @field_validator("root")
    @classmethod
    def _in_a_bucket(cls, root: str | None) -> str | None:
        if not root:
            return None
        scheme, _, place = root.partition("://")
        if scheme not in ("gs", "s3") or not place.strip("/"):
            raise PydanticCustomError(
                "root",
                "The root of media should be an address such as gs://bucket/clips or s3://bucket/clips",
            )
        return root.rstrip("/")
