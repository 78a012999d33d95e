"""The folder of questions: splits without leaks, exact letters, drops told, the same when made again."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from motionsight_core.benchmark_questions.ablations import Ablation, BlindAnswers, blind_scores, given_away
from motionsight_core.benchmark_questions.candidates import Candidates, make_candidates
from motionsight_core.benchmark_questions.card import annotation_density, card
from motionsight_core.benchmark_questions.source_clips import read_clips
from motionsight_core.benchmark_questions.written import (
    QuestionSet,
    kept_questions,
    write_candidates,
    write_questions,
)
from motionsight_core.errors import UsageError
from motionsight_core.evaluation import Question, open_benchmark
from motionsight_core.settings import Settings
from tests.core.benchmark_questions.data_sets import LABELS, data_set, panning
from tests.core.dataset.rows import files_in

BENCHMARK = open_benchmark("motionbench")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """64 clips of 32 objects, of which 4 and 4 show the same; not to be changed but in questions/."""
    folder = tmp_path_factory.mktemp("asked")
    names = [f"{number:02d}.mp4" for number in range(32)]
    rows = [
        panning(name, LABELS[number % len(LABELS)], start_s=start_s, end_s=start_s + 2.0)
        for number, name in enumerate(names)
        for start_s in (0.0, 2.0)
    ]
    data_set(folder, rows, same=[names[:4], names[10:14]])
    return folder / "data"


def candidates(folder: Path, **changes: float) -> tuple[Candidates, Settings]:
    settings = Settings.layered({"questions": changes})
    warehouse = f"duckdb:{folder.parent / 'motionsight.duckdb'}"
    return make_candidates(folder, warehouse, settings, writer="measured"), settings


def made(folder: Path, answers: Iterable[BlindAnswers] = (), **changes: float) -> QuestionSet:
    found, settings = candidates(folder, **changes)
    write_candidates(found, folder, settings.questions)
    questions = kept_questions(found, list(answers), settings.questions, folder)
    write_questions(questions, folder, card(questions))
    return questions


def read(folder: Path, name: str) -> tuple[Question, ...]:
    found = BENCHMARK.read(folder / "questions" / name)
    assert not found.rejected
    return found.questions


def blind(name: str, right: Iterable[str], ablation: Ablation = "text") -> BlindAnswers:
    return BlindAnswers(name, ablation, frozenset(right), frozenset(right))


def spread(questions: Iterable[Question]) -> int:
    counts = Counter(dict.fromkeys(range(4), 0))
    counts.update(one.answer for one in questions if one.answer is not None)
    return max(counts.values()) - min(counts.values())


def test_the_files_are_those_of_the_benchmark_and_name_the_clips_below_media(folder: Path) -> None:
    questions = made(folder)
    both = read(folder, "dev.jsonl") + read(folder, "test.jsonl")
    assert len(both) == len(questions.kept) == 64
    assert {one.question_id for one in both} == set(questions.kept)
    assert all((folder / "media" / one.video).is_file() for one in both)
    line = json.loads((folder / "questions/dev.jsonl").read_text().partition("\n")[0])
    assert line["video_info"] == {"duration": 2.0, "fps": 25.0, "resolution": {"width": 320, "height": 180}}
    rows = {
        row["question_id"]: row for row in pq.read_table(folder / "questions/questions.parquet").to_pylist()
    }
    for one in both:
        row = rows[one.question_id]
        assert row["options"] == list(one.options)
        assert one.answer is not None
        assert row["answer_text"] == one.options[one.answer]
        assert row["answer"] == "ABCD"[one.answer]
        assert row["media"] == f"media/{one.video}"
        assert (row["writer"], row["recipe"], row["licence"]) == ("measured", "r1", "CC-BY-4.0")


def test_every_letter_is_right_equally_often_also_after_questions_were_dropped(folder: Path) -> None:
    found, _ = candidates(folder)
    lost = [name for name, position in found.letters.items() if position == 1][:9]
    questions = made(folder, [blind("m", lost)])
    assert len(questions.kept) == 55
    both = read(folder, "dev.jsonl") + read(folder, "test.jsonl")
    assert spread(both) <= 1
    for category in {one.category for one in both}:
        assert spread(one for one in both if one.category == category) <= 1


def test_near_duplicates_and_clips_of_one_object_are_in_one_split(folder: Path) -> None:
    questions = made(folder)
    splits: dict[str, set[str]] = {}
    for name, draft in questions.kept.items():
        number = draft.clip.uri[-6:-4]
        group = number if int(number) not in (*range(4), *range(10, 14)) else f"same as {number[0]}"
        splits.setdefault(group, set()).add(questions.splits[name])
    assert len(splits) == 26
    assert {len(found) for found in splits.values()} == {1}
    assert len(questions.of_split("dev")) + len(questions.of_split("test")) == 64
    assert min(map(len, map(questions.of_split, ("dev", "test")))) > 10
    assert not made(folder, dev=1.0).of_split("test")
    assert not (folder / "questions/test.jsonl").exists(), "what an earlier run wrote is gone"


def test_made_again_every_file_is_the_same_and_another_seed_is_another_set(folder: Path) -> None:
    made(folder)
    before = files_in(folder)
    made(folder)
    assert files_in(folder) == before
    made(folder, seed=1)
    after = files_in(folder)
    assert after["questions/dev.jsonl"] != before["questions/dev.jsonl"]
    assert {name for name in after if after[name] != before[name]} <= {
        name for name in before if name.startswith("questions/")
    }


def test_a_question_is_dropped_only_where_all_models_answer_it_under_one_ablation(folder: Path) -> None:
    found, _ = candidates(folder)
    a, b, c, d, *_ = found.drafts
    answers = [
        blind("m", [a, b]),
        blind("n", [a, c]),
        blind("m", [c, d], "first_frame"),
        blind("n", [d], "first_frame"),
        blind("m", [b, c], "shuffled_frames"),
        blind("n", [], "shuffled_frames"),
    ]
    questions = made(folder, answers)
    assert set(found.drafts) - set(questions.kept) == {a, d}
    rows = pq.read_table(folder / "questions/dropped.parquet").to_pylist()
    assert {row["question_id"]: (row["stage"], row["reason"]) for row in rows} == {
        a: ("blind", "Each of m, n answers it rightly by the text alone."),
        d: ("blind", "Each of m, n answers it rightly with the first frame alone."),
    }
    assert all(row["question"] and row["clip_id"] and row["uri"] for row in rows)


def test_blind_accuracies_are_published_before_and_after_the_filter(folder: Path) -> None:
    found, _ = candidates(folder)
    names = list(found.drafts)
    made(folder, [blind("m", names[:24]), blind("n", names[16:32])])
    rows = pq.read_table(folder / "questions/blind.parquet").to_pylist()
    overall = {row["model"]: row for row in rows if row["category"] == "all"}
    assert (overall["m"]["asked"], overall["m"]["right"], overall["m"]["accuracy"]) == (64, 24, 24 / 64)
    assert (overall["m"]["kept"], overall["m"]["kept_right"]) == (56, 16)
    assert overall["n"]["kept_accuracy"] == 8 / 56
    text = (folder / "questions/README.md").read_text()
    assert "| m | text | 64 | 24 | 0.375 | 56 | 0.286 |" in text
    made(folder)
    assert not (folder / "questions/blind.parquet").exists()
    assert "No blind model was asked" in (folder / "questions/README.md").read_text()


def test_scores_count_each_category_and_what_has_no_reply() -> None:
    asked = [
        Question(name, "v.mp4", "?", ("a", "b", "c", "d"), 0, category=category)
        for name, category in (("1", "Camera Motion"), ("2", "Camera Motion"), ("3", "Action Order"))
    ]
    answers = [BlindAnswers("m", "text", frozenset({"1", "3"}), frozenset({"3"}))]
    reasons = given_away(asked, answers)
    assert reasons == {"3": "m answers it rightly by the text alone."}
    scores = {one.category: one for one in blind_scores(asked, answers, reasons)}
    assert (scores["all"].asked, scores["all"].answered, scores["all"].right, scores["all"].kept) == (
        3,
        2,
        1,
        2,
    )
    assert scores["Action Order"].accuracy == 1.0
    assert scores["Action Order"].kept_accuracy is None
    assert not given_away(asked, [])


def test_the_card_says_how_dense_the_questions_are_and_what_a_trained_model_has_seen(folder: Path) -> None:
    questions = made(folder)
    drafts = list(questions.kept.values())
    words = sum(len(draft.question.text.split()) for draft in drafts)
    seconds = 2.0 * len({draft.clip.clip_id for draft in drafts})
    assert annotation_density(drafts) == pytest.approx(words / seconds)
    assert annotation_density([]) == 0
    text = (folder / "questions/README.md").read_text()
    assert f"{words / seconds:.2f} words of questions per second" in text
    trained_on = sum(
        clip.split == "train" for clip in {draft.clip.clip_id: draft.clip for draft in drafts}.values()
    )
    assert f"Of these, {trained_on} clips in the data set's split `train`" in text
    assert "Right letters: A 16, B 16, C 16, D 16" in text
    assert "| films | 64 | CC-BY-4.0 |" in text


def test_clips_of_which_nothing_is_certain_are_rows_with_their_reason(tmp_path: Path) -> None:
    rows = [panning("a.mp4"), panning("b.mp4", cuts=(1.0,))]
    data_set(tmp_path, rows)
    questions = made(tmp_path / "data")
    assert {draft.clip.uri for draft in questions.kept.values()} == {"/clips/a.mp4"}
    (row,) = pq.read_table(tmp_path / "data/questions/dropped.parquet").to_pylist()
    assert (row["uri"], row["stage"]) == ("/clips/b.mp4", "facts")
    assert row["reason"].startswith("Its shot changes, so that its camera is not one.")


def test_a_data_set_of_which_nothing_can_be_asked_has_tables_and_no_files_of_questions(
    tmp_path: Path,
) -> None:
    data_set(tmp_path, [panning("b.mp4", cuts=(1.0,))])
    settings = Settings().questions
    found, _ = candidates(tmp_path / "data")
    questions = kept_questions(found, [], settings, tmp_path / "data")
    write_questions(questions, tmp_path / "data", card(questions))
    assert {path.name for path in (tmp_path / "data/questions").iterdir()} == {
        "README.md",
        "questions.parquet",
        "dropped.parquet",
    }


def test_only_cut_clips_of_a_data_set_are_asked_about(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="holds no data set: make one with `motionsight dataset"):
        read_clips(tmp_path)
    data_set(tmp_path, [panning("a.mp4")], media="reference")
    with pytest.raises(UsageError, match="are no files of their own"):
        read_clips(tmp_path / "data")
    (tmp_path / "data/clips.parquet").write_text("no table")
    with pytest.raises(UsageError, match="cannot be read"):
        read_clips(tmp_path / "data")
