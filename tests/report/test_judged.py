"""A report of scored descriptions: the rows that scores are about, with their scores."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import expect

from motionsight_core.report import Judgement, write_report
from motionsight_core.scoring.calibration import histograms
from motionsight_core.warehouse import open_warehouse
from tests.core.warehouse.rows import Stage, record, score
from tests.flows.conftest import motionsight
from tests.report.catalogs import SETTINGS, row, warehouse_of
from tests.report.conftest import Open

__all__ = ["motionsight"]

HOSTILE = "<img src=x onerror=alert(1)>"


def test_only_judged_rows_are_shown_with_their_scores_and_can_be_put_in_order(
    open_page: Open, tmp_path: Path
) -> None:
    rows = [row("a.mp4"), row("b.mp4"), row("c.mp4"), row("c.mp4", recipe="r2")]
    judged = [
        Judgement(rows[0].clip_id, "r1", "camera", 0.9, "one"),
        Judgement(rows[0].clip_id, "r1", "object", 0.7, "one"),
        Judgement(rows[2].clip_id, "r1", "camera", 0.31, HOSTILE),
        Judgement(rows[2].clip_id, "r2", "camera", 0.3, HOSTILE),
    ]
    out = tmp_path / "judged.html"
    warehouse = warehouse_of(tmp_path, rows)
    write_report(warehouse, out, frames="none", settings=SETTINGS, judged=judged)

    page = open_page(out)

    expect(page.locator(".card")).to_have_count(3)
    assert page.locator(".card").first.locator(".badge").all_inner_texts()[:2] == [
        "camera text: 0.900",
        "object text: 0.700",
    ]
    page.locator("#sort").select_option("score")
    assert [name[:5] for name in page.locator(".card h3").all_inner_texts()] == ["c.mp4", "c.mp4", "a.mp4"]
    assert page.locator(".card").first.locator(".badge").first.inner_text() == "camera text: 0.300"


def test_a_report_without_scores_has_no_such_order(open_page: Open, sixty: Path) -> None:
    page = open_page(sixty, "#sort=score")
    expect(page.locator("#sort")).to_have_value("name")
    expect(page.locator("#sort option[value=score]")).to_have_count(0)


def test_what_a_calibration_finds_at_boundaries_is_what_its_report_shows(
    motionsight, open_page: Open, tmp_path: Path
) -> None:
    warehouse = open_warehouse(f"duckdb:{tmp_path / 'motionsight.duckdb'}")
    names = [f"{letter}.mp4" for letter in "abcdef"]
    rows = [record(name) for name in names]
    values = (0.1, 0.15, 0.19, 0.21, 0.25, 0.29)
    Stage(warehouse).commit(
        *rows, *(score(one.clip_id, value) for one, value in zip(rows, values, strict=True))
    )

    done = motionsight("score", "--calibrate")

    assert done.code == 0, done.err
    assert "camera_motion of all, by transformers:scorer" in done.out
    assert f"  0.1 to 0.2         3  {'#' * 40}\n" in done.out
    assert "  6 scores, mean 0.198" in done.out
    assert "Wrote calibration.html: 4 clips" in done.out
    (found,) = histograms(warehouse, None)
    assert [one.score for one in found.at_boundaries] == [0.1, 0.19, 0.21, 0.29]
    shown = open_page(tmp_path / "calibration.html").locator(".card h3").all_inner_texts()
    assert shown == ["a.mp4", "c.mp4", "d.mp4", "f.mp4"]


def test_where_nothing_is_scored_calibrating_says_so(motionsight, tmp_path: Path) -> None:
    Stage(open_warehouse(f"duckdb:{tmp_path / 'motionsight.duckdb'}")).commit(record("a.mp4"))
    done = motionsight("score", "--calibrate")
    assert (done.code, done.out) == (0, "There are no scores; motionsight score makes them.\n")
    assert not (tmp_path / "calibration.html").exists()


def test_sources_without_calibrating_are_refused(motionsight) -> None:
    done = motionsight("score", "--source", "gs://bucket/")
    assert done.code == 2
    assert "--source belongs to --calibrate" in done.err
