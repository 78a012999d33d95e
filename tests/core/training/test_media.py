"""Where the clips of a data set may lie, and in which form: each gives the frames of the source."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from motionsight_core.catalog import Clip
from motionsight_core.dataset.files_of_clips import media_address, write_media
from motionsight_core.settings import Settings
from motionsight_core.stores import list_objects
from motionsight_core.synthetic import render_catalog
from motionsight_core.training.frames import ClipFrames, UnreadableClip
from tests.core.stores.servers import GcsBucket, Place, S3Bucket, environment_of
from tests.core.training.clips import settings

Written = Callable[..., tuple[ClipFrames, Mapping[str, Any]]]


@pytest.fixture
def clip(tmp_path: Path) -> Clip:
    """From .5 s to 1.5 s of a rendered video of twelve frames a second."""
    source = tmp_path / "source"
    source.mkdir()
    render_catalog(source, count=1, seed=3, width=96, height=64, fps=12.0, duration_s=2.0)
    (listed,) = list_objects(str(next(source.glob("*.mp4"))))
    return Clip(listed.uri, listed.version, 0.5, 1.5)


@pytest.fixture
def written(clip: Clip, tmp_path: Path) -> Written:
    """Writes the clip's media, and gives what training reads of them and the row that names them."""

    def write(**media: Any) -> tuple[ClipFrames, Mapping[str, Any]]:
        chosen = Settings.model_validate(
            settings(relative_times=True).model_dump(exclude_unset=True)
            | {"media": media, "sampling": {"frames": 12}}
        )
        assert write_media([clip], tmp_path / "data", chosen) == {}
        row = {name: getattr(clip, name) for name in ("uri", "version", "start_s", "end_s", "clip_id")}
        return ClipFrames(tmp_path / "data", chosen), row | {"media": media_address(clip, chosen.media)}

    return write


@pytest.mark.parametrize("kind", ["reference", "cut", "frames"])
def test_training_sees_the_same_frames_at_the_same_times_of_every_kind_of_media(
    kind: str, written: Written
) -> None:
    require_frames_of_the_clip(*written(kind=kind))


@pytest.mark.parametrize("scheme", ["gs", "s3"])
def test_clips_that_were_cut_into_a_bucket_are_read_from_there(
    scheme: str, written: Written, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    gcs, s3 = (request.getfixturevalue(name) for name in ("gcs_url", "s3_url"))
    for name, value in environment_of(gcs=gcs, s3=s3).items():
        monkeypatch.setenv(name, value)
    name = f"training-{uuid.uuid4().hex}"
    bucket: Place = GcsBucket(gcs, name) if scheme == "gs" else S3Bucket(s3, name)

    frames, row = written(kind="cut", root=f"{bucket.address}set")

    assert row["media"].startswith(f"{scheme}://")
    require_frames_of_the_clip(frames, row)


def test_a_folder_of_frames_that_is_not_complete_is_named(written: Written) -> None:
    frames, row = written(kind="frames")
    next((frames.folder / row["media"]).glob("*.jpg")).unlink()

    with pytest.raises(UnreadableClip, match=r"^media/.* \(Corrupt: .* is no whole folder of frames \(.*jpg"):
        frames(row)


def test_a_file_outside_of_the_folder_of_frames_is_not_read(written: Written, tmp_path: Path) -> None:
    frames, row = written(kind="frames")
    times = frames.folder / row["media"] / "times.json"
    known = json.loads(times.read_text())
    known["frames"][0]["file"] = f"../../../{known['frames'][0]['file']}"
    times.write_text(json.dumps(known))

    require_frames_of_the_clip(frames, row)


def require_frames_of_the_clip(frames: ClipFrames, row: Mapping[str, Any]) -> None:
    seen = frames(row)
    source = frames({**row, "media": row["uri"]})
    # Of twelve frames, four: evenly from the first to the last.
    assert seen.times_s == pytest.approx(source.times_s, abs=1e-3)
    assert source.times_s == pytest.approx([0.0, 4 / 12, 7 / 12, 11 / 12], abs=1e-3)
    assert seen.within_s == source.within_s == (0.0, 1.0)
    # What JPEG and another encoding change; frames of other moments differ by more.
    apart = np.abs(seen.pixels.astype(float) - source.pixels).mean(axis=(1, 2, 3))
    assert apart.max() < 6
    others = np.abs(seen.pixels[1:].astype(float) - source.pixels[:-1]).mean(axis=(1, 2, 3))
    assert others.min() > 2 * apart.max()
