"""Media are written to and found again in buckets; sources may lie in buckets as well."""

from __future__ import annotations

from pathlib import Path

import pytest

from motionsight_core.catalog import Clip, VideoObject
from motionsight_core.dataset.media import CutClip, FrameFolder, write_media
from motionsight_core.errors import RunError, UsageError
from motionsight_core.stores import list_objects
from motionsight_core.stores.uploads import note_of, upload
from tests.core.dataset.media.cutting import SOURCES, clip_at, content, settings
from tests.core.stores.servers import Place


def test_a_clip_from_a_bucket_is_cut_into_a_bucket_once(bucket: Place, tmp_path: Path) -> None:
    source = SOURCES["25 frames a second"](tmp_path / "source")
    bucket.put("sources/a.mp4", source.read_bytes())
    (video,) = list_objects(f"{bucket.address}sources")
    assert isinstance(video, VideoObject)
    clip = Clip(video.uri, video.version, 0.5, 1.5)
    folder = f"{bucket.address}set/media"
    first, second = (write_media(clip, folder, settings()) for _ in range(2))
    assert isinstance(first, CutClip)
    assert isinstance(second, CutClip)
    assert first.path == f"{folder}/{clip.clip_id}.mp4"
    assert (first.written, second.written) == (True, False)
    assert (first.frames, first.first_s) == (second.frames, second.first_s) == (25, 0.52)
    here = write_media(clip, str(tmp_path / "media"), settings())
    assert content(first.path) == Path(here.path).read_bytes()
    other = write_media(clip, folder, settings("media.crf=30"))
    assert isinstance(other, CutClip)
    assert other.written


def test_frames_are_written_into_a_bucket_once(bucket: Place, tmp_path: Path) -> None:
    clip = clip_at(SOURCES["25 frames a second"](tmp_path / "source"), 0.5, 1.5)
    chosen = settings("media.kind=frames", "sampling.frames=3")
    first, second = (write_media(clip, f"{bucket.address}media/", chosen) for _ in range(2))
    assert isinstance(first, FrameFolder)
    assert isinstance(second, FrameFolder)
    assert (first.frames, first.written, second.frames, second.written) == (3, True, 3, False)
    assert content(f"{first.path}/frame_0002.jpg").startswith(b"\xff\xd8")


def test_a_bucket_that_is_not_there_ends_the_run_with_a_sentence(bucket: Place, tmp_path: Path) -> None:
    file = tmp_path / "a.txt"
    file.write_text("text")
    scheme = bucket.address.partition("://")[0]
    uri = f"{scheme}://there-is-no-such-bucket/a.txt"
    chosen = settings("stores.retries=0").stores
    assert note_of(uri, stores=chosen) is None
    with pytest.raises(RunError, match=f"{uri} cannot be written: the store answered 404"):
        upload(file, uri, content_type="text/plain", note="", stores=chosen)
    with pytest.raises(UsageError, match="names no object"):
        upload(file, f"{scheme}://bucket", content_type="text/plain", note="", stores=chosen)
