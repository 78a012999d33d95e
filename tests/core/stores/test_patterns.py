"""A pattern takes the same names in a bucket as in a folder."""

from __future__ import annotations

import glob
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from motionsight_core.catalog import VideoObject
from motionsight_core.errors import UsageError
from motionsight_core.stores import Selection, list_objects
from motionsight_core.stores._patterns import NamePattern, is_pattern
from tests.core.stores.servers import Folder, Place
from tests.core.stores.test_stores import content

NAMES = (
    "a.mp4",
    "b.mp4",
    "ä.mp4",
    "README.md",
    ".hidden.mp4",
    "2024/a.mp4",
    "2024/b.mov",
    "2024/deep/a.mp4",
    "2024/deep/er/x-1.mov",
    "2025/a.mp4",
    "2025/x-12.mov",
    "2025/.trash/a.mp4",
    "new\nline.mp4",
)
PATTERNS = (
    "*.mp4",
    "*",
    "*.m*",
    "?.mp4",
    "[ab].mp4",
    "[!a].mp4",
    "[a-c]*.mp4",
    "*/a.mp4",
    "202?/*",
    "2024/**",
    "**",
    "**/*.mp4",
    "**/x-?.mov",
    "2024/**/a.mp4",
    "**/deep/**/*.mov",
    "2024/d**p/*.mp4",
    ".*",
    "*/.*/a.mp4",
    "2024/deep/[ae]*",
    "[[]*",
    "2024/[",
    "*/",
    "new*.mp4",
)


def below(folder: Path, pattern: str) -> list[str]:
    """The files that a pattern takes in a folder, by glob itself."""
    found = glob.glob(f"{glob.escape(str(folder))}/{pattern}", recursive=True)  # noqa: PTH207 as users write it
    return sorted(str(Path(name).relative_to(folder)) for name in found if Path(name).is_file())


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    root = tmp_path / "tree"
    root.mkdir()
    for name in NAMES:
        Folder(root).put(name, b"x")
    return root


@pytest.mark.parametrize("pattern", PATTERNS)
def test_a_pattern_takes_the_names_that_glob_takes_in_a_folder(folder: Path, pattern: str) -> None:
    matching = NamePattern(pattern)
    assert sorted(name for name in NAMES if matching.matches(name)) == below(folder, pattern)


@given(st.text("ab.*?[]!/-", max_size=12))
def test_what_a_pattern_takes_begins_with_its_prefix(pattern: str) -> None:
    matching = NamePattern(pattern)
    assert is_pattern(pattern) == (matching.prefix != pattern)
    if not is_pattern(pattern):
        assert matching.matches(pattern)
        assert not matching.matches(pattern + "a")


def uris(source: str, **selection: Any) -> list[str]:
    chosen = Selection(**selection)
    return [item.uri for item in list_objects(source, selection=chosen)]


@pytest.mark.parametrize("pattern", ["**/a.mp4", "202?/*.m*", "[ab].mp4", "*"])
def test_a_bucket_is_listed_by_a_pattern_in_the_order_of_names(
    place: Place, folder: Path, pattern: str
) -> None:
    for name in NAMES:
        if "\n" not in name:  # the S3 server's own routes end at a line's end
            place.put(name, b"x")
    expected = [place.address + name for name in below(folder, pattern) if "\n" not in name]
    assert uris(place.address + pattern) == expected
    for count, uri in enumerate(expected, start=1):
        assert uris(place.address + pattern, after=uri) == expected[count:]


@pytest.mark.parametrize("pattern", ["*.avi", "2026/*.mp4", "**/z*"])
def test_a_pattern_that_takes_nothing_is_a_usage_error(place: Place, pattern: str) -> None:
    place.put("a.mp4", b"x")
    with pytest.raises(UsageError, match="There is no"):
        uris(place.address + pattern)


@pytest.mark.parametrize("name", ["[brackets]*.mp4", "what?.mp4", "a*b", "**"])
def test_a_name_that_looks_like_a_pattern_is_a_name_where_there_is_such_an_object(
    place: Place, name: str
) -> None:
    for other in ("a1b", "whats.mp4"):
        place.put(other, b"other")
    place.put(name, b"mine")
    (video,) = list_objects(place.address + name)
    assert isinstance(video, VideoObject)
    assert video.uri == place.address + name
    assert content(video) == b"mine"
    (escaped,) = uris(place.address + glob.escape(name))
    assert escaped == place.address + name


def test_a_folder_that_looks_like_a_pattern_is_a_folder_where_there_is_one(place: Place) -> None:
    for name in ("[1]/a.mp4", "[1]/b.txt", "1/c.mp4"):
        place.put(name, b"x")
    for source in ("[1]", "[1]/"):
        assert uris(place.address + source) == [place.address + "[1]/a.mp4"]
    assert uris(place.address + "[1]/*") == [place.address + "1/c.mp4"], "with more of them it is a pattern"


def test_only_names_that_begin_like_the_pattern_are_asked_for(cloud: Place, requests_sent: list[str]) -> None:
    cloud.put("2024/x1.mp4", b"x")
    requests_sent.clear()
    assert uris(cloud.address + "2024/x*.mp4") == [cloud.address + "2024/x1.mp4"]
    listings = [request for request in requests_sent if "prefix=" in request]
    assert listings
    assert all("prefix=2024" in request for request in listings), requests_sent
