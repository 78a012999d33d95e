"""A browser, and pages whose every request and complaint is noted."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, Page

from motionsight_core import MotionSight, clips_of
from motionsight_core.synthetic import render_catalog
from tests.chromium import NoChromium, started
from tests.core.warehouse.rows import NOON
from tests.report.catalogs import SETTINGS, move, report_of, row, track, varied

#: Far more than anything here takes on a loaded machine, ms.
_PATIENCE_MS = 30_000


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One for each module, no longer: while Playwright runs, nothing else in its thread may use asyncio."""
    with ExitStack() as stack:
        try:
            browser = stack.enter_context(started())
        except NoChromium as reason:
            if os.environ.get("CI"):
                pytest.fail(str(reason))
            pytest.skip(str(reason))
        yield browser


Open = Callable[..., Page]


def follow(link: Locator) -> None:
    """Click a link to a clip and wait for its evidence: the page unpacks the row before it shows it."""
    clip = link.get_attribute("data-open")
    link.click()
    link.page.locator(f'dialog[open][data-clip="{clip}"]').wait_for()


@pytest.fixture
def open_page(browser: Browser) -> Iterator[Open]:
    """Opens a report as from a disk; at the end it must have asked nobody and complained of nothing."""
    complaints: list[str] = []
    asked: list[str] = []
    contexts: list[Any] = []

    def open_(
        report: Path, address: str = "", *, width: int = 1440, height: int = 900, scheme: Any = "light"
    ) -> Page:
        context = browser.new_context(
            viewport={"width": width, "height": height}, color_scheme=scheme, reduced_motion="reduce"
        )
        contexts.append(context)
        context.set_default_timeout(_PATIENCE_MS)
        page = context.new_page()
        page.on(
            "console", lambda message: complaints.append(message.text) if message.type == "error" else None
        )
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("request", lambda request: asked.append(request.url))
        page.goto(f"{report.as_uri()}{address}")
        page.wait_for_selector("html[data-ready]")
        return page

    yield open_
    for context in contexts:
        context.close()
    assert complaints == []
    assert [url[:200] for url in asked if not url.startswith(("file:", "data:"))] == []


@pytest.fixture(scope="session")
def sixty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A report of sixty clips and three failures, without pictures."""
    return report_of(tmp_path_factory.mktemp("sixty"), varied())


@pytest.fixture(scope="session")
def pictured(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A report of three rendered clips, with pictures of those two that are still there."""
    folder = tmp_path_factory.mktemp("pictured")
    render_catalog(folder / "clips", count=3, seed=1, width=240, height=136, duration_s=2.0)
    rows = MotionSight(SETTINGS, run_id="run").describe(list(clips_of(str(folder / "clips"), SETTINGS)))
    Path(sorted(record.uri for record in rows)[0]).unlink()
    return report_of(folder, rows, frames="all")


@pytest.fixture(scope="session")
def two_recipes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three clips that two annotators described: one the same, one in other words, one all otherwise."""
    told = {
        "annotator": "openai:#Some/Very-Long-Name-Of-A-Model-72B-Instruct",
        "recipe": "r2",
        "annotated_at": NOON - timedelta(hours=1),
    }
    rows = [
        row("same.mp4"),
        row("same.mp4", **told),
        row("words.mp4", camera_motion="The camera pans right."),
        row("words.mp4", camera_motion="It turns to the right.", **told),
        row("other.mp4", camera_moves=(move("pan_right"),), object_tracks=(track((0.2, 0.5), (0.6, 0.5)),)),
        row(
            "other.mp4",
            camera_moves=(move("tilt_up"),),
            camera_motion="The camera tilts upwards.",
            object_motion="A dog.",
            steadiness="shaky",
            camera_agreement=0.0,
            notes=("description_cut",),
            **told,
        ),
    ]
    return report_of(tmp_path_factory.mktemp("two"), rows)
