"""The log of choices: what is written stays, whatever ends the process."""

from __future__ import annotations

import errno
import json
import os
import subprocess
import sys
import threading
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from motionsight_core.errors import RunError, UsageError
from motionsight_core.preference import ChoiceLog, annotator_name
from motionsight_core.preference import choices as module
from motionsight_core.preference.choices import AlreadyChosen, Verdict

PAIRS = ("p1", "p2", "p3")


def add(log: ChoiceLog, pair_id: str = "p1", annotator: str = "Ada", choice: Verdict = "a") -> None:
    log.add(pair_id, annotator, "object", left_side="b", choice=choice, seconds=1.25)


def standing(folder: Path) -> list[tuple[str, str, str]]:
    return [(one.annotator, one.pair_id, one.choice) for one in ChoiceLog.read(folder)]


def test_what_was_written_is_read_in_its_order(tmp_path: Path) -> None:
    with ChoiceLog(tmp_path) as log:
        add(log, "p2")
        add(log, "p1", choice="cannot_tell")
        add(log, "p1", "Bo", "equal")
    assert standing(tmp_path) == [("Ada", "p2", "a"), ("Ada", "p1", "cannot_tell"), ("Bo", "p1", "equal")]
    (first, *_) = ChoiceLog.read(tmp_path)
    assert (first.left_side, first.seconds, first.aspect) == ("b", 1.25, "object")
    assert first.chosen_at.tzinfo is not None


def test_nobody_has_chosen_where_there_is_no_folder(tmp_path: Path) -> None:
    assert ChoiceLog.read(tmp_path) == []


def test_undo_takes_back_the_newest_choices_of_one_annotator_one_by_one(tmp_path: Path) -> None:
    with ChoiceLog(tmp_path) as log:
        for pair_id in ("p1", "p2"):
            add(log, pair_id)
        add(log, "p3", "Bo")
        assert [getattr(log.undo("Ada", PAIRS), "pair_id", None) for _ in range(3)] == ["p2", "p1", None]
        add(log, "p2", choice="b")
    assert standing(tmp_path) == [("Bo", "p3", "a"), ("Ada", "p2", "b")]


def test_a_pair_that_the_data_set_no_longer_has_is_not_undone(tmp_path: Path) -> None:
    with ChoiceLog(tmp_path) as log:
        add(log, "p1")
        add(log, "of an earlier build")
        undone = log.undo("Ada", PAIRS)
    assert undone is not None
    assert undone.pair_id == "p1"
    assert standing(tmp_path) == [("Ada", "of an earlier build", "a")]


def test_a_second_choice_of_a_pair_is_refused_also_by_another_process(tmp_path: Path) -> None:
    with ChoiceLog(tmp_path) as one, ChoiceLog(tmp_path) as other:
        add(one)
        with pytest.raises(AlreadyChosen):
            add(other, choice="b")
    assert standing(tmp_path) == [("Ada", "p1", "a")]


def test_of_many_that_choose_at_once_one_is_first(tmp_path: Path) -> None:
    refused: list[int] = []
    logs = [ChoiceLog(tmp_path) for _ in range(4)]

    def try_all(log: ChoiceLog, number: int) -> None:
        for pair in range(10):
            try:
                add(log, f"p{pair}")
            except AlreadyChosen:
                refused.append(number)

    threads = [threading.Thread(target=try_all, args=(logs[n % 4], n)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for log in logs:
        log.close()
    assert len(refused) == 70
    assert len(standing(tmp_path)) == 10


def test_a_line_that_a_crash_cut_off_costs_itself_alone(tmp_path: Path) -> None:
    with ChoiceLog(tmp_path) as log:
        add(log)
    (file,) = (tmp_path / "choices").iterdir()
    whole = file.read_bytes()
    for length in range(1, len(whole)):
        file.write_bytes(whole + whole[:length])
        assert standing(tmp_path) == [("Ada", "p1", "a")]
    with ChoiceLog(tmp_path) as after:
        add(after, "p2")
    assert standing(tmp_path) == [("Ada", "p1", "a"), ("Ada", "p2", "a")]


def test_a_process_that_is_killed_has_kept_every_choice_that_it_acknowledged(tmp_path: Path) -> None:
    program = (
        "import sys\n"
        "from motionsight_core.preference import ChoiceLog\n"
        "log = ChoiceLog(sys.argv[1])\n"
        "for number in range(10**6):\n"
        "    log.add(f'p{number}', 'Ada', 'object', left_side='a', choice='a', seconds=1)\n"
        "    print(number, flush=True)\n"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", program, str(tmp_path)], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    last = [int(process.stdout.readline()) for _ in range(20)][-1]
    process.kill()
    rest = process.stdout.read().split("\n")
    process.wait()
    process.stdout.close()
    last = max([last, *(int(line) for line in rest[:-1])])
    assert len(ChoiceLog.read(tmp_path)) >= last + 1


def test_a_full_disk_leaves_no_half_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with ChoiceLog(tmp_path) as log:
        add(log)
        write = os.write

        def half(file: int, data: bytes) -> int:
            write(file, data[: len(data) // 2])
            raise OSError(errno.ENOSPC, "No space left on device")

        monkeypatch.setattr(module.os, "write", half)
        with pytest.raises(RunError, match="No space left on device; make room there, then choose again"):
            add(log, "p2")
        monkeypatch.undo()
        add(log, "p3")
    assert [pair for _, pair, _ in standing(tmp_path)] == ["p1", "p3"]


def test_a_clock_that_is_set_back_reorders_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Earlier(datetime):
        @classmethod
        def now(cls, tz: Any = None) -> Any:
            return datetime(2020, 1, 1, tzinfo=UTC)

    with ChoiceLog(tmp_path) as log:
        add(log)
        monkeypatch.setattr(module, "datetime", Earlier)
        log.undo("Ada", PAIRS)
        add(log, choice="b")
    monkeypatch.undo()
    assert standing(tmp_path) == [("Ada", "p1", "b")]


@pytest.mark.parametrize("line", ["no json", "[]", '{"event": "choice"}', json.dumps({"chosen_at": 1})])
def test_a_file_that_holds_something_else_is_named(tmp_path: Path, line: str) -> None:
    (tmp_path / "choices").mkdir()
    (tmp_path / "choices" / "x.jsonl").write_text(line + "\n")
    with pytest.raises(UsageError, match=r"x\.jsonl holds a line that is no choice"):
        ChoiceLog.read(tmp_path)


def test_a_name_is_recorded_in_one_form() -> None:
    assert annotator_name("  Zoe\u0308  van  Dam ") == "Zo\u00eb van Dam"
