"""What a benchmark is: how its files are read, what counts as right in it, and what it takes in."""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from string import ascii_uppercase
from typing import ClassVar

from motionsight_core.backends import BENCHMARKS
from motionsight_core.dialogue.replies import choice_of
from motionsight_core.errors import BadReply, UsageError
from motionsight_core.evaluation._records import Unusable, digest
from motionsight_core.evaluation.question import Question


@dataclass(frozen=True, slots=True)
class Rejected:
    """A record that holds no question which can be asked."""

    where: str
    """Its place, such as "line 12" or "question 2 of line 12"."""
    reason: str
    """One sentence."""

    def __str__(self) -> str:
        return f"{self.where}: {self.reason}"


@dataclass(frozen=True, slots=True)
class Annotations:
    """A benchmark's annotations, read."""

    benchmark: str
    """The benchmark's name."""
    sha256: str
    """Of the file's bytes, 64 hex digits; of a folder, of the names, sizes and bytes of its files by name."""
    questions: tuple[Question, ...]
    """In the file's order; no two have the same `question_id`."""
    rejected: tuple[Rejected, ...] = ()
    """In the file's order."""

    def shortfall(self, full_counts: Mapping[str, int]) -> dict[str, int]:
        """How many questions of each category the file lacks against a benchmark's `full_counts`."""
        held: dict[str, int] = {"": len(self.questions)}
        for question in self.questions:
            held[question.category] = held.get(question.category, 0) + 1
        lacks = {category: count - held.get(category, 0) for category, count in full_counts.items()}
        return {category: count for category, count in lacks.items() if count > 0}


class Benchmark(ABC):
    """A benchmark of multiple-choice questions about videos. It has no state.

    One of another package registers in the group of entry points `motionsight.benchmarks` (`backends`); it
    says what follows here, reads its files in `records`, and has a rule in `official`.
    """

    name: ClassVar[str]
    """As the command line calls it."""
    title: ClassVar[str]
    """As its paper calls it."""
    categories: ClassVar[tuple[str, ...]] = ()
    """Its categories in the order of its tables; others follow in the order of the file."""
    full_counts: ClassVar[Mapping[str, int]] = {}
    """The denominators of its official scores: questions of each category, and of all under the name "".
    Empty where it divides by the questions that its file holds."""
    video_folders: ClassVar[tuple[str, ...]] = ("",)
    """Folders below the folder of videos in which one may lie; the first that has it counts."""

    def read(self, path: str | Path) -> Annotations:
        """The questions of its file, or of the files of its folder.

        A record that cannot be used is rejected with its place and the reason, and the rest is read. So is
        one whose identifier an earlier one has.

        Raises:
            UsageError: nothing is there, it cannot be read, or it holds no question that can be asked.
        """
        path = Path(path)
        files = self.files(path)
        sha256 = digest(files, with_names=path.is_dir())
        questions: dict[str, Question] = {}
        places: dict[str, str] = {}
        rejected: list[Rejected] = []
        for file in files:
            for place, found in self.records(file):
                where = f"{file.name}, {place}" if path.is_dir() else place
                if isinstance(found, Unusable):
                    rejected.append(Rejected(where, str(found)))
                elif found.question_id in questions:
                    first = places[found.question_id]
                    reason = f"Its identifier {found.question_id!r} is that of {first} already."
                    rejected.append(Rejected(where, reason))
                else:
                    questions[found.question_id] = found
                    places[found.question_id] = where
        if not questions:
            why = f" ({str(rejected[0]).removesuffix('.')})" if rejected else ""
            raise UsageError(
                f"The annotations {path} hold no question that can be asked{why}; {self.title} has them in "
                f"{self.described()}."
            )
        return Annotations(self.name, sha256, tuple(questions.values()), tuple(rejected))

    def files(self, path: Path) -> list[Path]:
        """The files to read, in a stable order: the one named here.

        Raises:
            UsageError: there is none.
        """
        if path.is_dir():
            raise UsageError(f"The annotations {path} are a folder; name the file: {self.described()}.")
        if not path.is_file():
            raise UsageError(f"There are no annotations {path}; {self.title} has them in {self.described()}.")
        return [path]

    @abstractmethod
    def described(self) -> str:
        """What its file is called and holds, as the end of a sentence."""

    @abstractmethod
    def records(self, file: Path) -> Iterator[tuple[str, Question | Unusable]]:
        """The records of a file in its order, each with its place in it: a question, or why it is none.

        Raises:
            UsageError: the file as a whole cannot be read.
        """

    @abstractmethod
    def official(self, question: Question, reply: str) -> bool:
        """Whether a reply is right by its own rule, defects mended; which ones, the docstring says.

        Args:
            question: one that is labelled.
            reply: as the model gave it, letters asked for.
        """

    def authors(self, question: Question, reply: str) -> bool:
        """Whether a reply is right by the lenient rule behind MotionSight's published numbers.

        That of MotionBench: the letter stands anywhere in it, so that "A man walks, so C" is right for A.
        Source: eval/motionchat/motionbench of the MotionSight authors' repository.
        """
        return question.answer is not None and ascii_uppercase[question.answer] in reply

    def submission(self, questions: Sequence[Question], replies: Mapping[str, str | None]) -> bytes:
        """A file of answers to hand in, labelled or not: a JSON object of letters by identifier.

        Args:
            questions: of the annotations, in their order.
            replies: by `question_id`; a question without one, or whose reply names no option, is left out.
        """
        letters = {
            question.question_id: ascii_uppercase[position]
            for question in questions
            if (position := chosen(question, replies.get(question.question_id))) is not None
        }
        return _json(letters)

    def grouped(self, questions: Sequence[Question], right: Mapping[str, bool]) -> dict[str, float]:
        """Scores over questions that belong together, 0 to 1, by name; empty where it has none.

        Args:
            questions: labelled ones, in the order of the annotations.
            right: by `question_id`; one that is missing is wrong.
        """
        return {}

    def places(self, video: str) -> tuple[str, ...]:
        """Where a question's video may lie below the folder of videos, the likeliest first."""
        return tuple(f"{folder}/{video}".lstrip("/") for folder in self.video_folders)


def chosen(question: Question, reply: str | None) -> int | None:
    """The position of the option that a reply chose, by `dialogue.choice_of`; None where it chose none."""
    if reply is None or not question.options:
        return None
    try:
        return choice_of(reply, question.options)
    except BadReply:
        return None


def open_benchmark(name: str) -> Benchmark:
    """The benchmark of a name, ours or another package's.

    Raises:
        UsageError: there is none.
    """
    try:
        kind = BENCHMARKS.load(name)
    except KeyError:
        raise UsageError(
            f"There is no benchmark {name!r}; there are {', '.join(BENCHMARKS.usages())}."
        ) from None
    return kind()


def _json(value: object) -> bytes:
    return (json.dumps(value, ensure_ascii=False, indent=1) + "\n").encode()
