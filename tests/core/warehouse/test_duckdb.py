"""What only DuckDB does: one file, one writing process, and files of before there were migrations."""

from __future__ import annotations

import random
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import duckdb
import pytest

from motionsight_core.catalog import VideoObject
from motionsight_core.errors import RunError, UsageError
from motionsight_core.warehouse import Warehouse, open_warehouse
from motionsight_core.warehouse._migrations import MIGRATIONS
from tests.core.warehouse.rows import NOON, Stage, failure, partition, record, run_record, split

COLUMNS_THAT_CAME_LATER = [
    column for migration in MIGRATIONS for table, column in migration.adds if table.name == "motion"
]


@pytest.fixture
def warehouse(tmp_path: Path) -> Warehouse:
    return open_warehouse(f"duckdb:{tmp_path / 'motion.duckdb'}")


@pytest.fixture
def as_of_old(warehouse: Warehouse, stage: Stage) -> Callable[..., None]:
    """Turns the warehouse, with a row in it, into one of before there were migrations."""

    def turn(*, without_columns: bool) -> None:
        stage.commit(record("old.mp4"))
        with duckdb.connect(file_of(warehouse)) as connection:
            for table in ("migrations", "splits", "partitions"):
                connection.execute(f"DROP TABLE {table}")
            if without_columns:
                for view in ("latest_motion", "camera_moves", "object_tracks"):
                    connection.execute(f"DROP VIEW {view}")
                for column in COLUMNS_THAT_CAME_LATER:
                    connection.execute(f"ALTER TABLE motion DROP COLUMN {column}")

    return turn


def file_of(warehouse: Warehouse) -> str:
    return warehouse.url.partition(":")[2]


