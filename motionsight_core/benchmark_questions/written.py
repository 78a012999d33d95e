"""The folder of questions: two splits in the benchmark's form, tables, and what the blind models did."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from string import ascii_uppercase
from typing import Any, Literal, TypeAlias

import pyarrow as pa
import pyarrow.parquet as pq

from motionsight_core.benchmark_questions.ablations import BlindAnswers, BlindScore, blind_scores, given_away
from motionsight_core.benchmark_questions.candidates import QUESTIONS, Candidates
from motionsight_core.benchmark_questions.drafts import Draft, Drop
from motionsight_core.benchmark_questions.file import as_json_lines
from motionsight_core.benchmark_questions.letters import balanced_letters, listed_options
from motionsight_core.benchmark_questions.source_clips import SourceClip
from motionsight_core.dataset.folder import Folder
from motionsight_core.dataset.hashing import share
from motionsight_core.dataset.splits import groups_of
from motionsight_core.evaluation import open_benchmark
from motionsight_core.settings import QuestionsSettings

#: dev is for choosing prompts and settings, test for the numbers that are told.
Split: TypeAlias = Literal["dev", "test"]
SPLITS: tuple[Split, ...] = ("dev", "test")

CANDIDATES, ASKED, DROPPED, BLIND, CARD = (
    "candidates.jsonl",
    "questions.parquet",
    "dropped.parquet",
    "blind.parquet",
    "README.md",
)
_TEXT, _NUMBER, _WHOLE = pa.string(), pa.float64(), pa.int64()
_ORIGIN = [
    ("clip_id", _TEXT),
    ("recipe", _TEXT),
    ("uri", _TEXT),
    ("start_s", _NUMBER),
    ("end_s", _NUMBER),
    ("source", _TEXT),
    ("licence", _TEXT),
]
_ASKED = pa.schema(
    [
        ("question_id", _TEXT),
        ("split", _TEXT),
        ("category", _TEXT),
        ("question", _TEXT),
        ("options", pa.list_(_TEXT)),
        ("answer", _TEXT),
        ("answer_text", _TEXT),
        ("sort", _TEXT),
        ("writer", _TEXT),
        ("evidence", _TEXT),
        ("media", _TEXT),
        ("clip_split", _TEXT),
        *_ORIGIN,
    ]
)
_DROPPED = pa.schema(
    [("question_id", _TEXT), ("question", _TEXT), ("stage", _TEXT), ("reason", _TEXT), *_ORIGIN]
)
_BLIND = pa.schema(
    [
        ("model", _TEXT),
        ("ablation", _TEXT),
        ("category", _TEXT),
        ("asked", _WHOLE),
        ("answered", _WHOLE),
        ("right", _WHOLE),
        ("accuracy", _NUMBER),
        ("kept", _WHOLE),
        ("kept_right", _WHOLE),
        ("kept_accuracy", _NUMBER),
    ]
)


@dataclass(frozen=True)
class QuestionSet:
    """Questions that are kept, and all that was left out."""

    candidates: Candidates
    kept: Mapping[str, Draft]
    """By question_id, in the order of the clips."""
    letters: Mapping[str, int]
    """Positions of right options."""
    splits: Mapping[str, Split]
    """By question_id."""
    drops: tuple[Drop, ...]
    scores: tuple[BlindScore, ...]
    settings: QuestionsSettings

    def of_split(self, split: Split) -> list[str]:
        """The identifiers of a split's questions."""
        return [name for name in self.kept if self.splits[name] == split]


def write_candidates(candidates: Candidates, folder: Path, settings: QuestionsSettings) -> Path:
    """Write the file that blind models are asked; returns its path.

    Args:
        candidates: of which there are some.
        folder: of the data set.
        settings: their seed.
    """
    names = list(candidates.drafts)
    lines = candidates.lines(names, candidates.letters, seed=settings.seed)
    place = Folder(folder / QUESTIONS)
    place.write(CANDIDATES, as_json_lines(lines))
    return place.path / CANDIDATES


