"""Sentences on single objects."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from motionsight_core.record import InstanceRecord
from tests.core.warehouse.rows import instance
from tests.report.catalogs import report_of, row, track
from tests.report.conftest import Open, follow

HOSTILE = "a <b>dog</b><script>window.taken = 1</script>"


@pytest.fixture(scope="module")
def captioned(tmp_path_factory: pytest.TempPathFactory) -> Path:
    tracks = tuple(track((0.1, 0.1), (0.5, 0.5), track_id=number, label="dog") for number in (1, 2, 3))
    rows = [row("dogs.mp4", object_tracks=tracks), row("none.mp4", object_tracks=tracks)]

    def of_dogs(number: int, **changes: Any) -> InstanceRecord:
        return instance(number, clip_id=rows[0].clip_id, uri=rows[0].uri, **changes)

    told = [of_dogs(1), of_dogs(2, checked=False, appearance="a wrong dog"), of_dogs(3, appearance=HOSTILE)]
    return report_of(tmp_path_factory.mktemp("captioned"), [*rows, *told])


def test_a_track_shows_its_sentence_where_there_is_a_checked_one(open_page: Open, captioned: Path) -> None:
    page = open_page(captioned, "#q=dogs.mp4")
    follow(page.locator(".card h3 a"))
    expect(page.locator(".objects li")).to_have_text(
        ["dog 1 A brown dog. It runs in from the right.", f"dog 3 A{HOSTILE[1:]}. It runs in from the right."]
    )
    assert page.evaluate("window.taken") is None
    spans = page.locator("dialog .lane .tone-object").evaluate_all("all => all.map(one => one.title)")
    assert any(span.endswith(": A brown dog. It runs in from the right.") for span in spans)


def test_clips_are_found_by_what_their_objects_do(open_page: Open, captioned: Path) -> None:
    page = open_page(captioned, "#q=brown dog")
    expect(page.locator(".card h3 a")).to_have_count(1)


def test_a_clip_without_captions_has_no_such_section(open_page: Open, captioned: Path) -> None:
    page = open_page(captioned, "#q=none.mp4")
    follow(page.locator(".card h3 a"))
    expect(page.locator("dialog")).to_be_visible()
    assert page.locator(".objects").count() == 0
