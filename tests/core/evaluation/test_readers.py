"""One suite for the readers of all benchmarks, then what is particular to each form."""

from __future__ import annotations

import csv
import hashlib
import json
import random
import re
from dataclasses import replace
from pathlib import Path
from string import ascii_uppercase
from typing import Any

import pytest

from motionsight_core.backends import BENCHMARKS
from motionsight_core.errors import UsageError
from motionsight_core.evaluation import Annotations, open_benchmark
from motionsight_core.evaluation._records import MOST_LINE_BYTES
from tests.core.evaluation.examples import EXAMPLES

every = pytest.mark.parametrize("name", EXAMPLES)


def the_files(path: Path) -> list[Path]:
    return sorted(path.rglob("*.json*")) if path.is_dir() else [path]


def read(tmp_path: Path, name: str, *lines: Any) -> Annotations:
    """What is read of a file with these lines, JSON values or bytes."""
    path = tmp_path / "lines.jsonl"
    path.write_bytes(
        b"".join(line if isinstance(line, bytes) else json.dumps(line).encode() + b"\n" for line in lines)
    )
    return open_benchmark(name).read(path)


def motionbench_line(uid: Any = 1, **changes: Any) -> dict[str, Any]:
    line = {"question_type": "Action Order", "video_path": "one.mp4"}
    asked = {"uid": uid, "answer": "A", "question": "Which?\nA. this\nB. that"}
    line |= {
        key: value for key, value in changes.items() if key in ("question_type", "video_path", "video_info")
    }
    asked |= {key: value for key, value in changes.items() if key not in line and key != "video_info"}
    return {**line, "qa": [asked]}


def own_line(**changes: Any) -> dict[str, Any]:
    return {"video": "a.mp4", "question": "Which?", "options": ["this", "that"], "answer": "A"} | changes


def test_every_benchmark_has_an_example() -> None:
    assert list(EXAMPLES) == BENCHMARKS.usages()


def test_a_benchmark_that_is_not_there_is_refused_with_those_that_are() -> None:
    with pytest.raises(UsageError, match="no benchmark 'kinetics'; there are motionbench, favor"):
        open_benchmark("kinetics")


@every
def test_questions_are_read_with_their_videos_options_and_answers(name: str, tmp_path: Path) -> None:
    found = open_benchmark(name).read(EXAMPLES[name](tmp_path))
    assert found.benchmark == name
    assert not found.rejected
    assert sum(question.answer is not None for question in found.questions) in (3, 4)
    assert len({question.question_id for question in found.questions}) == len(found.questions)
    assert len({question.video for question in found.questions}) in (2, 3)
    for question in found.questions:
        assert question.text
        assert question.category
        assert not question.video.startswith("/")
        assert 2 <= len(question.options) <= 26
        assert all("A. " not in option for option in question.options)


@every
def test_a_byte_order_mark_and_line_ends_of_windows_change_nothing_but_the_digest(
    name: str, tmp_path: Path
) -> None:
    path = EXAMPLES[name](tmp_path)
    plain = open_benchmark(name).read(path)
    for file in the_files(path):
        file.write_bytes(b"\xef\xbb\xbf" + file.read_bytes().replace(b"\n", b"\r\n"))
    marked = open_benchmark(name).read(path)
    assert marked.sha256 != plain.sha256
    assert replace(marked, sha256=plain.sha256) == plain


@every
def test_the_digest_is_of_the_bytes_and_reading_twice_gives_the_same(name: str, tmp_path: Path) -> None:
    path = EXAMPLES[name](tmp_path)
    first = open_benchmark(name).read(path)
    assert open_benchmark(name).read(path) == first
    if path.is_file():
        assert first.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    with the_files(path)[-1].open("ab") as file:
        file.write(b"\n")
    assert open_benchmark(name).read(path).sha256 != first.sha256


