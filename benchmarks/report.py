"""What a report costs: writing it, opening it, filtering it, for N rows and no pictures.

    python -m benchmarks.report [--rows 5000] [--keep FILE.html]

Rows are drawn from a seed: each has one to three camera moves and up to three tracks of ten boxes a second,
as those of measured clips of three to ten seconds do. They go into a DuckDB file first, which is not timed.

Seconds are wall-clock. "opened" is from the navigation to the first cards, in headless Chromium; a filter's
time is from the click to the next frame that the browser has painted, the median of several.
"""

from __future__ import annotations

import argparse
import random
import shutil
import statistics
import tempfile
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from playwright.sync_api import Browser, Page

from motionsight_core import Settings
from motionsight_core.camera_motion import STEADINESS, CameraLabel
from motionsight_core.catalog import Clip
from motionsight_core.record import Box, CameraMove, MotionRecord, ObjectTrack
from motionsight_core.report import write_report
from motionsight_core.warehouse import open_warehouse
from tests.chromium import started
from tests.core.warehouse.rows import Stage, record, run_record

LABELS: tuple[CameraLabel, ...] = (
    "pan_left",
    "pan_right",
    "tilt_up",
    "tilt_down",
    "zoom_in",
    "zoom_out",
    "roll_cw",
    "roll_ccw",
)

SEED = 2026

#: From a click to the painted frame that shows what came of it, ms; what is there at once, or comes to be.
_TIMED_CLICK = """async ([selector, comes]) => {
    const begun = performance.now();
    document.querySelector(selector).click();
    while (!document.querySelector(comes)) await new Promise((done) => setTimeout(done));
    await new Promise((done) => requestAnimationFrame(() => setTimeout(done)));
    return performance.now() - begun;
}"""
_TIMED_SEARCH = """async (words) => {
    const search = document.getElementById('search');
    const begun = performance.now();
    search.value = words;
    search.dispatchEvent(new Event('input'));
    await new Promise((done) => requestAnimationFrame(() => setTimeout(done)));
    return performance.now() - begun;
}"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--rows", type=int, default=5_000)
    parser.add_argument("--keep", type=Path, metavar="FILE.html", help="keep the report here")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        warehouse = open_warehouse(f"duckdb:{Path(folder, 'motion.duckdb')}")
        warehouse.start_run(run_record())
        Stage(warehouse).commit(*rows(arguments.rows))
        out = Path(folder, "report.html")
        begun = time.perf_counter()
        summary = write_report(warehouse.url, out, frames="none", settings=Settings.load(environment={}))
        seconds = time.perf_counter() - begun
        print(f"{summary.clips} rows: written in {seconds:.1f} s, {summary.bytes / 1e6:.1f} MB")
        if arguments.keep:
            shutil.copyfile(out, arguments.keep)
        with started() as browser:
            tries = [opened(browser, out) for _ in range(3)]
            cards = statistics.median(one[1] for one in tries)
            whole = statistics.median(one[2] for one in tries)
            empty = Path(folder, "empty.html")
            empty.write_text('<!doctype html><p class="card">empty</p>')
            floor = statistics.median(opened(browser, empty)[1] for _ in range(3))
            print(
                f"opened in {cards:.2f} s, read to its end after {whole:.2f} s (an empty page: {floor:.2f} s)"
            )
            page = tries[-1][0]
            for name, seconds in timings(page):
                print(f"{name}: {seconds:.2f} s")


def opened(browser: Browser, report: Path) -> tuple[Page, float, float]:
    """The page, and after how many seconds it showed its first cards and was read to its end."""
    page = browser.new_page(viewport={"width": 1440, "height": 900})
    begun = time.perf_counter()
    page.goto(report.as_uri(), wait_until="commit")
    page.wait_for_selector(".card")
    cards = time.perf_counter() - begun
    page.wait_for_load_state("domcontentloaded")
    return page, cards, time.perf_counter() - begun


def timings(page: Page) -> Iterator[tuple[str, float]]:
    """What a reader does, and the seconds it takes."""
    clicks = {
        "filter by a move": '[data-facet="move"][data-value="pan_left"]',
        "filter by steadiness": '[data-facet="steadiness"][data-value="shaky"]',
        "next page": '[aria-label="Next page"]',
        "open a clip": ".card h3 a",
    }
    for name, selector in clicks.items():
        comes = "#evidence[open]" if name == "open a clip" else "body"
        repeats = 6 if name.startswith("filter") else 1
        times = [page.evaluate(_TIMED_CLICK, [selector, comes]) / 1000 for _ in range(repeats)]
        yield name, statistics.median(times)
    page.keyboard.press("Escape")
    times = [page.evaluate(_TIMED_SEARCH, words) / 1000 for words in ("c", "clip 1", "pans right", "")]
    yield "search", statistics.median(times)


def rows(count: int) -> Iterator[MotionRecord]:
    """Rows of clips that never were."""
    chance = random.Random(SEED)  # noqa: S311
    for number in range(count):
        clip = Clip(f"/catalog/{number // 500:03d}/clip {number:06d}.mp4", "1-1", 0.0, chance.uniform(3, 10))
        shown = sorted(chance.sample(LABELS, chance.randint(1, 3)))
        yield replace(
            record(),
            clip_id=clip.clip_id,
            uri=clip.uri,
            end_s=clip.end_s,
            camera_moves=tuple(_move(chance, label, clip) for label in shown),
            camera_motion=f"The camera {', then '.join(label.replace('_', 's ') for label in shown)}.",
            object_motion="A region near the middle moves to the right and leaves; then another follows.",
            steadiness=chance.choice(STEADINESS),
            object_tracks=tuple(_track(chance, number, clip) for number in range(chance.randint(0, 3))),
            motion_score=chance.lognormvariate(-2.5, 0.7),
            clarity=chance.uniform(0.3, 1.0),
        )


def _move(chance: random.Random, label: CameraLabel, clip: Clip) -> CameraMove:
    start_s, end_s = sorted((chance.uniform(0, clip.end_s), chance.uniform(0, clip.end_s)))
    return CameraMove(
        round(start_s, 3), round(end_s, 3), label, round(chance.lognormvariate(-2, 0.6), 4), 0.9
    )


def _track(chance: random.Random, number: int, clip: Clip) -> ObjectTrack:
    x, y, across, upward = chance.random(), chance.random(), chance.gauss(0, 0.1), chance.gauss(0, 0.1)
    times_s = [tenth / 10 for tenth in range(int(clip.end_s * 10))]
    corners = [(x + across * t_s, y + upward * t_s) for t_s in times_s]
    boxes = tuple(
        Box(t_s, round(left, 4), round(top, 4), round(left + 0.1, 4), round(top + 0.1, 4))
        for t_s, (left, top) in zip(times_s, corners, strict=True)
    )
    return ObjectTrack(number, "moving region", 0.9, 0.0, boxes[-1].t_s, boxes)


if __name__ == "__main__":
    main()
