from __future__ import annotations

import os
from pathlib import Path

import pytest

from motionsight_core.catalog import VideoObject
from motionsight_core.errors import StoreUnavailable, UnusableName, UsageError, VersionGone
from motionsight_core.stores import UnlistedObject, list_objects, open_object


def names(source: str) -> list[str]:
    return [Path(item.uri).name for item in list_objects(source)]


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    for name in ("b.mp4", "a.MOV", "README.md", ".hidden.mp4", "deep/er/c.webm", ".trash/d.mp4"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(name.encode())
    return tmp_path


def test_a_directory_gives_its_videos_recursively_by_suffix(tree: Path) -> None:
    assert names(str(tree)) == ["a.MOV", "b.mp4", "c.webm"]


def test_a_file_or_a_glob_gives_exactly_what_it_names(tree: Path) -> None:
    assert names(str(tree / "README.md")) == ["README.md"]
    assert names(str(tree / "*.m*")) == ["README.md", "b.mp4"]
    assert names(str(tree / "**" / "*.webm")) == ["c.webm"]


def test_a_version_is_the_modification_time_and_the_size(tree: Path) -> None:
    os.utime(tree / "b.mp4", ns=(1, 1_700_000_000_123_456_789))
    (video,) = list_objects(str(tree / "b.mp4"))
    assert video == VideoObject(str(tree / "b.mp4"), "1700000000123456789-5")


def test_uris_are_absolute(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tree)
    (video,) = list_objects("b.mp4")
    assert video.uri == str(tree / "b.mp4")


def test_a_source_that_does_not_exist_is_a_usage_error(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no file, directory or glob match"):
        list(list_objects(str(tmp_path / "absent")))
    with pytest.raises(UsageError, match="no file, directory or glob match"):
        list(list_objects(str(tmp_path / "*.mp4")))
    with pytest.raises(UsageError, match=r"no object store for ftp://.*s3://"):
        list(list_objects("ftp://host/clips"))


def test_an_empty_directory_is_an_empty_source(tmp_path: Path) -> None:
    assert names(str(tmp_path)) == []


def test_names_that_are_not_utf8_are_reported_not_lost(tmp_path: Path) -> None:
    Path(os.fsdecode(os.fsencode(str(tmp_path)) + b"/caf\xe9.mp4")).write_bytes(b"x")
    (item,) = list_objects(str(tmp_path))
    assert isinstance(item, UnlistedObject)
    assert item.uri.endswith("caf\\xe9.mp4")
    assert isinstance(item.error, UnusableName)


def test_strange_names_are_kept_as_they_are(tmp_path: Path) -> None:
    strange = ["new\nline.mp4", "quo'te\".mp4", "[brackets]*.mp4", "ünïcode ✓.mp4", "x" * 240 + ".mp4"]
    for name in strange:
        (tmp_path / name).write_bytes(b"x")
    assert sorted(names(str(tmp_path))) == sorted(strange)
    assert names(str(tmp_path / "[brackets]*.mp4")) == ["[brackets]*.mp4"], "a file that exists is no pattern"


def test_a_file_that_changes_while_it_is_read_is_another_version(tmp_path: Path) -> None:
    path = tmp_path / "a.mp4"
    path.write_bytes(b"first")
    (video,) = list_objects(str(path))
    assert isinstance(video, VideoObject)
    with pytest.raises(VersionGone, match="changed"), open_object(video) as file:
        file.read()
        with path.open("ab") as writer:
            writer.write(b" and more")


def test_a_directory_that_cannot_be_read_is_reported_not_lost(tmp_path: Path, monkeypatch) -> None:
    (tmp_path / "a.mp4").write_bytes(b"x")
    monkeypatch.chdir(tmp_path)
    for _ in range(21):  # paths end at 4,096 bytes: what lies deeper has no name
        os.mkdir("d" * 200)  # noqa: PTH102 relative to where we are
        os.chdir("d" * 200)
    monkeypatch.chdir(tmp_path)
    video, unlisted = list_objects(str(tmp_path))
    assert isinstance(video, VideoObject)
    assert isinstance(unlisted, UnlistedObject)
    assert isinstance(unlisted.error, StoreUnavailable)
    assert "cannot be listed: File name too long" in str(unlisted.error)
