"""What every store does, whichever it is."""

from __future__ import annotations

import pickle
import random
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from motionsight_core.catalog import VideoObject
from motionsight_core.errors import UsageError, VersionGone
from motionsight_core.settings import StoreSettings
from motionsight_core.stores import (
    Candidate,
    PassedOver,
    RangeReader,
    Selection,
    list_objects,
    open_object,
    read_head,
    store_for,
)
from motionsight_core.stores import _ranges as ranges_module
from motionsight_core.video.formats import VIDEO_SUFFIXES
from tests.core.stores.servers import Place


def names(source: str, **selection: Any) -> list[str]:
    """Names below the source's address."""
    chosen = Selection(**selection)
    return [item.uri.removeprefix(source) for item in list_objects(source, selection=chosen)]


def the_video(source: str) -> VideoObject:
    (video,) = list_objects(source)
    assert isinstance(video, VideoObject)
    return video


def content(video: VideoObject) -> bytes:
    with open_object(video) as file:
        return file.read()


def test_videos_are_listed_in_the_order_of_their_names(place: Place) -> None:
    for name in ("b.mp4", "a.MOV", "10.mkv", "9.mkv", "ä.webm", "z.mp4"):
        place.put(name, b"x")
    assert names(place.address) == ["10.mkv", "9.mkv", "a.MOV", "b.mp4", "z.mp4", "ä.webm"]


def test_names_that_are_no_videos_and_hidden_ones_are_left_out(place: Place) -> None:
    for name in ("README.md", ".hidden.mp4", "mp4", "a.mp4.part", "deep/er/c.webm", "good.mp4"):
        place.put(name, b"x")
    assert sorted(names(place.address)) == ["deep/er/c.webm", "good.mp4"]


def test_video_names_of_every_kind_are_listed_in_any_case(place: Place) -> None:
    videos = [f"clip{suffix}" for suffix in VIDEO_SUFFIXES] + ["CLIP.M2V", "a.Gif", "b.DVR-MS"]
    for name in videos:
        place.put(name, b"x")
    assert sorted(names(place.address)) == sorted(videos)


def test_names_that_are_no_videos_are_counted_by_their_suffix(place: Place) -> None:
    for name in ("a.txt", "deep/B.TXT", "README", "c.json", "good.mp4", ".hidden.txt", "x/.keep", "z.tar.gz"):
        place.put(name, b"x")
    passed_over = PassedOver()
    assert len(list(list_objects(place.address, passed_over=passed_over))) == 1
    assert passed_over.names == {".txt": 2, "": 1, ".json": 1, ".gz": 1}
    assert len(passed_over) == 5


def test_only_what_is_selected_is_counted(place: Place) -> None:
    for name in ("a.txt", "b.mp4", "c.txt"):
        place.put(name, b"x")
    for selection, count in (
        (Selection(since=datetime.now(UTC) - timedelta(days=1)), 2),
        (Selection(since=datetime.now(UTC) + timedelta(days=1)), 0),
        (Selection(after=place.address + "b.mp4"), 1),
    ):
        passed_over = PassedOver()
        list(list_objects(place.address, selection=selection, passed_over=passed_over))
        assert len(passed_over) == count


def test_all_files_are_candidates_where_that_is_asked_for(place: Place) -> None:
    for name in ("a.txt", "b.mp4", "c", "deep/d.bin", ".hidden", "e/.hidden.mp4"):
        place.put(name, b"x")
    passed_over = PassedOver()
    listing = list_objects(place.address, settings=StoreSettings(all_files=True), passed_over=passed_over)
    assert [(type(item), item.uri.removeprefix(place.address)) for item in listing] == [
        (Candidate, "a.txt"),
        (VideoObject, "b.mp4"),
        (Candidate, "c"),
        (Candidate, "deep/d.bin"),
    ]
    assert len(passed_over) == 0


def test_an_object_that_is_named_is_taken_for_a_video_whatever_its_name(place: Place) -> None:
    place.put("notes.txt", b"x")
    for all_files in (False, True):
        (video,) = list_objects(place.address + "notes.txt", settings=StoreSettings(all_files=all_files))
        assert isinstance(video, VideoObject)


def test_the_first_bytes_are_those_of_the_listed_version(place: Place) -> None:
    place.put("a.mp4", b"0123456789")
    listed = the_video(place.address)
    assert read_head(listed, 4) == b"0123"
    assert read_head(listed, 100) == b"0123456789"
    place.put("empty.mp4", b"")
    assert read_head(the_video(place.address + "empty.mp4"), 100) == b""
    place.put("a.mp4", b"other")
    if place.keeps_versions:
        assert read_head(listed, 4) == b"0123"
    else:
        with pytest.raises(VersionGone):
            read_head(listed, 4)


