"""What a reader does with the overview and the gallery."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.report.catalogs import report_of, row, track
from tests.report.conftest import Open


def names(page: Page) -> list[str]:
    return page.locator(".card h3").all_inner_texts()


def count(page: Page) -> str:
    return page.locator("#count").inner_text()


def test_the_overview_says_what_the_catalog_holds(open_page: Open, sixty: Path) -> None:
    page = open_page(sixty)
    lead = page.locator(".lead").inner_text()
    assert "The camera moves in 45 of 60 clips, most often panning right (30)" in lead
    assert "something moves in front of it in 15" in lead
    assert "15 clips are shaky; 3 annotations failed" in lead
    tiles = [" ".join(text.split()) for text in page.locator(".tile").all_inner_texts()]
    assert tiles[0] == "60 clips from 60 videos"
    assert tiles[1] == "4 min of video 4 s a clip on average"
    assert tiles[3] == "3 failures most often Truncated"


def test_a_bar_is_a_filter_and_its_chip_takes_it_away(open_page: Open, sixty: Path) -> None:
    page = open_page(sixty)
    page.locator('[data-facet="move"][data-value="zoom_in"]').click()
    assert count(page) == "15 of 60 clips"
    assert names(page)[:2] == ["002.mp4", "006.mp4"]
    expect(page.locator('[data-facet="move"][data-value="zoom_in"]')).to_have_attribute(
        "aria-pressed", "true"
    )
    page.get_by_role("button", name="Remove the filter camera: zoom in").click()
    assert count(page) == "60 of 60 clips, 3 failures"


def test_filters_of_one_kind_add_up_and_of_two_kinds_narrow(open_page: Open, sixty: Path) -> None:
    page = open_page(sixty)
    page.locator('[data-facet="move"][data-value="pan_right"]').click()
    assert count(page) == "30 of 60 clips"
    page.locator('[data-facet="move"][data-value="tilt_up"]').click()
    assert count(page) == "30 of 60 clips"
    page.locator('[data-facet="goes"][data-value="2"]').click()  # up
    assert count(page) == "15 of 60 clips"
    # What choosing another bar of the same chart would bring is still to be seen.
    assert page.locator('[data-facet="goes"][data-value="0"]').get_attribute("aria-label") == (
        "camera goes right: 30 clips"
    )


@pytest.mark.in_gate("goes-0-30", "speed-3-15")
@pytest.mark.parametrize(
    ("facet", "value", "clips"),
    [
        ("length", "1", 15),  # half a second to one
        ("speed", "3", 15),  # .2 to .4 widths a second
        ("pace", "3", 15),
        ("steadiness", "shaky", 15),
        ("goes", "0", 30),
        ("way", "0", 15),
    ],
)
def test_each_chart_filters_by_what_it_shows(
    open_page: Open, sixty: Path, facet: str, value: str, clips: int
) -> None:
    page = open_page(sixty)
    page.locator(f'[data-facet="{facet}"][data-value="{value}"]').click()
    assert count(page) == f"{clips} of 60 clips"


def test_what_moves_is_counted_by_its_label_and_the_rare_ones_are_left_to_the_search(
    open_page: Open, tmp_path: Path
) -> None:
    labels = [f"thing {number}" for number in range(12) for _ in range(12 - number)]
    rows = [
        row(f"{number:03d}.mp4", object_tracks=(track((0.2, 0.5), (0.5, 0.5), label=label),))
        for number, label in enumerate([*labels, "Car", "car", 'a "dog" <b>', ""])
    ]
    page = open_page(report_of(tmp_path, rows))
    panel = page.locator(".panel", has_text="What moves?")
    assert panel.locator(".bar-word").all_inner_texts() == [f"thing {number}" for number in range(8)]
    assert "and 7 more: the search below finds them" in panel.inner_text()
    page.goto(f"{page.url.partition('#')[0]}#thing=car&thing=a+%22dog%22+%3Cb%3E")
    page.reload()
    assert count(page) == "3 of 82 clips"
    assert panel.locator(".bar-word").all_inner_texts()[8:] == ["car", 'a "dog" <b>']
    page.get_by_role("button", name='Remove the filter object: a "dog" <b>').click()
    assert names(page) == ["078.mp4", "079.mp4"]


def test_a_search_finds_words_in_names_and_descriptions(open_page: Open, sixty: Path) -> None:
    page = open_page(sixty)
    page.keyboard.press("/")
    expect(page.locator("#search")).to_be_focused()
    page.keyboard.type("red BALL rolls")
    assert count(page) == "15 of 60 clips"
    page.locator("#search").fill("017.mp4")
    assert names(page) == ["017.mp4"]
    page.locator("#search").fill("no such words")
    assert "Nothing meets all of these filters" in page.locator("#cards").inner_text()
    page.get_by_role("button", name="Clear all filters").click()
    assert count(page) == "60 of 60 clips, 3 failures"


def test_the_address_reproduces_what_is_chosen(open_page: Open, sixty: Path) -> None:
    page = open_page(sixty)
    page.locator("#search").fill("pans")
    page.locator('[data-facet="steadiness"][data-value="shaky"]').click()
    page.locator("#sort").select_option("motion")
    shown, address = names(page), page.evaluate("location.hash")
    assert len(shown) == 15
    again = open_page(sixty, address)
    assert names(again) == shown
    assert again.locator("#search").input_value() == "pans"
    assert again.locator("#sort").input_value() == "motion"


def test_a_step_back_in_the_browser_undoes_a_filter(open_page: Open, sixty: Path) -> None:
    page = open_page(sixty)
    page.locator('[data-facet="move"][data-value="tilt_up"]').click()
    assert count(page) == "15 of 60 clips"
    page.go_back()
    expect(page.locator("#count")).to_have_text("60 of 60 clips, 3 failures")


def test_what_failed_is_shown_with_its_reason(open_page: Open, sixty: Path) -> None:
    page = open_page(sixty)
    page.get_by_role("button", name="failures most often").click()
    assert count(page) == "0 of 60 clips, 3 failures"
    page.locator('[data-facet="error"][data-value="NoVideoStream"]').click()
    assert names(page) == ["bad0.mp4", "bad1.mp4"]
    assert "It ends early." in page.locator(".card").first.inner_text()
    assert "While it was to be planned" in page.locator(".card").first.inner_text()


def test_cards_come_in_pages_and_in_the_order_that_is_asked_for(open_page: Open, sixty: Path) -> None:
    page = open_page(sixty)
    assert len(names(page)) == 24
    page.locator("#sort").select_option("motion")
    assert names(page)[0] == "059.mp4"
    page.get_by_role("button", name="Next page").click()
    assert names(page)[0] == "035.mp4"
    assert "Page 2 of 3" in page.locator(".pager").inner_text()


def test_a_frame_drawn_over_the_dots_filters_by_motion_and_clarity(open_page: Open, sixty: Path) -> None:
    page = open_page(sixty)
    page.locator(".scatter").scroll_into_view_if_needed()
    area = page.locator(".brush .overlay").bounding_box()
    assert area is not None
    page.mouse.move(area["x"] + area["width"] * 0.7, area["y"] + 2)
    page.mouse.down()
    page.mouse.move(area["x"] + area["width"] - 2, area["y"] + area["height"] - 2, steps=4)
    page.mouse.up()
    expect(page.locator("#count")).not_to_contain_text("60 of")
    page.locator("#sort").select_option("still")
    first = names(page)[0]
    assert int(first[:3]) > 20, "those with little motion are out"
    again = open_page(sixty, page.evaluate("location.hash"))
    assert names(again)[0] == first


def test_bars_petals_and_cards_are_used_with_the_keyboard_alone(open_page: Open, sixty: Path) -> None:
    page = open_page(sixty)
    page.locator('[data-facet="way"][data-value="0"]').focus()
    page.keyboard.press("Enter")
    assert count(page) == "15 of 60 clips"
    expect(page.locator('[data-facet="way"][data-value="0"]')).to_be_focused()
    page.keyboard.press("Space")
    assert count(page) == "60 of 60 clips, 3 failures"
    page.locator('[data-facet="steadiness"][data-value="static"]').focus()
    page.keyboard.press("Enter")
    page.locator(".card h3 a").first.focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    assert page.locator("dialog h2").inner_text() == "013.mp4"


def test_a_condition_selects_and_the_page_says_so(open_page: Open, tmp_path: Path) -> None:
    report = report_of(
        tmp_path,
        [row("a.mp4", clarity=0.2), row("b.mp4", clarity=0.9)],
        where="clarity < 0.5 -- blurred ones",
    )
    page = open_page(report)
    assert names(page) == ["a.mp4"]
    assert "clarity < 0.5 -- blurred ones" in page.locator(".where").inner_text()


def test_an_empty_selection_is_said_to_be_empty(open_page: Open, tmp_path: Path) -> None:
    page = open_page(report_of(tmp_path, [row("a.mp4")], where="clarity > 2"))
    assert "Nothing is selected" in page.locator(".lead").inner_text()
    assert "There is nothing to show" in page.locator("#cards").inner_text()
