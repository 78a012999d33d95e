"""The evidence for one clip."""

from __future__ import annotations

import json
from pathlib import Path

from playwright.sync_api import Page, expect

from motionsight_core.record import Exchange
from tests.report.catalogs import report_of, row
from tests.report.conftest import Open, follow


def open_pictured(page: Page) -> None:
    """Open the first clip whose pictures are there."""
    follow(page.locator(".card:has(.strip) h3 a").first)
    expect(page.locator("dialog")).to_be_visible()


def large(page: Page) -> str:
    return page.locator(".stage img").get_attribute("src") or ""


def test_a_card_shows_a_film_strip_with_words_for_those_who_do_not_see_it(
    open_page: Open, pictured: Path
) -> None:
    page = open_page(pictured)
    strip = page.locator(".strip").first
    assert strip.locator("img").count() == 6
    assert "6 frames, 0 to 2 s" in (strip.get_attribute("aria-label") or "")
    sizes = page.evaluate(
        """Promise.all([...document.querySelectorAll('.strip img')].map(
            (image) => image.decode().then(() => image.naturalWidth)))"""
    )
    assert set(sizes) == {240}
    assert "Timeline: " in (page.locator(".timeline").first.get_attribute("aria-label") or "")


def test_a_clip_opens_with_its_frames_as_sampled_spotlit_and_blurred(open_page: Open, pictured: Path) -> None:
    page = open_page(pictured, "#sort=motion")
    open_pictured(page)
    assert page.locator('.thumb[data-form="sampled"]').count() == 6
    assert page.locator('.thumb[data-form="blurred"]').count() == 6
    seen = {large(page)}
    page.keyboard.press(".")
    seen.add(large(page))
    page.locator('.thumb[data-form="blurred"][data-frame="1"]').click()
    seen.add(large(page))
    assert len(seen) == 3
    assert page.locator(".now").inner_text().startswith("Motion blur, ")
    assert page.locator(".stage img").get_attribute("alt")
    expect(page.locator('.thumb[aria-current="true"]')).to_have_attribute("data-frame", "1")


def test_boxes_and_trails_lie_over_the_frames_and_can_be_taken_off(open_page: Open, pictured: Path) -> None:
    page = open_page(pictured, "#way=0&way=4")
    open_pictured(page)
    assert page.locator('.thumb[data-form="spotlit"]').count() == 6
    page.keyboard.press(".")
    assert page.locator(".stage .box").count() >= 1
    assert page.locator(".stage .trail").count() >= 1
    page.get_by_label("boxes").uncheck()
    page.get_by_label("trails").uncheck()
    assert page.locator(".stage .box, .stage .trail").count() == 0


def test_the_cameras_path_is_drawn_as_it_was_measured(open_page: Open, pictured: Path) -> None:
    page = open_page(pictured)
    open_pictured(page)
    assert page.locator(".path-chart").count() == 4
    assert "Measured again from the video" in page.locator(".paths").inner_text()
    lengths = page.evaluate("[...document.querySelectorAll('.path-line')].map(path => path.getTotalLength())")
    assert all(length > 300 for length in lengths)


def test_without_pictures_the_path_is_drawn_from_the_row(open_page: Open, sixty: Path) -> None:
    page = open_page(sixty, "#q=003.mp4")
    follow(page.locator(".card h3 a"))
    assert "Drawn from the row's moves" in page.locator(".paths").inner_text()
    labels = page.locator(".path").evaluate_all("all => all.map(one => one.getAttribute('aria-label'))")
    assert labels[0] == "Pan: pan right 0 to 2 s, 0.3 widths a second"
    assert labels[1] == "Tilt: tilt up 2 to 4 s, 0.2 heights a second"
    assert labels[2] == "Zoom: no move"
    assert "written without pictures" in page.locator(".stage").inner_text()


def test_a_video_that_is_gone_has_its_reason_in_place_of_pictures(open_page: Open, pictured: Path) -> None:
    page = open_page(pictured)
    assert page.locator(".card").count() == 3
    assert page.locator(".strip").count() == 2
    assert page.locator(".no-strip").inner_text().startswith("No pictures: ")
    follow(page.locator(".card:has(.no-strip) h3 a"))
    assert page.locator(".stage.placeholder").inner_text().startswith("No pictures: ")


def test_the_row_is_there_as_json(open_page: Open, sixty: Path) -> None:
    page = open_page(sixty, "#q=057.mp4")
    follow(page.locator(".card h3 a"))
    page.get_by_text("The row as JSON").click()
    expect(page.locator("dialog pre")).to_contain_text("annotated_at")
    row = json.loads(page.locator("dialog pre").inner_text())
    assert row["uri"] == "/clips/057.mp4"
    assert row["object_tracks"][0]["boxes"][2]["x0"] == 0.75
    assert row["annotated_at"] == "2026-01-02T12:57:00+00:00"
    assert "notes" in row


def test_the_questions_and_replies_of_a_model_stand_with_what_they_gave(
    open_page: Open, tmp_path: Path
) -> None:
    told = {"annotator": "openai:#model"}
    turns = (
        Exchange("names", "Frame 0.0: <image>\nName the objects.", '{"groups": []}'),
        Exchange("camera", "How does the camera move?", ""),
    )
    rows = [row("kept.mp4", dialogue=turns, **told), row("lost.mp4", **told), row("measured.mp4")]
    page = open_page(report_of(tmp_path, rows))
    follow(page.get_by_role("link", name="kept.mp4"))
    replies = page.locator(".dialogue blockquote")
    expect(replies).to_have_text(['{"groups": []}', "(nothing)"])
    page.get_by_text("What acts?").click()
    assert page.locator(".dialogue pre").first.inner_text() == "Frame 0.0: <image>\nName the objects."
    page.keyboard.press("ArrowRight")
    expect(page.locator("dialog h2")).to_have_text("lost.mp4")
    assert "runtime.keep_dialogue keeps them" in page.locator("dialog").inner_text()
    page.keyboard.press("ArrowRight")
    expect(page.locator("dialog h2")).to_have_text("measured.mp4")
    assert "The questions" not in page.locator("dialog").inner_text()


def test_the_keyboard_walks_from_clip_to_clip_and_back_to_the_card(open_page: Open, sixty: Path) -> None:
    page = open_page(sixty, "#steadiness=shaky")
    page.locator(".card h3 a").first.press("Enter")
    heading = page.locator("dialog h2")
    expect(heading).to_have_text("002.mp4")
    page.keyboard.press("ArrowRight")
    expect(heading).to_have_text("006.mp4")
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("ArrowLeft")
    # It is the first of those that are shown.
    expect(heading).to_have_text("002.mp4")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Escape")
    expect(page.locator("dialog")).to_be_hidden()
    expect(page.locator(".card h3 a", has_text="006.mp4")).to_be_focused()


def test_the_address_of_a_clip_opens_it(open_page: Open, pictured: Path) -> None:
    page = open_page(pictured)
    open_pictured(page)
    name, address = page.locator("dialog h2").inner_text(), page.evaluate("location.hash")
    again = open_page(pictured, address)
    expect(again.locator("dialog")).to_be_visible()
    expect(again.locator("dialog h2")).to_have_text(name)
    expect(again.locator(".stage img")).to_have_count(1)
    again.get_by_role("button", name="Close").click()
    assert "clip=" not in again.evaluate("location.hash")