def kept_questions(
    candidates: Candidates, answers: Sequence[BlindAnswers], settings: QuestionsSettings, folder: Path
) -> QuestionSet:
    """Drop what can be answered without the video, balance the letters of the rest, and split it.

    Args:
        candidates: whose file is written.
        answers: of blind models; empty where none was asked.
        settings: seed and share of the split.
        folder: of the data set.
    """
    asked = ()
    if candidates.drafts:
        asked = open_benchmark("motionbench").read(folder / QUESTIONS / CANDIDATES).questions
    reasons = given_away(asked, answers)
    kept = {name: draft for name, draft in candidates.drafts.items() if name not in reasons}
    blind = [
        Drop(draft.clip, "blind", reasons[name], name, draft.question.text)
        for name, draft in candidates.drafts.items()
        if name in reasons
    ]
    questions = {name: draft.question for name, draft in kept.items()}
    return QuestionSet(
        candidates=candidates,
        kept=kept,
        letters=balanced_letters(questions, seed=settings.seed, before=candidates.letters),
        splits=_splits(candidates.clips, kept, settings),
        drops=(*candidates.drops, *blind),
        scores=tuple(blind_scores(asked, answers, reasons)),
        settings=settings,
    )


def write_questions(questions: QuestionSet, folder: Path, card: str) -> None:
    """Write all files; the card comes last.

    Args:
        questions: what is written.
        folder: of the data set.
        card: the text of README.md.
    """
    place = Folder(folder / QUESTIONS)
    for split in SPLITS:
        names = questions.of_split(split)
        if names:
            lines = questions.candidates.lines(names, questions.letters, seed=questions.settings.seed)
            place.write(f"{split}.jsonl", as_json_lines(lines))
        else:
            (place.path / f"{split}.jsonl").unlink(missing_ok=True)
    _write_table(place, ASKED, _ASKED, _asked(questions))
    _write_table(place, DROPPED, _DROPPED, map(_dropped, questions.drops))
    if questions.scores:
        _write_table(place, BLIND, _BLIND, map(_scored, questions.scores))
    else:
        (place.path / BLIND).unlink(missing_ok=True)
    if not questions.candidates.drafts:
        (place.path / CANDIDATES).unlink(missing_ok=True)
    place.write(CARD, card)
    for unfinished in place.path.glob("*.part"):
        unfinished.unlink()


def _splits(
    clips: Sequence[SourceClip], kept: Mapping[str, Draft], settings: QuestionsSettings
) -> dict[str, Split]:
    """By the group of each question's clip: near-duplicates and clips of one object are in one split."""
    clusters = {clip.clip_id: clip.cluster for clip in clips if clip.cluster is not None}
    groups = groups_of(clips, clusters)
    places = {group: share("questions", settings.seed, group) for group in groups.values()}
    return {
        name: "dev" if places[groups[draft.clip.uri]] < settings.dev else "test"
        for name, draft in kept.items()
    }


def _write_table(place: Folder, name: str, schema: pa.Schema, rows: Iterable[dict[str, Any]]) -> None:
    with place.writing(name) as file:
        pq.write_table(pa.Table.from_pylist(list(rows), schema), file, compression="zstd")


def _origin(clip: SourceClip) -> dict[str, Any]:
    return {name: getattr(clip, name) for name, _ in _ORIGIN}


def _asked(questions: QuestionSet) -> Iterator[dict[str, Any]]:
    for name, draft in questions.kept.items():
        position, asked = questions.letters[name], draft.question
        yield _origin(draft.clip) | {
            "question_id": name,
            "split": questions.splits[name],
            "category": asked.category,
            "question": asked.text,
            "options": list(listed_options(asked, position, name=name, seed=questions.settings.seed)),
            "answer": ascii_uppercase[position],
            "answer_text": asked.options[asked.right],
            "sort": draft.sort,
            "writer": draft.writer,
            "evidence": draft.evidence,
            "media": draft.clip.media,
            "clip_split": draft.clip.split,
        }


def _dropped(drop: Drop) -> dict[str, Any]:
    return _origin(drop.clip) | {
        "question_id": drop.question_id,
        "question": drop.question,
        "stage": drop.stage,
        "reason": drop.reason,
    }


def _scored(score: BlindScore) -> dict[str, Any]:
    return {name: getattr(score, name) for name in _BLIND.names}
