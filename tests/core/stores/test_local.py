from __future__ import annotations

import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from motionsight_core.catalog import VideoObject
from motionsight_core.errors import StoreUnavailable, UnusableName, UsageError, VersionGone
from motionsight_core.stores import Selection, UnlistedObject, list_objects, open_object


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


def test_a_name_is_the_same_text_in_any_locale(tmp_path: Path) -> None:
    (tmp_path / "ünï ✓.mp4").write_bytes(b"content")
    program = (
        "import os, sys\n"
        "from motionsight_core.stores import list_objects, open_object, store_for\n"
        "assert sys.getfilesystemencoding() == 'ascii'\n"
        "video, = list_objects(sys.argv[1])\n"
        "with open_object(video) as file, store_for(video.uri).read(video) as path:\n"
        "    assert file.read() == path.read_bytes() == b'content'\n"
        "sys.stdout.buffer.write(video.uri.encode())\n"
    )
    locale = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    done = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path)],
        env=os.environ | locale,
        capture_output=True,
        check=True,
    )
    assert done.stdout.decode() == str(tmp_path / "ünï ✓.mp4")


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


def test_a_listing_goes_on_after_what_could_not_be_listed_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("a.mp4", "b/a.mp4", "b/c/d.mp4", "b/z.mp4", "c/a.mp4", "caf\\xe8.mp4"):
        (tmp_path / name).parent.mkdir(exist_ok=True, parents=True)
        (tmp_path / name).write_bytes(b"x")
    Path(os.fsdecode(os.fsencode(str(tmp_path)) + b"/caf\xe9.mp4")).write_bytes(b"x")
    monkeypatch.chdir(tmp_path / "b" / "c")
    for _ in range(21):  # paths end at 4,096 bytes: what lies deeper has no name
        os.mkdir("d" * 200)  # noqa: PTH102 relative to where we are
        os.chdir("d" * 200)
    monkeypatch.chdir(tmp_path)
    whole = list(list_objects(str(tmp_path)))
    assert sum(isinstance(item, UnlistedObject) for item in whole) == 2
    assert len(whole) == 8
    for count, item in enumerate(whole, start=1):
        rest = list(list_objects(str(tmp_path), selection=Selection(after=item.uri)))
        assert [other.uri for other in rest] == [other.uri for other in whole[count:]], item.uri


def test_folders_before_the_name_are_not_even_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(10):
        (tmp_path / f"{number}").mkdir()
        (tmp_path / f"{number}" / "a.mp4").write_bytes(b"x")
    opened: list[str] = []
    scandir = os.scandir
    monkeypatch.setattr(os, "scandir", lambda path: (opened.append(Path(path).name), scandir(path))[1])
    after = Selection(after=str(tmp_path / "7" / "a.mp4"))
    assert [item.uri for item in list_objects(str(tmp_path), selection=after)] == [
        str(tmp_path / "8" / "a.mp4"),
        str(tmp_path / "9" / "a.mp4"),
    ]
    assert opened == [tmp_path.name, "7", "8", "9"]


def test_globs_go_on_after_a_name_too(tree: Path) -> None:
    pattern = str(tree / "**" / "*.*")
    whole = [item.uri for item in list_objects(pattern)]
    assert whole == sorted(whole)
    for count, uri in enumerate(whole, start=1):
        rest = list_objects(pattern, selection=Selection(after=uri))
        assert [item.uri for item in rest] == whole[count:]


def test_since_is_inclusive_and_until_is_not(tmp_path: Path) -> None:
    path = tmp_path / "a.mp4"
    path.write_bytes(b"x")
    then = datetime(2026, 2, 3, 4, 5, 6, tzinfo=UTC)
    os.utime(path, (then.timestamp(), then.timestamp()))
    instant = timedelta(milliseconds=1)

    def is_listed(selection: Selection) -> bool:
        return list(list_objects(str(tmp_path), selection=selection)) != []

    assert is_listed(Selection(since=then))
    assert not is_listed(Selection(since=then + instant))
    assert not is_listed(Selection(until=then))
    assert is_listed(Selection(until=then + instant))
