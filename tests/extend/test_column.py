"""What docs/extend/column.md changes is all that a new column takes."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from motionsight_core.synthetic import render_catalog
from motionsight_core.warehouse import open_warehouse
from motionsight_core.warehouse._migrations import MIGRATIONS
from tests.core.warehouse.rows import Stage, record
from tests.extend.package import PAGES
from tests.extend.test_extend import run

ROOT = Path(__file__).parents[2]


@pytest.fixture
def changed(tmp_path: Path) -> Path:
    """A copy of the program with the page's changes made."""
    for package in ("motionsight_core", "transforms", "flows"):
        shutil.copytree(
            ROOT / package, tmp_path / "changed" / package, ignore=shutil.ignore_patterns("__pycache__")
        )
    page = (PAGES / "column.md").read_text(encoding="utf-8")
    said, *changes = page.replace("Migration(5,", f"Migration({len(MIGRATIONS) + 1},").split("```diff\n")
    assert len(changes) == 3
    for text in changes:
        change, _, following = text.partition("```\n")
        path = tmp_path / "changed" / re.findall(r"`(motionsight_core/\S+)`", said)[-1]
        said = following
        path.write_text(with_change(path.read_text(encoding="utf-8"), change), encoding="utf-8")
    return tmp_path / "changed"


def with_change(text: str, change: str) -> str:
    """A text with the lines of a diff that begin with +, at the one place where its other lines stand."""
    lines = change.splitlines(keepends=True)
    before = "".join(line[1:] for line in lines if not line.startswith("+"))
    assert text.count(before) == 1, before
    return text.replace(before, "".join(line[1:] for line in lines))


def test_the_changes_of_the_page_add_a_column_to_a_warehouse_that_is_there(
    changed: Path, tmp_path: Path
) -> None:
    warehouse = open_warehouse(f"duckdb:{tmp_path / 'motion.duckdb'}")
    Stage(warehouse).commit(record("old.mp4"))
    render_catalog(tmp_path / "clips", count=1, seed=4, width=240, height=136, duration_s=1.0)
    run(
        tmp_path, "-m", "flows", "annotate", "clips", "--warehouse", "duckdb:motion.duckdb",
        path=(changed,), MOTIONSIGHT_RUNTIME__DECODE_PROCESSES="1",
    )  # fmt: skip
    ((old,), (new,)) = warehouse.query("SELECT shown_s FROM motion ORDER BY annotated_at").rows
    assert old is None
    assert new >= 0
