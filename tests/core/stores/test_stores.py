"""What every store does, whichever it is."""

from __future__ import annotations

import pytest

from motionsight_core.catalog import VideoObject
from motionsight_core.errors import UsageError, VersionGone
from motionsight_core.stores import list_objects, open_object
from tests.core.stores.servers import Place


def names(source: str) -> list[str]:
    """Names below the source's address."""
    return [item.uri.removeprefix(source) for item in list_objects(source)]


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
