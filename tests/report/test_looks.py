"""Sizes, colours and what assistive programs are told."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

from tests.report.conftest import Open, follow

WIDTHS = (390, 768, 1440)


def overflowing(page: Page) -> Any:
    """What reaches beyond the window, by name."""
    return page.evaluate(
        """() => [...document.querySelectorAll('body *')].filter((one) => {
            const box = one.getBoundingClientRect();
            const scrolls = one.closest('.lane, pre, .settings, .unseen, svg');
            return box.width && box.right > innerWidth + 1 && !scrolls;
        }).map((one) => one.tagName + '.' + one.className).slice(0, 5)"""
    )


@pytest.mark.in_gate("390")
@pytest.mark.parametrize("width", WIDTHS)
def test_nothing_reaches_beyond_the_window(
    open_page: Open, pictured: Path, two_recipes: Path, sixty: Path, width: int
) -> None:
    for report, address in ((sixty, ""), (two_recipes, "#view=compare"), (pictured, "")):
        page = open_page(report, address, width=width)
        assert overflowing(page) == []
        assert page.evaluate("document.documentElement.scrollWidth") <= width
    follow(page.locator(".card:has(.strip) h3 a").first)
    assert overflowing(page) == []
    assert page.evaluate("document.querySelector('dialog').scrollWidth") <= width


def test_colours_contrast_and_everything_has_a_name(
    open_page: Open, pictured: Path, two_recipes: Path, sixty: Path
) -> None:
    """By the rules of WCAG 2.1 AA, as axe-core checks them, in light and in dark colours."""
    options = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "best-practice"]}
    opened: list[Page] = [
        open_page(sixty, "#move=pan_right"),
        open_page(two_recipes, "#view=compare"),
        open_page(pictured),
    ]
    follow(opened[2].locator(".card:has(.strip) h3 a").first)
    inks: set[str] = set()
    for page in opened:
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
            inks.add(page.evaluate("getComputedStyle(document.body).color"))
            found = Axe().run(page, options=options).response["violations"]
            assert [(one["id"], [node["html"][:160] for node in one["nodes"][:3]]) for one in found] == []
    assert len(inks) == 2, "what was looked at was light and dark"


def test_every_picture_has_an_alternative_text(open_page: Open, pictured: Path) -> None:
    page = open_page(pictured)
    follow(page.locator(".card:has(.strip) h3 a").first)
    assert page.evaluate("[...document.images].every((image) => image.hasAttribute('alt'))")
    assert page.evaluate(
        "[...document.querySelectorAll('.strip, .timeline, .path, .scatter')].every((one) => one.ariaLabel)"
    )