@every
def test_a_file_that_is_missing_empty_or_something_else_is_one_clear_sentence(
    name: str, tmp_path: Path
) -> None:
    benchmark = open_benchmark(name)
    path = tmp_path / "annotations.json"
    with pytest.raises(UsageError, match="There are no annotations"):
        benchmark.read(path)
    for content in (b"", b"\n\n", b"[]", b"{}", b"hello", b"\xff\xfe\x00", b"[1, null]", b"[" * 100_000):
        path.write_bytes(content)
        with pytest.raises(UsageError, match=r"annotations\.json") as caught:
            benchmark.read(path)
        assert str(caught.value).endswith(".")
        assert "\n" not in str(caught.value)


@every
def test_videos_never_lie_outside_the_folder(name: str, tmp_path: Path) -> None:
    path = EXAMPLES[name](tmp_path / "plain")
    for hostile in ("/etc/passwd", "../../secret", r"C:\\secret", "gs://bucket/one", r"a\u0000b"):
        for file in the_files(path):
            text = file.read_text(encoding="utf-8")
            for video in set(re.findall(r'"(?:[a-z/]*one\.mp4|human)"', text)):
                text = text.replace(video, f'"{hostile}.mp4"')
            copy = tmp_path / "hostile" / file.relative_to(path if path.is_dir() else path.parent)
            copy.parent.mkdir(parents=True, exist_ok=True)
            copy.write_text(text, encoding="utf-8")
        root = tmp_path / "hostile"
        found = open_benchmark(name).read(root if path.is_dir() else root / path.name)
        assert found.rejected
        for question in found.questions:
            for place in open_benchmark(name).places(question.video):
                assert (tmp_path / place).resolve().is_relative_to(tmp_path)


@every
def test_bytes_changed_at_random_are_read_or_rejected(name: str, tmp_path: Path) -> None:
    path = EXAMPLES[name](tmp_path)
    file = the_files(path)[0]
    whole = file.read_bytes()
    rng = random.Random(5)
    for _ in range(300):
        damaged = bytearray(whole)
        for _ in range(rng.randint(1, 4)):
            at = rng.randrange(len(damaged))
            damaged[at : at + rng.randint(0, 3)] = bytes(
                rng.choices(b'{}[]",:0\\n\xffA', k=rng.randint(0, 3))
            )
        file.write_bytes(damaged)
        try:
            found = open_benchmark(name).read(path)
        except UsageError:
            continue
        for question in found.questions:
            assert question.answer is None or 0 <= question.answer < len(question.options) <= 26


# MotionBench


def test_motionbench_is_read_as_its_repository_has_it(tmp_path: Path) -> None:
    first, second, third, unlabelled = (
        open_benchmark("motionbench").read(EXAMPLES["motionbench"](tmp_path)).questions
    )
    assert first.question_id == "11"
    assert first.text == "How does the camera move?"
    assert first.options == ("It pans left", "It pans right", "It rests")
    assert first.answer == 1
    assert (first.category, first.aspect, first.kind) == ("Camera Motion", "camera", "camera_motion")
    assert second.video == first.video
    assert (third.aspect, third.kind, third.answer) == ("object", "repetition_count", 2)
    assert unlabelled.answer is None
    assert open_benchmark("motionbench").places("one.mp4") == (
        "public-dataset/one.mp4",
        "self-collected/one.mp4",
        "one.mp4",
    )


def test_a_broken_line_is_named_by_its_number_and_loses_no_other(tmp_path: Path) -> None:
    found = read(
        tmp_path,
        "motionbench",
        motionbench_line(1),
        b"\n",
        b'{"question_type": "Action\n',
        b"\xff\xfe\n",
        b"[1, 2]\n",
        motionbench_line(2),
        {**motionbench_line(3), "qa": []},
        motionbench_line(4, answer="E"),
        {**motionbench_line(5), "qa": [None, *motionbench_line(6)["qa"]]},
        b"x" * (MOST_LINE_BYTES + 5) + b"\n",
        motionbench_line(7),
    )
    assert [question.question_id for question in found.questions] == ["1", "2", "6", "7"]
    assert [one.where for one in found.rejected] == [
        "line 3",
        "line 4",
        "line 5",
        "line 7",
        "line 8",
        "question 1 of line 9",
        "line 10",
    ]
    reasons = [one.reason for one in found.rejected]
    assert reasons[0].startswith("It is not JSON (")
    assert reasons[1] == "It is not UTF-8 text."
    assert reasons[2] == "It holds a list, not a JSON object."
    assert reasons[4] == "Its answer is 'E'; the options are A to B."
    assert reasons[6] == f"It is longer than {MOST_LINE_BYTES} bytes."


