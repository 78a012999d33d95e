"""`motionsight report`."""

from __future__ import annotations

from pathlib import Path

import pytest

from flows.cli.report_command import show_report
from tests.flows.conftest import motionsight
from tests.report.catalogs import SETTINGS, row, varied, warehouse_of

__all__ = ["motionsight"]


def test_the_command_writes_the_file_and_names_it(motionsight, tmp_path: Path) -> None:
    warehouse = warehouse_of(tmp_path, varied())
    done = motionsight("report", "--warehouse", warehouse, "--frames", "none")
    assert done.code == 0, done.err
    assert "Wrote motionsight.html: 60 clips, pictures of 0, 3 failures, " in done.out
    assert (tmp_path / "motionsight.html").read_text().startswith("<!doctype html>")


def test_what_is_asked_wrongly_is_one_sentence_and_exit_code_2(motionsight, tmp_path: Path) -> None:
    warehouse = warehouse_of(tmp_path, [row("a.mp4")])
    done = motionsight("report", "--warehouse", warehouse, "--where", "clarty > 1")
    assert done.code == 2
    assert "clarty" in done.err
    assert "Traceback" not in done.err
    assert not (tmp_path / "motionsight.html").exists()


def test_videos_that_are_gone_are_counted(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    warehouse = warehouse_of(tmp_path, [row("a.mp4"), row("b.mp4")])
    out = tmp_path / "r.html"
    show_report(warehouse, out, where="uri LIKE '%/a.mp4'", frames="few", settings=SETTINGS)
    told = capsys.readouterr().out
    assert f"Wrote {out}: 1 clip, pictures of 0, the videos of 1 are gone or cannot be decoded, " in told


def test_a_selection_of_nothing_is_said_to_be_empty(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    warehouse = warehouse_of(tmp_path, [row("a.mp4")])
    show_report(warehouse, tmp_path / "r.html", where="false", frames="none", settings=SETTINGS)
    assert "It is empty: no row of the warehouse is selected." in capsys.readouterr().out
