"""The journal of replies: what outlives a process, and who takes what is left of it."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from motionsight_core.errors import RunError
from motionsight_core.evaluation.journal import Journal, forget, journal_directory, journal_of, left_behind
from motionsight_core.record import PredictionRecord
from motionsight_core.settings import StoreSettings
from motionsight_core.warehouse.staging import staging_area
from tests.core.stores.servers import environment_of

STORES = StoreSettings()
ROW = PredictionRecord(
    benchmark="jsonl", annotations="ab" * 32, question_id="q1", recipe="r", route="label", uri="/a.mp4",
    version="1-1", clip_id="c", category="", aspect="camera", reply="B, \u2028 it \"pans\"\n", choice="B",
    error=None, run_id="old", answered_at=datetime(2026, 1, 2, 3, 4, 5, 678901, tzinfo=UTC),
)  # fmt: skip


def row(number: int) -> PredictionRecord:
    return replace(ROW, question_id=f"q{number}")


def taken(directory: str, run_id: str = "new", *, remove: bool = True) -> list[PredictionRecord]:
    with left_behind(directory, run_id, STORES) as found:
        if remove:
            found.remove(STORES)
        return sorted(found.rows, key=lambda one: one.question_id)


@pytest.fixture
def directory(tmp_path: Path) -> str:
    return journal_directory(f"{tmp_path}/w.staging", benchmark="jsonl", annotations=ROW.annotations)


def test_what_was_added_is_found_as_it_was_and_once(directory: str) -> None:
    journal = Journal(directory, "old", STORES)
    for number in range(3):
        journal.add(row(number))
    journal.close()
    assert taken(directory) == [row(0), row(1), row(2)]
    assert taken(directory) == []
    assert not Path(directory).parent.exists(), "no empty folder is left"


def test_a_reply_outlives_its_process_without_being_closed(directory: str) -> None:
    code = (
        "import os, pickle, sys; from motionsight_core.evaluation.journal import Journal;"
        "from motionsight_core.settings import StoreSettings;"
        "from tests.core.evaluation.test_journal import row;"
        f"journal = Journal({directory!r}, 'old', StoreSettings()); journal.add(row(7));"
        "os.kill(os.getpid(), 9)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == -9
    assert taken(directory) == [row(7)]


@pytest.mark.parametrize(
    "tail",
    [b'{"benchmark": "jsonl"', b"{}\n", b"[1]\n", b"\xff\n", b"\0\0\0\0", b'{"a": 1}\n{"b"'],
)
def test_what_is_torn_or_strange_is_no_reply(directory: str, tail: bytes) -> None:
    journal = Journal(directory, "old", STORES)
    journal.add(row(1))
    journal.close()
    (path,) = Path(directory).iterdir()
    path.write_bytes(path.read_bytes() + tail)
    assert taken(directory) == [row(1)]


def test_the_journal_of_a_run_that_lives_is_left_to_it(directory: str) -> None:
    alive = Journal(directory, "old", STORES)
    alive.add(row(1))
    assert taken(directory, "new") == []
    alive.add(row(2))
    alive.close()
    assert taken(directory, "new") == [row(1), row(2)]


def test_a_run_takes_its_own_whoever_has_it_open_and_goes_on_in_another(directory: str) -> None:
    own = journal_of(directory, "own", STORES)
    own.add(row(1))
    elsewhere = Journal(directory, "own", STORES)
    elsewhere.add(row(2))
    assert taken(directory, "own") == [row(1), row(2)]
    elsewhere.add(row(3))
    own.add(row(4))
    assert taken(directory, "own") == [row(3), row(4)]


def test_committed_journals_are_forgotten_and_those_of_others_kept(directory: str) -> None:
    for run_id in ("own", "old"):
        journal = Journal(directory, run_id, STORES)
        journal.add(replace(row(1), run_id=run_id))
        journal.close()
    forget(directory, "own", STORES)
    assert [one.run_id for one in taken(directory)] == ["old"]


def test_no_run_sweeps_replies_away(tmp_path: Path, directory: str) -> None:
    journal = Journal(directory, "old", STORES)
    journal.add(row(1))
    journal.close()
    with staging_area(f"{tmp_path}/w.staging", "a" * 32):
        pass
    assert taken(directory) == [row(1)]


def test_replies_that_cannot_be_kept_end_the_run_with_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(RunError, match=r"Replies cannot be kept in .*: Not a directory; make room"):
        Journal(f"{tmp_path}/file/replies/x", "old", STORES).add(row(1))


def test_a_reply_after_one_that_met_a_full_disk_half_way_is_kept(
    directory: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    journal, write, written = Journal(directory, "old", STORES), os.write, list[int]()
    journal.add(row(1))

    def full_soon(file: int, content: bytes) -> int:
        if written:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        written.append(write(file, content[:20]))
        return written[0]

    with monkeypatch.context() as disk, pytest.raises(RunError, match="No space left on device; make room"):
        disk.setattr(os, "write", full_soon)
        journal.add(row(2))
    journal.add(row(3))
    journal.close()
    assert taken(directory) == [row(1), row(3)]


def test_in_a_bucket_replies_wait_for_each_other_and_are_objects(
    gcs_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tests.core.stores.servers import GcsBucket

    for name, value in environment_of(gcs=gcs_url, s3=gcs_url).items():
        monkeypatch.setenv(name, value)
    bucket = GcsBucket(gcs_url, "journaled")
    bucket.put("other/x.mp4", b"x")
    directory = journal_directory("gs://journaled/staged", benchmark="jsonl", annotations=ROW.annotations)
    journal = Journal(directory, "old", STORES)
    journal.add(row(1))
    journal.add(row(2))
    assert taken(directory) == [], "they wait for others"
    journal.flush()
    assert taken(directory, remove=False) == [row(1), row(2)]
    assert taken(directory) == [row(1), row(2)]
    assert taken(directory) == []
