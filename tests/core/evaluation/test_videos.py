"""Videos are found in a listing by their relative names."""

from __future__ import annotations

from pathlib import Path

import pytest

from motionsight_core.catalog import VideoObject
from motionsight_core.errors import ClipError, UsageError, VideoNotFound
from motionsight_core.evaluation.videos import ListedVideos
from motionsight_core.settings import StoreSettings

STORES = StoreSettings()


def found(folder: Path, *places: str) -> str | ClipError:
    """The name of what is found at the first of the places, relative to the folder."""
    item = ListedVideos(str(folder), places, STORES).find(places)
    return item.uri.removeprefix(f"{folder}/") if isinstance(item, VideoObject) else item


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    videos = tmp_path / "videos"
    for name in ("a.mp4", "sub/a.mp4", "sub/deep/c.mp4", "odd.name", "[1].mp4"):
        (videos / name).parent.mkdir(parents=True, exist_ok=True)
        (videos / name).write_text(name)
    (tmp_path / "outside.mp4").write_text("outside")
    return videos


def test_the_first_place_that_has_one_counts(folder: Path) -> None:
    assert found(folder, "sub/a.mp4", "a.mp4") == "sub/a.mp4"
    assert found(folder, "nowhere/a.mp4", "a.mp4") == "a.mp4"
    assert found(folder, "sub/deep/c.mp4") == "sub/deep/c.mp4"


def test_a_name_counts_as_it_is_whatever_its_suffix_and_letters(folder: Path) -> None:
    assert found(folder, "odd.name") == "odd.name"
    assert found(folder, "[1].mp4") == "[1].mp4"
    assert isinstance(found(folder, "[a].mp4"), VideoNotFound), "it is no pattern"


@pytest.mark.parametrize(
    "name",
    [
        "../outside.mp4",
        "sub/../a.mp4",
        "/a.mp4",
        "./a.mp4",
        "sub//a.mp4",
        "c.mp4",
        "",
        "..",
        "gs://bucket/a.mp4",
    ],
)
def test_a_name_that_is_no_name_below_the_folder_finds_nothing(folder: Path, name: str) -> None:
    assert isinstance(found(folder, name), VideoNotFound)


def test_an_absolute_name_of_a_file_that_is_there_finds_nothing(folder: Path) -> None:
    assert isinstance(found(folder, str(folder / "a.mp4")), VideoNotFound)
    assert isinstance(found(folder, str(folder.parent / "outside.mp4")), VideoNotFound)


def test_what_is_missing_says_where_it_was_looked_for(folder: Path) -> None:
    error = found(folder, "x/b.mp4", "b.mp4")
    assert str(error) == f"There is no 'x/b.mp4' or 'b.mp4' below {folder}."
    assert isinstance(error, VideoNotFound)
    assert not error.permanent


def test_a_folder_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="There is no folder"):
        ListedVideos(str(tmp_path / "no"), (), STORES)