def test_the_second_question_of_an_identifier_is_rejected_and_names_the_first(tmp_path: Path) -> None:
    found = read(
        tmp_path, "motionbench", motionbench_line(7), motionbench_line("7", question="Other?\nA. x\nB. y")
    )
    assert len(found.questions) == 1
    assert str(found.rejected[0]) == "line 2: Its identifier '7' is that of line 1 already."


@pytest.mark.parametrize(
    ("text", "stem", "options"),
    [
        ("Which?\nA. one\nB. two", "Which?", ("one", "two")),
        ("Which?\r\n A) one\r\n B) two ", "Which?", ("one", "two")),
        ("Which?\n(A) one\n(B) two", "Which?", ("one", "two")),
        ("Which?\nA: one\nB: two", "Which?", ("one", "two")),
        ("Two lines.\nWhich?\nA. one\nand more\nB. two", "Two lines.\nWhich?", ("one\nand more", "two")),
        ("A. Smith walks.\nWhich?\nA. one\nB. two", "A. Smith walks.\nWhich?", ("one", "two")),
        ("Which?\nA. one\nB. two\nD. not an option", "Which?", ("one", "two\nD. not an option")),
    ],
)
def test_options_are_the_last_lines_of_a_question(
    tmp_path: Path, text: str, stem: str, options: tuple[str, ...]
) -> None:
    (question,) = read(tmp_path, "motionbench", motionbench_line(question=text)).questions
    assert (question.text, question.options) == (stem, options)


@pytest.mark.parametrize("text", ["Which?", "Which?\nA. one", "Which?\nB. one\nC. two", "Which?\nA.\nB. two"])
def test_a_question_without_options_in_it_is_rejected(tmp_path: Path, text: str) -> None:
    found = read(tmp_path, "motionbench", motionbench_line(1, question=text), motionbench_line(2))
    assert [one.where for one in found.rejected] == ["line 1"]


def test_the_whole_of_a_video_of_motionbench_is_asked_about(tmp_path: Path) -> None:
    """The files are cut already: `start` and `end` are of the source, as in ..._58_59.mp4."""
    found = read(
        tmp_path,
        "motionbench",
        motionbench_line(1, start=58, end=59, video_info={"duration": 1.0}),
        motionbench_line(2, start="NA", end=None),
        motionbench_line(3, start=0.5, end=0.8, video_info={"duration": 1.0}),
    )
    assert [(one.start_s, one.end_s) for one in found.questions] == [(None, None)] * 3


def test_two_to_26_options_are_read(tmp_path: Path) -> None:
    def asked(count: int) -> str:
        return "Which?\n" + "\n".join(f"{letter}. option {letter}" for letter in ascii_uppercase[:count])

    found = read(
        tmp_path,
        "motionbench",
        motionbench_line(2, question=asked(2), answer="B"),
        motionbench_line(26, question=asked(26), answer="Z"),
    )
    assert [(len(one.options), one.answer) for one in found.questions] == [(2, 1), (26, 25)]


# FAVOR-Bench


def test_favor_is_read_as_its_repository_has_it(tmp_path: Path) -> None:
    camera, sequence, single = open_benchmark("favor").read(EXAMPLES["favor"](tmp_path)).questions
    assert [one.question_id for one in (camera, sequence, single)] == ["one.mp4#1", "one.mp4#2", "two#1"]
    assert (camera.answer, camera.aspect, camera.kind) == (0, "camera", "camera_motion")
    assert (sequence.category, sequence.aspect) == ("AS", "object")
    assert single.video == "two.mp4"


