"""Takes docs/report.png, the first picture in the README: the report of a rendered catalog.

python -m docs.report_screenshot [--all FOLDER]

With --all, also at the sizes of a desktop and a phone, in light and in dark, with a clip opened and with a
filter, to be looked at. The browser is that of the tests.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

from playwright.sync_api import Browser, Page

from tests.chromium import started
from tests.flows.conftest import command, environment

PICTURE = Path(__file__).with_name("report.png")
DESKTOP, PHONE = (1440, 900), (390, 844)
#: The clip that is opened: something moves in it while its camera pans.
OPENED = "pan_right_with_balloon.mp4"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--all", type=Path, metavar="FOLDER", help="where the further pictures go")
    folder = parser.parse_args().all
    with catalog_folder() as place, started() as browser:
        report = demo_report(place)
        page = opened(browser, report, DESKTOP, "light")
        page.set_viewport_size({"width": 1280, "height": 1780})
        page.screenshot(path=PICTURE)
        if folder is not None:
            folder.mkdir(parents=True, exist_ok=True)
            look_all_over(browser, report, folder)


@contextmanager
def catalog_folder() -> Iterator[Path]:
    """A folder whose name is the same every time: it is in the picture."""
    folder = Path(tempfile.gettempdir(), "catalog")
    folder.mkdir()
    try:
        yield folder
    finally:
        shutil.rmtree(folder)


def demo_report(folder: Path) -> Path:
    """The report of the demo's twelve clips and of two files that cannot be annotated."""
    clips = folder / "clips"
    motionsight(folder, "scenes", "clips")
    whole = (clips / "pan_left.mp4").read_bytes()
    (clips / "interview.mp4").write_bytes(whole[: len(whole) // 2])
    (clips / "notes.mp4").write_text("not a video\n" * 40)
    motionsight(folder, "annotate", "clips")
    motionsight(folder, "report", "--frames", "all", "--out", "report.html")
    return folder / "report.html"


def motionsight(folder: Path, *arguments: str) -> None:
    """The command line, as a user of that folder runs it."""
    subprocess.run(command(*arguments), cwd=folder, env=environment(), check=True)


def opened(browser: Browser, report: Path, size: tuple[int, int], scheme: Literal["light", "dark"]) -> Page:
    page = browser.new_page(viewport={"width": size[0], "height": size[1]}, color_scheme=scheme)
    page.goto(report.as_uri())
    page.wait_for_selector("html[data-ready]")
    page.evaluate("Promise.all([...document.images].map((image) => image.decode()))")
    return page


def look_all_over(browser: Browser, report: Path, folder: Path) -> None:
    for name, size in (("desktop", DESKTOP), ("phone", PHONE)):
        for scheme in ("light", "dark"):
            page = opened(browser, report, size, scheme)
            page.screenshot(path=folder / f"{name}_{scheme}_page.png", full_page=True)
            page.get_by_role("link", name=OPENED).click()
            page.wait_for_selector("dialog[open]")
            page.keyboard.press(".")
            page.keyboard.press(".")
            page.screenshot(path=folder / f"{name}_{scheme}_clip.png")
            page.keyboard.press("Escape")
            page.locator('[data-facet="move"][data-value="pan_right"]').click()
            page.screenshot(path=folder / f"{name}_{scheme}_filtered.png")


if __name__ == "__main__":
    main()
