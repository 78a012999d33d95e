"""Links to folders are followed, and whatever they lead to is listed once."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from motionsight_core.stores import Selection, list_objects


def names(source: Path | str, below: Path) -> list[str]:
    return [os.path.relpath(item.uri, below) for item in list_objects(str(source))]


def put(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"x")
    return path


@pytest.fixture
def elsewhere(tmp_path: Path) -> Path:
    """A folder outside of the source."""
    put(tmp_path / "elsewhere" / "e.mp4")
    put(tmp_path / "elsewhere" / "deep" / "d.mp4")
    return tmp_path / "elsewhere"


@pytest.fixture
def clips(tmp_path: Path) -> Path:
    """The source."""
    put(tmp_path / "clips" / "a.mp4")
    put(tmp_path / "clips" / "b" / "b.mp4")
    return tmp_path / "clips"


def test_a_link_to_a_folder_elsewhere_is_followed(clips: Path, elsewhere: Path) -> None:
    (clips / "link").symlink_to(elsewhere)
    assert names(clips, clips) == ["a.mp4", "b/b.mp4", "link/e.mp4", "link/deep/d.mp4"]


def test_a_source_may_be_a_link_itself(clips: Path, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(clips)
    assert names(tmp_path / "link", tmp_path / "link") == ["a.mp4", "b/b.mp4"]


@pytest.mark.parametrize("target", [".", "..", "b", "link", "../clips", "/"])
def test_a_link_that_leads_back_ends_there(clips: Path, target: str) -> None:
    (clips / "link").symlink_to(target)
    (clips / "b" / "up").symlink_to("..")
    assert names(clips, clips) == ["a.mp4", "b/b.mp4"]


def test_a_circle_outside_of_the_source_is_walked_once(clips: Path, elsewhere: Path) -> None:
    (clips / "link").symlink_to(elsewhere)
    (elsewhere / "deep" / "back").symlink_to(elsewhere)
    (elsewhere / "home").symlink_to(clips)
    assert names(clips, clips) == ["a.mp4", "b/b.mp4", "link/e.mp4", "link/deep/d.mp4"]


def test_folders_that_all_link_to_each_other_are_listed_once_each(clips: Path, tmp_path: Path) -> None:
    """There are more ways through them than could ever be walked."""
    for number in range(12):
        put(tmp_path / "ring" / f"{number}" / "x.mp4")
        for other in range(12):
            (tmp_path / "ring" / f"{number}" / f"to{other}").symlink_to(tmp_path / "ring" / f"{other}")
    (clips / "ring").symlink_to(tmp_path / "ring" / "0")
    assert len(names(clips, clips)) == 2 + 12
    assert len(names(f"{clips}/**/*.mp4", clips)) == 2 + 12


def test_two_links_to_one_folder_list_it_under_the_first_name(clips: Path, elsewhere: Path) -> None:
    for name in ("q", "p"):
        (clips / name).symlink_to(elsewhere)
    assert names(clips, clips) == ["a.mp4", "b/b.mp4", "p/e.mp4", "p/deep/d.mp4"]


def test_a_link_into_a_folder_that_another_link_leads_to_lists_it_once(clips: Path, elsewhere: Path) -> None:
    (clips / "p").symlink_to(elsewhere)
    (clips / "r").symlink_to(elsewhere / "deep")
    assert names(clips, clips) == ["a.mp4", "b/b.mp4", "p/e.mp4", "r/d.mp4"]


def test_a_link_into_the_source_adds_nothing_but_one_into_a_hidden_folder_does(clips: Path) -> None:
    put(clips / ".store" / "s.mp4")
    (clips / "again").symlink_to("b")
    (clips / "kept").symlink_to(".store")
    assert names(clips, clips) == ["a.mp4", "b/b.mp4", "kept/s.mp4"]


def test_a_listing_with_links_goes_on_after_any_of_its_names(clips: Path, elsewhere: Path) -> None:
    for name in ("0", "c", "z"):
        (clips / name).symlink_to(elsewhere)
    (elsewhere / "back").symlink_to(clips)
    whole = [item.uri for item in list_objects(str(clips))]
    assert len(whole) == 4
    for count, uri in enumerate(whole, start=1):
        assert [item.uri for item in list_objects(str(clips), selection=Selection(after=uri))] == whole[
            count:
        ]


def test_patterns_follow_links_too_and_end(clips: Path, elsewhere: Path, monkeypatch) -> None:
    (clips / "link").symlink_to(elsewhere)
    (clips / "loop").symlink_to(".")
    (elsewhere / "loop").symlink_to(".")
    put(clips / ".hidden" / "h.mp4")
    everything = ["a.mp4", "b/b.mp4", "link/deep/d.mp4", "link/e.mp4"]
    assert names(f"{clips}/**/*.mp4", clips) == everything
    assert names(f"{clips}/**", clips) == everything
    assert names(f"{clips}/**/deep/*", clips) == ["link/deep/d.mp4"]
    assert names(f"{clips}/l*/**/d.*", clips) == ["link/deep/d.mp4"], "also by way of loop"
    assert names(f"{clips}/**/.hidden/*", clips) == [".hidden/h.mp4"]
    monkeypatch.chdir(clips)
    assert names("**/*.mp4", clips) == everything


def test_a_link_that_leads_nowhere_is_reported_where_its_name_is_a_videos(clips: Path) -> None:
    (clips / "gone.mp4").symlink_to("nowhere")
    (clips / "gone").symlink_to("nowhere")
    assert names(clips, clips) == ["a.mp4", "gone.mp4", "b/b.mp4"]
