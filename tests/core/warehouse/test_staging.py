from __future__ import annotations

import os
from pathlib import Path

from motionsight_core.warehouse.staging import staging_area


def test_a_staging_area_is_there_while_the_run_lives_and_gone_afterwards(tmp_path: Path) -> None:
    root = tmp_path / "x.duckdb.staging"
    with staging_area(str(root), "run") as directory:
        (directory / "part.parquet").write_bytes(b"x")
        assert directory == root / "run"
    assert not root.exists()


def test_what_a_killed_run_left_is_swept_and_a_living_one_is_not(tmp_path: Path) -> None:
    root = tmp_path / "x.duckdb.staging"
    (root / "killed").mkdir(parents=True)
    (root / "killed" / "part.parquet").write_bytes(b"x")
    with staging_area(str(root), "alive") as alive:
        assert not (root / "killed").exists()
        with staging_area(str(root), "other") as other:
            assert alive.exists()
            assert other.exists()
        assert alive.exists()
    assert not root.exists()


def test_what_was_being_made_long_ago_is_swept_and_what_is_being_made_now_is_not(tmp_path: Path) -> None:
    root = tmp_path / "x.duckdb.staging"
    old, new = root / ".new-old", root / ".new-new"
    old.mkdir(parents=True)
    new.mkdir()
    os.utime(old, (0, 0))
    with staging_area(str(root), "run"):
        assert not old.exists()
        assert new.exists()


def test_a_run_that_fails_leaves_nothing(tmp_path: Path) -> None:
    root = tmp_path / "x.duckdb.staging"
    try:
        with staging_area(str(root), "run"):
            raise RuntimeError("the disk is full")
    except RuntimeError:
        pass
    assert not root.exists()