def test_first_bytes_are_not_kept_in_the_cache(cloud: Place, cache: Path) -> None:
    cloud.put("a.mp4", b"0123456789" * 100_000)
    assert len(read_head(the_video(cloud.address), 1000)) == 1000
    assert not cache.exists() or not any(path.is_file() for path in cache.rglob("*"))


def test_an_empty_object_is_listed_and_read(place: Place) -> None:
    place.put("empty.mp4", b"")
    assert content(the_video(place.address)) == b""


def test_an_object_is_listed_by_its_whole_name_whatever_its_suffix(place: Place) -> None:
    for name in ("notes", "notes.mp4", "notes2.mp4"):
        place.put(name, name.encode())
    video = the_video(place.address + "notes")
    assert video.uri == place.address + "notes"
    assert content(video) == b"notes"


def test_a_version_stays_with_its_bytes_and_changes_with_them(place: Place) -> None:
    place.put("a.mp4", b"first")
    first = the_video(place.address)
    assert the_video(place.address) == first
    place.put("a.mp4", b"second")
    second = the_video(place.address)
    assert second.uri == first.uri
    assert second.version != first.version
    assert content(second) == b"second"


def test_what_was_overwritten_after_it_was_listed_is_never_read_as_what_was_listed(place: Place) -> None:
    place.put("a.mp4", b"first")
    listed = the_video(place.address)
    place.put("a.mp4", b"other")
    if place.keeps_versions:
        assert content(listed) == b"first"
    else:
        with pytest.raises(VersionGone):
            content(listed)


def test_what_was_deleted_after_it_was_listed_is_gone(place: Place) -> None:
    place.put("a.mp4", b"first")
    listed = the_video(place.address)
    place.delete("a.mp4")
    if place.keeps_versions:
        assert content(listed) == b"first"
    else:
        with pytest.raises(VersionGone):
            content(listed)


def test_what_vanished_with_its_whole_folder_or_bucket_is_gone(place: Place) -> None:
    place.put("a.mp4", b"first")
    listed = the_video(place.address)
    place.vanish()
    with pytest.raises(VersionGone):
        content(listed)


def test_a_version_that_never_was_is_gone(place: Place) -> None:
    place.put("a.mp4", b"first")
    real = the_video(place.address)
    for version in ("1700000000123456", "0" * 32):
        with pytest.raises(VersionGone):
            content(VideoObject(real.uri, version))


def test_a_source_that_does_not_exist_is_a_usage_error(place: Place) -> None:
    place.put("a.mp4", b"x")
    with pytest.raises(UsageError, match="There is no"):
        names(place.address + "absent")
    place.vanish()
    with pytest.raises(UsageError, match="There is no"):
        names(place.address)


def test_a_source_without_videos_is_empty(place: Place) -> None:
    place.put("README.md", b"x")
    assert names(place.address) == []


def test_a_handle_can_seek(place: Place) -> None:
    place.put("a.mp4", b"0123456789")
    with open_object(the_video(place.address)) as file:
        file.seek(-3, 2)
        assert file.read() == b"789"
        file.seek(0)
        assert file.read(2) == b"01"


#: Such that folders and files, short names and longer ones, and what sorts otherwise in UTF-16 or
#: without its case come in every order.
TREE = (
    "a.mp4",
    "a/b.mp4",
    "a/b/c.mp4",
    "a/c.mp4",
    "a-b.mp4",
    "a!/x.mp4",
    "a0/x.mp4",
    "a/b!/x.mp4",
    "b/d/e/f.mp4",
    "B.mp4",
    "b.mp4",
    "z.mp4",
    "é/è.mp4",
    "\uffe5.mp4",
    "\U0001f600.mp4",
    "\U0001f600/\u202e4pm.mp4",
)


def test_a_listing_after_any_of_its_names_is_the_rest_of_it(place: Place) -> None:
    for name in random.Random(0).sample(TREE, len(TREE)):
        place.put(name, b"x")
    whole = names(place.address)
    assert sorted(whole) == sorted(TREE)
    for count, name in enumerate(whole, start=1):
        assert names(place.address, after=place.address + name) == whole[count:], name


def test_a_listing_goes_on_after_a_name_that_is_not_there_any_more(place: Place) -> None:
    for name in TREE:
        place.put(name, b"x")
    whole = names(place.address)
    for count, name in enumerate(whole, start=1):
        place.delete(name)
        assert names(place.address, after=place.address + name) == whole[count:], name


def test_nothing_comes_after_the_last_name_and_that_is_no_error(place: Place) -> None:
    place.put("a/b.mp4", b"x")
    assert names(place.address, after=place.address + "z/z.mp4") == []
    assert names(place.address + "a/b.mp4", after=place.address + "a/b.mp4") == []
    assert names(place.address + "a/b.mp4", after=place.address + "a/a.mp4") == [""]


