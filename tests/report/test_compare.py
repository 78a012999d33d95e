"""Two recipes side by side."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import expect

from tests.report.conftest import Open, follow


def test_clips_of_two_recipes_are_compared_those_that_differ_most_first(
    open_page: Open, two_recipes: Path
) -> None:
    page = open_page(two_recipes)
    assert page.locator(".card").count() == 3, "of each clip its newest row"
    page.get_by_role("button", name="Compare 2 recipes").click()
    pairs = page.locator(".pair")
    assert pairs.locator("h3").all_inner_texts() == ["other.mp4", "words.mp4", "same.mp4"]
    assert pairs.locator(".apart").all_inner_texts()[2] == "0 % apart"
    assert "camera moves 100 %" in pairs.first.locator(".parts").inner_text()
    assert "objects 100 %" in pairs.first.locator(".parts").inner_text()
    words = pairs.nth(1).locator("mark").all_inner_texts()
    assert {"It", "turns", "to", "camera", "pans"} <= set(words)
    assert "right" not in words
    left, right = page.locator(".compare-tools select").all()
    assert left.input_value() != right.input_value()


def test_the_address_holds_the_comparison_and_rows_of_both_open(open_page: Open, two_recipes: Path) -> None:
    page = open_page(two_recipes, "#view=compare&a=r2&b=r1&q=other")
    assert page.locator(".pair").count() == 1
    assert "Very-Long-Name" in page.locator(".side h4").first.inner_text()
    follow(page.locator(".pair h3 a"))
    expect(page.locator("dialog")).to_be_visible()
    follow(page.locator(".others a"))
    assert "measured" in page.locator(".facts").inner_text()


def test_rows_of_older_recipes_join_the_gallery_when_asked_for(open_page: Open, two_recipes: Path) -> None:
    page = open_page(two_recipes)
    page.get_by_label("rows of older recipes (3)").check()
    assert page.locator(".card").count() == 6
    assert page.locator("#count").inner_text() == "6 of 6 rows"


def test_what_is_in_doubt_is_counted_and_filters(open_page: Open, two_recipes: Path) -> None:
    page = open_page(two_recipes, "#rows=all")
    page.locator('[data-facet="doubt"][data-value="text_disagrees"]').click()
    assert page.locator(".card h3").all_inner_texts() == ["other.mp4"]
    assert "A description was cut short" in page.locator(".card").inner_text()