def test_what_a_file_of_favor_lacks_against_the_official_counts_is_known(tmp_path: Path) -> None:
    benchmark = open_benchmark("favor")
    lacks = benchmark.read(EXAMPLES["favor"](tmp_path)).shortfall(benchmark.full_counts)
    assert lacks == {"": 8181, "AS": 2636, "HAC": 1541, "SAD": 1661, "MAD": 1205, "CM": 1074, "NSM": 64}
    assert sum(count for task, count in benchmark.full_counts.items() if task) == benchmark.full_counts[""]


def test_a_favor_question_without_a_right_answer_among_its_options_is_rejected(tmp_path: Path) -> None:
    asked = {"question": "Which?", "options": ["a", "b"], "correct_answer": "c", "task_type": "AS"}
    good = asked | {"correct_answer": " B "}
    (tmp_path / "f.json").write_text(
        json.dumps([{"video_name": "v.mp4", "questions": [asked, good, good | {"task_type": "XX"}, 3]}]),
        encoding="utf-8",
    )
    found = open_benchmark("favor").read(tmp_path / "f.json")
    assert [(one.question_id, one.answer) for one in found.questions] == [("v.mp4#2", 1)]
    assert [str(one) for one in found.rejected] == [
        "question 1 of record 1: Its answer 'c' is none of the options.",
        "question 3 of record 1: Its task_type is 'XX'; there are AS, HAC, SAD, MAD, CM, NSM.",
        "question 4 of record 1: It is a number, not a JSON object.",
    ]


# MVBench, TOMATO, CameraBench


def test_mvbench_is_read_task_by_task_with_the_folders_of_its_videos(tmp_path: Path) -> None:
    found = open_benchmark("mvbench").read(EXAMPLES["mvbench"](tmp_path)).questions
    assert [(one.question_id, one.video, one.answer) for one in found] == [
        ("Action Sequence#1", "star/Charades_v1_480/two.mp4", 1),
        ("Moving Direction#1", "clevrer/video_validation/one.mp4", 1),
        ("Moving Direction#2", "clevrer/video_validation/two.mp4", 0),
    ]
    assert (found[0].start_s, found[0].end_s) == (1.5, 6.0)
    one_task = open_benchmark("mvbench").read(tmp_path / "json" / "moving_direction.json")
    assert one_task.questions == found[1:]


def test_tomato_is_read_kind_by_kind(tmp_path: Path) -> None:
    found = open_benchmark("tomato").read(EXAMPLES["tomato"](tmp_path)).questions
    assert [(one.question_id, one.video, one.answer, one.aspect) for one in found] == [
        ("count#0", "simulated/0300-00.mp4", 2, "both"),
        ("direction#0", "human/0231-04.mp4", 1, "both"),
        ("direction#1", "human/0231-04.mp4", 0, "camera"),
    ]
    assert found[0].kind == "repetition_count"


def test_camerabench_answers_are_known_from_the_place_in_the_group(tmp_path: Path) -> None:
    benchmark = open_benchmark("camerabench")
    found = benchmark.read(EXAMPLES["camerabench"](tmp_path)).questions
    assert [one.options[one.answer or 0] for one in found] == ["Yes", "No", "No", "Yes"]
    assert {one.group for one in found} == {"0"}
    as_list = tmp_path / "list.json"
    lines = (tmp_path / "test.jsonl").read_text(encoding="utf-8").splitlines()
    as_list.write_text("[" + ",\n".join(lines) + "]", encoding="utf-8")
    assert benchmark.read(as_list).questions == found


def test_camerabench_is_read_from_the_csv_that_lmms_eval_has(tmp_path: Path) -> None:
    benchmark = open_benchmark("camerabench")
    expected = benchmark.read(EXAMPLES["camerabench"](tmp_path)).questions
    table = tmp_path / "train.csv"
    with table.open("w", encoding="utf-8-sig", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["Index", "Video", "Question", "Question_Type", "Source"])
        for one in expected:
            rows.writerow([one.question_id, one.video, one.text, "yes_no", ""])
        rows.writerow(["4", "videos/three.mp4", "Does it pan,\nor tilt?", "yes_no", ""])
        rows.writerow(["5", "videos/three.mp4", "", "yes_no", ""])
        rows.writerow(["6", "videos/three.mp4", "Does it pan?", "yes_no", "", "more"])
    found = benchmark.read(table)
    assert found.questions[:4] == expected
    assert found.questions[4].text == "Does it pan,\nor tilt?"
    assert [str(one) for one in found.rejected] == [
        "line 8: Its field 'Question' is missing, not a text.",
        "line 9: It has too many cells.",
    ]
    table.write_bytes(b"Index,Video\n\xff\xfe,b\n")
    with pytest.raises(UsageError, match="not UTF-8"):
        benchmark.read(table)


