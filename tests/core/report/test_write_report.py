"""What is in the file, without a browser."""

from __future__ import annotations

import base64
import json
import re
import zlib
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from motionsight_core import MotionSight, clips_of
from motionsight_core.errors import NoWarehouse, UsageError
from motionsight_core.record import MotionRecord
from motionsight_core.report import ReportSummary, write_report
from motionsight_core.synthetic import render_catalog
from motionsight_core.warehouse import Warehouse
from tests.core.warehouse.rows import NOON, Stage, failure, record, run_record
from tests.report.catalogs import SETTINGS


def blocks(report: Path) -> dict[str, Any]:
    """The data in a report, by the ids of its elements."""
    page = report.read_text()
    found = dict(re.findall(r'<script type="application/json" id="([^"]+)">(.*?)</script>', page))
    packs = dict(re.findall(r'<script type="text/plain" id="([^"]+)">(.*?)</script>', page))
    data = {name: json.loads(text) for name, text in found.items()}
    data |= {name: json.loads(zlib.decompress(base64.b64decode(text))) for name, text in packs.items()}
    for name in ("rows", "failures"):
        table = data["catalog"][name]
        data["catalog"][name] = [dict(zip(table["names"], line, strict=True)) for line in table["values"]]
    return data


@pytest.mark.in_gate("duckdb")
def test_a_report_holds_the_rows_the_failures_and_the_runs_of_either_warehouse(
    warehouse: Warehouse, stage: Stage, tmp_path: Path
) -> None:
    warehouse.start_run(replace(run_record(), started_at=NOON))
    stage.commit(record("a.mp4"), record("b.mp4"), failure("bad.mp4", clip=False))
    warehouse.finish_run("run")
    out = tmp_path / "report.html"
    summary = write_report(warehouse.url, out, frames="none", settings=SETTINGS)
    assert summary == ReportSummary(clips=2, failures=1, pictures=0, bytes=out.stat().st_size)
    data = blocks(out)
    entry = data["catalog"]["rows"][0]
    assert entry["uri"] == "/clips/a.mp4"
    assert entry["moves"][0] == [0.0, 1.5, "pan_right", 0.1, 0.9]
    assert (entry["goes"], entry["speed"]) == ([0], 0.1)
    assert (entry["tracks"][0]["goes"], entry["tracks"][0]["speed"]) == (0, 0.1)
    assert data["catalog"]["failures"][0]["error"] == "Truncated"
    assert data["catalog"]["runs"]["annotated"] == 2
    assert data["rows-0"][1]["object_tracks"][0]["boxes"][0] == {
        "t_s": 0.0,
        "x0": 0.1,
        "y0": 0.2,
        "x1": 0.3,
        "y1": 0.4,
    }


@pytest.fixture
def duckdb(tmp_path: Path) -> Warehouse:
    from motionsight_core.warehouse import open_warehouse

    return open_warehouse(f"duckdb:{tmp_path / 'motion.duckdb'}")


def test_only_the_newest_version_of_a_video_is_shown_under_all_of_its_recipes(
    duckdb: Warehouse, tmp_path: Path
) -> None:
    later = NOON + timedelta(days=1)
    old = replace(record("a.mp4", at=NOON), version="0-0", clip_id="old")
    Stage(duckdb).commit(
        old,
        record("a.mp4", at=later),
        record("a.mp4", at=later + timedelta(hours=1), recipe="r2"),
        replace(failure("a.mp4"), version="0-0"),
        replace(failure("a.mp4", at=later + timedelta(days=1)), version="2-2"),
    )
    out = tmp_path / "report.html"
    write_report(duckdb.url, out, frames="none", settings=SETTINGS)
    catalog = blocks(out)["catalog"]
    assert [(row["recipe"], row["current"]) for row in catalog["rows"]] == [("r1", False), ("r2", True)]
    assert [recipe["recipe"] for recipe in catalog["recipes"]] == ["r2", "r1"]
    assert len(catalog["failures"]) == 1, "that of the old version is history, that of a newer one is news"


def test_a_condition_selects_rows_and_failures_as_far_as_they_have_its_columns(
    duckdb: Warehouse, tmp_path: Path
) -> None:
    Stage(duckdb).commit(record("a.mp4"), record("b.mp4"), failure("b2.mp4"))
    out = tmp_path / "report.html"
    by_name = write_report(
        duckdb.url, out, where="uri LIKE '%/b%' -- all of b", frames="none", settings=SETTINGS
    )
    assert (by_name.clips, by_name.failures) == (1, 1)
    by_clarity = write_report(duckdb.url, out, where="clarity > 0.5", frames="none", settings=SETTINGS)
    assert (by_clarity.clips, by_clarity.failures) == (2, 0)
    assert blocks(out)["catalog"]["failuresFit"] is False


@pytest.mark.parametrize("where", ["clarty > 0.5", "1 = 1); DROP TABLE motion; --", "SELECT"])
def test_a_condition_that_is_none_is_a_usage_error_and_changes_nothing(
    duckdb: Warehouse, tmp_path: Path, where: str
) -> None:
    Stage(duckdb).commit(record("a.mp4"))
    out = tmp_path / "report.html"
    out.write_text("the report of yesterday")
    with pytest.raises(UsageError, match="The query failed"):
        write_report(duckdb.url, out, where=where, settings=SETTINGS)
    assert out.read_text() == "the report of yesterday"
    assert duckdb.query("SELECT count(*) FROM motion").rows == [(1,)]