@contextmanager
def held_by_another_process(path: Path) -> Iterator[subprocess.Popen[bytes]]:
    """The process that has the file open for writing."""
    program = (
        "import duckdb, sys\n"
        "connection = duckdb.connect(sys.argv[1])\n"
        "print('held', flush=True)\n"
        "sys.stdin.read()\n"
    )
    holder = subprocess.Popen(
        [sys.executable, "-c", program, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert holder.stdout is not None
    assert holder.stdout.readline() == b"held\n"
    try:
        yield holder
    finally:
        holder.communicate()


def test_columns_have_the_types_of_the_contract(warehouse: Warehouse, stage: Stage) -> None:
    stage.commit()
    types = dict(
        warehouse.query(
            "SELECT column_name, data_type FROM duckdb_columns() WHERE table_name = 'motion'"
        ).rows
    )
    assert types["width"] == "INTEGER"
    assert types["object_names"] == "VARCHAR[]"
    assert types["cuts"] == "DOUBLE[]"
    assert types["annotated_at"] == "TIMESTAMP WITH TIME ZONE"
    assert types["camera_moves"].endswith("confidence DOUBLE)[]")


def test_a_file_that_is_no_warehouse_is_said_to_be(tmp_path: Path) -> None:
    path = tmp_path / "text.duckdb"
    path.write_text("not a database")
    with pytest.raises(RunError, match="Cannot open"):
        open_warehouse(f"duckdb:{path}").query("SELECT 1")


@pytest.mark.parametrize("url", ["sqlite:x", "duckdb", "duckdb:", "bigquery:", "motion.duckdb"])
def test_other_warehouses_are_refused_by_name(url: str) -> None:
    with pytest.raises(UsageError, match="duckdb:FILE"):
        open_warehouse(url)


def test_a_commit_waits_for_another_process_to_let_go(warehouse: Warehouse, stage: Stage) -> None:
    stage.commit(record("a.mp4"))
    program = (
        "import duckdb, sys, time\n"
        "connection = duckdb.connect(sys.argv[1])\n"
        "print('held', flush=True)\n"
        "time.sleep(1.5)\n"
    )
    path = warehouse.url.partition(":")[2]
    holder = subprocess.Popen([sys.executable, "-c", program, path], stdout=subprocess.PIPE)
    assert holder.stdout is not None
    assert holder.stdout.readline() == b"held\n"
    stage.commit(record("b.mp4"))
    holder.wait()
    assert len(warehouse.query("SELECT * FROM motion").rows) == 2


def test_a_warehouse_held_for_too_long_names_the_holder(
    warehouse: Warehouse, stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    from motionsight_core.warehouse import _duckdb_file

    monkeypatch.setattr(_duckdb_file, "_LOCK_WAIT_S", 0.3)
    stage.commit(record("a.mp4"))
    path = Path(file_of(warehouse))
    said = "in use by .*PID {}.*; end that process or wait"
    with held_by_another_process(path) as holder, pytest.raises(RunError, match=said.format(holder.pid)):
        stage.commit(record("b.mp4"))


@pytest.mark.parametrize("without_columns", [False, True])
def test_a_file_of_before_migrations_is_brought_up_to_date_and_keeps_its_rows(
    warehouse: Warehouse, stage: Stage, as_of_old: Callable[..., None], without_columns: bool
) -> None:
    as_of_old(without_columns=without_columns)
    new = replace(record("new.mp4"), camera_agreement=0.5, notes=("names_unreadable",))
    stage.commit(new, split("new.mp4", 3))
    rows = warehouse.query("SELECT uri, camera_agreement FROM latest_motion ORDER BY uri").rows
    assert rows == [("/clips/new.mp4", 0.5), ("/clips/old.mp4", None)]
    newest = MIGRATIONS[-1].number
    assert warehouse.query("SELECT max(number), count(*) FROM migrations").rows == [(newest, newest)]


def test_an_older_file_answers_queries_and_is_not_changed_by_them(
    warehouse: Warehouse, as_of_old: Callable[..., None]
) -> None:
    as_of_old(without_columns=True)
    assert warehouse.query("SELECT uri FROM motion").rows == [("/clips/old.mp4",)]
    with pytest.raises(UsageError, match="migrations"):
        warehouse.query("SELECT * FROM migrations")


def test_what_an_older_file_knows_is_known(warehouse: Warehouse, as_of_old: Callable[..., None]) -> None:
    as_of_old(without_columns=True)
    video = VideoObject("/clips/old.mp4", "1-1")
    assert warehouse.known([video], "r1")[video].annotated == {record("old.mp4").clip_id}
    assert warehouse.partitions("b1") == []


def test_a_file_of_a_later_program_is_read_and_not_written(warehouse: Warehouse, stage: Stage) -> None:
    stage.commit(record())
    with duckdb.connect(file_of(warehouse)) as connection:
        connection.execute("INSERT INTO migrations VALUES (99, 'of the future', now())")
    for write in (
        lambda: stage.commit(record("b.mp4")),
        lambda: warehouse.start_run(run_record()),
        lambda: warehouse.save_partitions([partition(0)]),
        lambda: warehouse.known([VideoObject("/clips/a.mp4", "1-1")], "r1"),
    ):
        with pytest.raises(RunError, match=r"written by a later MotionSight .*99.*; update MotionSight"):
            write()
    assert warehouse.query("SELECT uri FROM motion").rows == [("/clips/a.mp4",)]


def test_processes_that_open_an_older_file_together_migrate_it_once(
    warehouse: Warehouse, as_of_old: Callable[..., None]
) -> None:
    as_of_old(without_columns=True)
    program = (
        "import sys\n"
        "from motionsight_core.warehouse import open_warehouse\n"
        "from tests.core.warehouse.rows import partition\n"
        "open_warehouse(sys.argv[1]).save_partitions([partition(int(sys.argv[2]))])\n"
    )
    processes = [
        subprocess.Popen([sys.executable, "-c", program, warehouse.url, str(number)]) for number in range(3)
    ]
    assert [process.wait() for process in processes] == [0, 0, 0]
    assert len(warehouse.partitions("b1")) == 3
    assert warehouse.query("SELECT count(*) FROM migrations").rows == [(len(MIGRATIONS),)]


def test_a_disk_that_is_full_is_one_sentence_and_costs_no_row(warehouse: Warehouse, stage: Stage) -> None:
    stage.commit(record("a.mp4"))
    program = (
        "import resource, signal, sys\n"
        "from motionsight_core.errors import RunError\n"
        "from motionsight_core.warehouse import Manifest, open_warehouse\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[2]), resource.RLIM_INFINITY))\n"
        "try:\n"
        "    open_warehouse(sys.argv[1]).commit(Manifest.from_json(sys.stdin.read()))\n"
        "except RunError as error:\n"
        "    print(error)\n"
    )
    # Text that no compression makes small: more than the file may grow by.
    size = Path(file_of(warehouse)).stat().st_size
    rows = [record(f"{i}.mp4", text=random.Random(i).randbytes(20_000).hex()) for i in range(100)]
    done = subprocess.run(
        [sys.executable, "-c", program, warehouse.url, str(size + 200_000)],
        input=stage.manifest(*rows).to_json(),
        capture_output=True,
        text=True,
        check=True,
    )
    assert "failed:" in done.stdout
    assert len(done.stdout.splitlines()) == 1
    assert warehouse.query("SELECT uri FROM motion").rows == [("/clips/a.mp4",)]
    stage.commit(record("b.mp4"))
    assert len(warehouse.query("SELECT uri FROM motion").rows) == 2


#: Each means something to DuckDB, to a shell or to an address; to the file system they are names.
FOLDERS = (
    "dt=2024-01-01/fps=99/camera_motion=none",
    "what?",
    "what?access_mode=read_only&threads=1",
    "sh#arp",
    "br[1]",
    "st*r",
    "a{b,c}",
    "per%20cent",
    "quo'te\"",
    "ünï ✓",
    "~home",
    "s3:",
    "lock",
)


@pytest.mark.parametrize("folder", FOLDERS)
def test_a_warehouse_may_lie_in_any_folder(tmp_path: Path, folder: str) -> None:
    # Folders that the name would match, were it a pattern.
    for other in ("whats", "star", "br1", "ab"):
        (tmp_path / other).mkdir()
    place = tmp_path / folder
    place.mkdir(parents=True, exist_ok=True)
    warehouse = open_warehouse(f"duckdb:{place / 'motion.duckdb'}")
    stage = Stage(warehouse)
    stage.folder += "/dt=2024-01-01/error=None/clips=7"  # as where the staging area has such a folder
    warehouse.start_run(run_record())
    stage.commit(record("a.mp4"), failure("b.mp4"), split("a.mp4", 1))
    stage.commit(record("a.mp4", at=NOON + timedelta(minutes=1), text="new"))
    answer = warehouse.query("SELECT uri, fps, camera_motion, object_motion FROM motion")
    assert answer.rows == [("/clips/a.mp4", 25.0, "The camera pans right.", "new")]
    assert warehouse.query("SELECT uri, error FROM failures").rows == [("/clips/b.mp4", "Truncated")]
    assert warehouse.query("SELECT uri, clips FROM splits").rows == [("/clips/a.mp4", 1)]
    assert warehouse.finish_run("run").annotated == 2
    assert {path.name for path in place.iterdir()} == {"motion.duckdb", "staged"}


def test_a_file_whose_own_name_holds_a_question_mark_is_a_warehouse(tmp_path: Path) -> None:
    stage = Stage(open_warehouse(f"duckdb:{tmp_path / 'what?.duckdb'}"))
    stage.commit(record())
    assert len(stage.warehouse.query("SELECT * FROM motion").rows) == 1
    assert {path.name for path in tmp_path.iterdir()} == {"what?.duckdb", "staged"}


def test_a_pattern_in_the_path_of_a_staged_file_reads_that_file_only(
    warehouse: Warehouse, stage: Stage, tmp_path: Path
) -> None:
    mine, others = stage.manifest(record("mine.mp4")), stage.manifest(record("other.mp4"))
    for folder, manifest in (("part[1]", mine), ("part1", others)):
        (tmp_path / folder).mkdir()
        Path(manifest.motion_files[0]).rename(tmp_path / folder / "motion.parquet")
    warehouse.commit(replace(mine, motion_files=(str(tmp_path / "part[1]" / "motion.parquet"),)))
    assert warehouse.query("SELECT uri FROM motion").rows == [("/clips/mine.mp4",)]


@pytest.mark.parametrize(
    ("name", "words"), [("back\\slash", "holds a backslash"), ("caf\udce9", "is not valid UTF-8")]
)
def test_a_path_that_duckdb_cannot_open_is_refused_in_one_sentence(
    tmp_path: Path, name: str, words: str
) -> None:
    with pytest.raises(UsageError, match=words) as refused:
        open_warehouse(f"duckdb:{tmp_path / name / 'motion.duckdb'}")
    str(refused.value).encode()


@pytest.mark.parametrize("place", ["lock/motion.duckdb", "motion.duckdb.lock", "held in lock (PID 1)/x"])
def test_an_error_below_a_path_with_the_word_lock_is_said_as_it_is(tmp_path: Path, place: str) -> None:
    path = tmp_path / place
    path.parent.mkdir(exist_ok=True)
    path.write_text("not a database")
    with pytest.raises(RunError, match=r"Cannot open .*not a valid DuckDB database"):
        open_warehouse(f"duckdb:{path}").query("SELECT 1")


def test_the_holder_is_named_whatever_the_path_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from motionsight_core.warehouse import _duckdb_file

    monkeypatch.setattr(_duckdb_file, "_LOCK_WAIT_S", 0.1)
    path = tmp_path / "held in nobody (PID 1)" / "motion.duckdb"
    path.parent.mkdir()
    stage = Stage(open_warehouse(f"duckdb:{path}"))
    stage.commit(record("a.mp4"))
    with held_by_another_process(path) as holder, pytest.raises(RunError, match=rf"PID {holder.pid}\)"):
        stage.commit(record("b.mp4"))


def test_a_new_file_has_the_columns_of_the_contract(warehouse: Warehouse, stage: Stage) -> None:
    stage.commit(record())
    columns = warehouse.query("SELECT column_name, column_type FROM (DESCRIBE motion)").rows
    assert dict(columns) == {
        "clip_id": "VARCHAR",
        "recipe": "VARCHAR",
        "uri": "VARCHAR",
        "version": "VARCHAR",
        "start_s": "DOUBLE",
        "end_s": "DOUBLE",
        "width": "INTEGER",
        "height": "INTEGER",
        "fps": "DOUBLE",
        "codec": "VARCHAR",
        "object_motion": "VARCHAR",
        "camera_motion": "VARCHAR",
        "object_names": "VARCHAR[]",
        "camera_moves": 'STRUCT(start_s DOUBLE, end_s DOUBLE, "label" VARCHAR, rate DOUBLE, '
        "confidence DOUBLE)[]",
        "steadiness": "VARCHAR",
        "cuts": "DOUBLE[]",
        "object_tracks": 'STRUCT(track_id INTEGER, "label" VARCHAR, score DOUBLE, start_s DOUBLE, '
        "end_s DOUBLE, boxes STRUCT(t_s DOUBLE, x0 DOUBLE, y0 DOUBLE, x1 DOUBLE, y1 DOUBLE)[])[]",
        "motion_score": "DOUBLE",
        "clarity": "DOUBLE",
        "annotator": "VARCHAR",
        "run_id": "VARCHAR",
        "annotated_at": "TIMESTAMP WITH TIME ZONE",
        "camera_agreement": "DOUBLE",
        "notes": "VARCHAR[]",
        "dialogue": "STRUCT(about VARCHAR, question VARCHAR, reply VARCHAR)[]",
        "track_names": 'STRUCT(track_id INTEGER, "name" VARCHAR, score DOUBLE, frames INTEGER)[]',
        "repetitions": "STRUCT(track_id INTEGER, count INTEGER, period_s DOUBLE, start_s DOUBLE, "
        "end_s DOUBLE, confidence DOUBLE)[]",
        "dissolves": "STRUCT(start_s DOUBLE, end_s DOUBLE, kind VARCHAR)[]",
        "objects_at_once": "INTEGER",
        "objects_in_all": "INTEGER",
    }
    (keys,) = warehouse.query(
        "SELECT constraint_column_names FROM duckdb_constraints() "
        "WHERE table_name = 'motion' AND constraint_type = 'PRIMARY KEY'"
    ).rows
    assert keys == (["clip_id", "recipe"],)