def test_a_camerabench_answer_that_contradicts_its_place_is_rejected(tmp_path: Path) -> None:
    record = {"Video": "a.mp4", "Question": "Does it pan?", "Question_Type": "yes_no"}
    found = read(
        tmp_path,
        "camerabench",
        {**record, "Index": 0, "Answer": "yes"},
        {**record, "Index": 1, "Answer": "Yes"},
        {**record, "Index": -1},
        {**record, "Index": 2, "Question_Type": "multiple_choice"},
    )
    assert [one.question_id for one in found.questions] == ["0"]
    assert [one.where for one in found.rejected] == ["line 2", "line 3", "line 4"]


# One's own


def test_plain_lines_are_read_with_letters_or_texts_as_answers(tmp_path: Path) -> None:
    first, second, vitamin, unlabelled = open_benchmark("jsonl").read(EXAMPLES["jsonl"](tmp_path)).questions
    assert (first.question_id, first.answer, first.category) == ("first", 1, "camera")
    assert (first.start_s, first.end_s, first.aspect) == (None, 2.5, "camera")
    assert (second.question_id, second.answer, second.aspect) == ("line-2", 1, "object")
    assert vitamin.answer == 2  # the text "A", not the letter
    assert unlabelled.answer is None


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"video": 3.5}, "Its field 'video' is a number, not a text."),
        ({"video": ""}, "Its field 'video' is empty."),
        ({"video": "../a.mp4"}, "Its video '../a.mp4' is not the name of a file below the folder of videos."),
        ({"video": "a/../../b.mp4"}, "below the folder of videos."),
        ({"video": "/a.mp4"}, "below the folder of videos."),
        ({"video": "."}, "is not a file's name."),
        ({"question": None}, "Its field 'question' is missing, not a text."),
        ({"question": "\ud800"}, "half of a surrogate pair"),
        ({"question": "x" * 20_001}, "has 20001 characters"),
        ({"options": "this or that"}, "Its field 'options' is a text, not a list of options."),
        ({"options": ["this"]}, "It has 1 option; a multiple choice has 2 to 26."),
        ({"options": [str(one) for one in range(27)]}, "It has 27 options"),
        ({"options": ["this", ""]}, "Its field 'options' is empty."),
        ({"options": ["this", None]}, "Its field 'options' is missing"),
        ({"answer": "C"}, "Its answer is 'C'; the options are A to B."),
        ({"answer": "neither"}, "Its answer 'neither' is none of the options."),
        ({"answer": ["A"]}, "Its field 'answer' is a list, not a text."),
        ({"aspect": "sound"}, "Its aspect is 'sound'; there are object, camera, both."),
        ({"kind": "sound"}, "Its kind is 'sound'"),
        ({"start": "soon"}, "Its field 'start' is 'soon', not a number of seconds"),
        ({"start": -1}, "not a number of seconds"),
        ({"end": float("nan")}, "not a number of seconds"),
        ({"start": 3, "end": 2}, "ends at 2.0 s, before it begins at 3.0 s."),
        ({"chioce": "A"}, "There is no field 'chioce'"),
    ],
)
def test_a_line_with_a_wrong_field_is_rejected_with_the_reason(
    tmp_path: Path, changes: dict[str, Any], reason: str
) -> None:
    found = read(tmp_path, "jsonl", own_line(), own_line(**changes))
    assert [one.where for one in found.rejected] == ["line 2"]
    assert reason in found.rejected[0].reason
    assert len(found.questions) == 1