def test_a_listing_goes_on_only_after_a_name_of_its_own(place: Place) -> None:
    place.put("a.mp4", b"x")
    for elsewhere in ("gs://elsewhere/a.mp4", "s3://elsewhere/a.mp4", "/elsewhere/a.mp4", "a.mp4"):
        with pytest.raises(UsageError, match="cannot go on after"):
            names(place.address, after=elsewhere)


def test_objects_are_selected_by_the_time_of_their_bytes(place: Place) -> None:
    place.put("a.mp4", b"x")
    now = datetime.now(UTC)
    day = timedelta(days=1)
    assert names(place.address, since=now - day, until=now + day) == ["a.mp4"]
    assert names(place.address, since=now + day) == []
    assert names(place.address, until=now - day) == []
    assert names(place.address, since=(now - day).replace(tzinfo=None)) == ["a.mp4"]


@contextmanager
def ranges_of(video: VideoObject, settings: StoreSettings | None = None) -> Iterator[RangeReader]:
    """An object of a cloud that is too long to be downloaded."""
    settings = (settings or StoreSettings()).model_copy(update={"range_reads_above_mb": 0.0})
    with store_for(video.uri, settings).read(video) as found:
        assert not isinstance(found, Path)
        yield found


def test_ranges_are_the_bytes_of_the_listed_version(cloud: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ranges_module, "BLOCK_BYTES", 1000)
    content = random.Random(0).randbytes(10_500)
    cloud.put("a.mp4", content)
    with ranges_of(the_video(cloud.address)) as ranges:
        assert ranges.size == len(content)
        for offset, length in ((0, 10), (999, 2), (1000, 1000), (500, 9000), (10_499, 1), (0, 10_500)):
            assert ranges.read(offset, length) == content[offset : offset + length]
        assert ranges.read(10_490, 100) == content[10_490:], "no more than there is"
        assert ranges.read(10_500, 1) == b""
        assert ranges.read(99_999, 1) == b""
        assert ranges.read(5, 0) == b""
        for sequential in range(0, 10_500, 700):
            assert ranges.read(sequential, 700) == content[sequential : sequential + 700]


def test_ranges_of_what_is_overwritten_half_way_are_never_of_both_versions(
    cloud: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ranges_module, "BLOCK_BYTES", 1000)
    cloud.put("a.mp4", b"1" * 10_000)
    expectation = nullcontext() if cloud.keeps_versions else pytest.raises(VersionGone)
    with expectation, ranges_of(the_video(cloud.address)) as ranges:
        assert ranges.read(0, 1000) == b"1" * 1000
        cloud.put("a.mp4", b"2" * 10_000)
        assert ranges.read(5000, 2000) == b"1" * 2000


def test_an_empty_object_is_an_empty_file(place: Place) -> None:
    place.put("a.mp4", b"")
    video = the_video(place.address)
    with store_for(video.uri, StoreSettings(range_reads_above_mb=0)).read(video) as found:
        assert isinstance(found, Path)
        assert found.read_bytes() == b""


def test_a_short_object_is_read_as_a_file_and_a_long_one_of_a_cloud_by_ranges(
    place: Place, cache: Path
) -> None:
    place.put("a.mp4", b"0123456789" * 200_000)
    video = the_video(place.address)
    with store_for(video.uri).read(video) as found:
        assert isinstance(found, Path)
        assert found.read_bytes() == b"0123456789" * 200_000
    place.put("b.mp4", b"abcdefghij" * 200_000)
    _, video = list_objects(place.address)
    assert isinstance(video, VideoObject)
    for long in (StoreSettings(range_reads_above_mb=1), StoreSettings(cache_mb=1)):
        with store_for(video.uri, long).read(video) as found:
            if place.address.startswith("/"):
                assert isinstance(found, Path)
            else:
                assert not isinstance(found, Path)
                assert found.read(5, 10) == b"fghijabcde"
        with open_object(video, settings=long) as file:
            assert file.seek(-3, 2) == 1_999_997
            assert file.read() == b"hij"
            assert file.seek(7) == 7
            assert file.read(5) == b"hijab"
            assert file.tell() == 12


def test_what_is_in_the_cache_is_not_asked_for_however_long(cloud: Place, requests_sent: list[str]) -> None:
    cloud.put("a.mp4", b"0123456789")
    video = the_video(cloud.address)
    with store_for(video.uri).read(video):
        pass
    requests_sent.clear()
    with store_for(video.uri, StoreSettings(range_reads_above_mb=0)).read(video) as found:
        assert isinstance(found, Path)
    assert requests_sent == []


def test_a_store_can_be_sent_to_another_process(place: Place) -> None:
    place.put("a.mp4", b"x")
    store = pickle.loads(pickle.dumps(store_for(place.address, StoreSettings(retries=1))))  # noqa: S301
    assert len(list(store.list(place.address))) == 1