def test_what_cannot_be_read_or_written_is_said_in_a_sentence(duckdb: Warehouse, tmp_path: Path) -> None:
    with pytest.raises(NoWarehouse, match="annotate"):
        write_report(duckdb.url, tmp_path / "report.html", settings=SETTINGS)
    Stage(duckdb).commit(record("a.mp4"))
    with pytest.raises(UsageError, match=r"cannot be written to .*: No such file or directory"):
        write_report(duckdb.url, tmp_path / "absent" / "report.html", frames="none", settings=SETTINGS)
    with pytest.raises(UsageError, match="give none, few or all"):
        write_report(duckdb.url, tmp_path / "report.html", frames="some", settings=SETTINGS)  # pyrefly: ignore[bad-argument-type]
    assert list(tmp_path.glob(".*.part")) == []


def test_numbers_that_are_none_become_null(duckdb: Warehouse, tmp_path: Path) -> None:
    Stage(duckdb).commit(replace(record("a.mp4"), motion_score=float("nan"), clarity=float("inf")))
    out = tmp_path / "report.html"
    write_report(duckdb.url, out, frames="none", settings=SETTINGS)
    assert blocks(out)["catalog"]["rows"][0]["score"] is None
    assert blocks(out)["rows-0"][0]["clarity"] is None


def test_pictures_are_drawn_from_the_videos_and_what_is_gone_stops_nothing(
    duckdb: Warehouse, tmp_path: Path
) -> None:
    render_catalog(tmp_path / "clips", count=2, seed=1, width=240, height=136, duration_s=1.5)
    rows = MotionSight(SETTINGS).describe(clips_of(str(tmp_path / "clips"), SETTINGS))
    gone, there = (row for row in rows if isinstance(row, MotionRecord))
    elsewhere = replace(there, uri="ftp://somewhere/x.mp4", clip_id="elsewhere")
    Stage(duckdb).commit(gone, there, elsewhere)
    Path(gone.uri).unlink()
    out, told = tmp_path / "report.html", []
    summary = write_report(
        duckdb.url, out, frames="all", settings=SETTINGS, progress=lambda *step: told.append(step)
    )
    assert (summary.pictures, summary.without_pictures) == (1, 2)
    assert told == [(1, 3), (2, 3), (3, 3)]
    data = blocks(out)
    pictures = data[f"pictures-{there.clip_id}"]
    assert {name: len(pictures[name]) for name in ("times", "sampled", "blurred")} == {
        "times": 6, "sampled": 6, "blurred": 6,
    }  # fmt: skip
    assert len(pictures["path"]["t_s"]) == len(pictures["path"]["pan"]) > 5
    assert data[f"pictures-{gone.clip_id}"]["error"] == "VersionGone"
    assert "no object store for ftp://" in data["pictures-elsewhere"]["reason"]


def test_nothing_that_a_row_says_can_end_its_element(duckdb: Warehouse, tmp_path: Path) -> None:
    hostile = '</script><script>alert(1)</script><!-- "&\u2028'
    Stage(duckdb).commit(record(hostile, text=hostile), failure(hostile))
    out = tmp_path / "report.html"
    write_report(duckdb.url, out, frames="none", settings=SETTINGS)
    text = out.read_text()
    assert "alert(1)</script>" not in text
    assert text.count("</script>") == text.count("<script")
    assert blocks(out)["rows-0"][0]["object_motion"] == hostile


@pytest.mark.parametrize(
    ("uris", "source"),
    [
        (["/clips/a.mp4"], "/clips"),
        (["/clips/a/1.mp4", "/clips/ab/2.mp4"], "/clips"),
        (["gs://bucket/x/1.mp4", "gs://bucket/y/1.mp4"], "gs://bucket"),
        (["gs://one/1.mp4", "gs://two/1.mp4"], "several folders"),
        (["/one/1.mp4", "s3://two/1.mp4"], "several folders"),
    ],
)
def test_the_page_is_named_after_the_folder_that_all_have_in_common(
    duckdb: Warehouse, tmp_path: Path, uris: list[str], source: str
) -> None:
    Stage(duckdb).commit(*(replace(record(), uri=uri, clip_id=uri) for uri in uris))
    out = tmp_path / "report.html"
    write_report(duckdb.url, out, frames="none", settings=SETTINGS)
    assert blocks(out)["catalog"]["source"] == source
    assert f"<title>MotionSight: {source}</title>" in out.read_text()


def test_the_same_rows_make_the_same_page(duckdb: Warehouse, tmp_path: Path) -> None:
    Stage(duckdb).commit(*(record(f"{number}.mp4") for number in range(5)))
    pages = []
    for name in ("one.html", "two.html"):
        write_report(duckdb.url, tmp_path / name, frames="none", settings=SETTINGS)
        pages.append(re.sub(r'"written":"[^"]+"', "", (tmp_path / name).read_text()))
    assert pages[0] == pages[1]
