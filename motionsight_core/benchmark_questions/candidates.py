"""Candidates: all questions that are made of a data set, before those are dropped that need no video."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from motionsight_core.annotator import Annotator
from motionsight_core.benchmark_questions.drafts import Draft, Drop
from motionsight_core.benchmark_questions.file import AskedVideo, question_line
from motionsight_core.benchmark_questions.from_measured import Facts, drafts_from_facts
from motionsight_core.benchmark_questions.from_model import drafts_from_model
from motionsight_core.benchmark_questions.kept_replies import KeptReplies
from motionsight_core.benchmark_questions.letters import balanced_letters, listed_options
from motionsight_core.benchmark_questions.measurements import measurements
from motionsight_core.benchmark_questions.source_clips import SourceClip, read_clips
from motionsight_core.settings import Settings
from motionsight_core.warehouse import open_warehouse

#: The folder of questions, below that of the data set.
QUESTIONS = "questions"


@dataclass(frozen=True)
class Candidates:
    """Questions with their letters, and what was left out on the way."""

    writer: str
    """`measured`, or the model's name."""
    clips: tuple[SourceClip, ...]
    """All of the data set."""
    videos: Mapping[str, AskedVideo]
    """By clip_id."""
    drafts: Mapping[str, Draft]
    """By question_id, in the order of the clips."""
    letters: Mapping[str, int]
    """Positions of right options, by question_id."""
    drops: tuple[Drop, ...]

    def lines(self, names: Sequence[str], letters: Mapping[str, int], *, seed: int) -> list[dict[str, Any]]:
        """The lines of a file of some of the questions.

        Args:
            names: identifiers of the questions.
            letters: the positions of their right options.
            seed: of the order of the other options.
        """
        return [
            question_line(
                self.videos[draft.clip.clip_id],
                uid=name,
                category=draft.question.category,
                text=draft.question.text,
                options=listed_options(draft.question, letters[name], name=name, seed=seed),
                position=letters[name],
            )
            for name, draft in ((name, self.drafts[name]) for name in names)
        ]


def make_candidates(
    folder: Path,
    warehouse: str,
    settings: Settings,
    *,
    writer: str,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> Candidates:
    """The questions about the clips of a data set.

    Args:
        folder: of the data set.
        warehouse: with the rows that it was made of; see `open_warehouse`.
        settings: of the questions, and of the model that writes them.
        writer: `measured`, or a model as the setting `annotator` names it.
        progress: called with how many clips are done, of how many.

    Raises:
        UsageError: the folder is no data set with cut clips, there is no warehouse, or no such model.
        RunError: the model cannot be reached; what it said is kept.
    """
    annotator = Annotator.parse(writer)
    clips = read_clips(folder)
    facts = Facts(settings.questions)
    videos: dict[str, AskedVideo] = {}
    for done, (clip, measurement) in enumerate(measurements(open_warehouse(warehouse), clips), start=1):
        if measurement is not None:
            videos[clip.clip_id] = AskedVideo(
                key=clip.clip_id,
                path=clip.file,
                kind=clip.source or "none",
                duration_s=round(clip.duration_s, 3),
                fps=measurement.fps,
                width=measurement.width,
                height=measurement.height,
            )
            if annotator.is_measured:
                facts.add(clip, measurement)
        if annotator.is_measured:
            progress(done, len(clips))
    seed = settings.questions.seed
    if annotator.is_measured:
        drafts, drops = drafts_from_facts(facts, clips, seed=seed)
    else:
        there = [clip for clip in clips if clip.clip_id in videos]
        drafts, drops = drafts_from_model(
            there,
            settings.overridden([f"annotator={writer}"]),
            KeptReplies(folder / QUESTIONS),
            progress=lambda done: progress(done, len(there)),
        )
        drops += [
            Drop(clip, "facts", f"The warehouse has no row of it under the recipe {clip.recipe}.")
            for clip in clips
            if clip.clip_id not in videos
        ]
    by_id = {draft.question_id: draft for draft in drafts}
    letters = balanced_letters({name: draft.question for name, draft in by_id.items()}, seed=seed)
    return Candidates(annotator.name, tuple(clips), videos, by_id, letters, tuple(drops))
