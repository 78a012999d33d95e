"""The card of a folder of questions, README.md: what is asked, what blind models know, what was left out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from string import ascii_uppercase

from motionsight_core.benchmark_questions.ablations import ABLATIONS, ALL
from motionsight_core.benchmark_questions.drafts import STAGES, Draft
from motionsight_core.benchmark_questions.letters import OPTIONS
from motionsight_core.benchmark_questions.written import SPLITS, QuestionSet
from motionsight_core.dataset.markdown import one_line, plural, table
from motionsight_core.evaluation.motionbench import KINDS


def card(questions: QuestionSet) -> str:
    """The card in Markdown."""
    parts = [
        "# Motion questions",
        _summary(questions),
        "## What is in it",
        _contents(questions),
        _letters(questions),
        "## How they were made",
        _made(questions),
        "## What blind models know",
        _blind(questions),
        "## What was left out",
        _dropped(questions),
        "## Sources and licences",
        _sources(questions),
        "## Known limits",
        _limits(questions),
    ]
    return "\n\n".join(parts) + "\n"


def annotation_density(drafts: Iterable[Draft]) -> float:
    """Words of questions per second of the clips that they are about (MotionBench, eq. 1); 0 of none.

    Options are no words of a question.
    """
    drafts = list(drafts)
    seconds = sum({draft.clip.clip_id: draft.clip.duration_s for draft in drafts}.values())
    return sum(len(draft.question.text.split()) for draft in drafts) / seconds if seconds else 0.0


def _summary(questions: QuestionSet) -> str:
    kept = questions.kept.values()
    clips = {draft.clip.clip_id: draft.clip for draft in kept}
    said = [
        f"{plural(len(kept), 'question')} with four options each about {plural(len(clips), 'clip')}, in the "
        f"form of MotionBench (arXiv 2501.02955), written by `{one_line(questions.candidates.writer)}`."
    ]
    trained_on = sum(clip.split == "train" for clip in clips.values())
    if trained_on:
        said.append(
            f"**Of these, {plural(trained_on, 'clip')} in the data set's split `train`: a model that was "
            "trained on it has seen them.** The column `clip_split` of `questions.parquet` says which."
        )
    if not questions.scores:
        said.append("**No blind model was asked: some questions may be answered without the video.**")
    return "\n".join(said)


def _contents(questions: QuestionSet) -> str:
    counts = Counter(
        (draft.question.category, questions.splits[name]) for name, draft in questions.kept.items()
    )
    rows = [
        [category, *(counts[category, split] for split in SPLITS)]
        for category in KINDS
        if any(counts[category, split] for split in SPLITS)
    ]
    density = annotation_density(questions.kept.values())
    return (
        f"{table(['category', *SPLITS], rows)}\n\n"
        f"Annotation density: {density:.2f} words of questions per second of video."
    )


def _letters(questions: QuestionSet) -> str:
    counts = Counter(questions.letters[name] for name in questions.kept)
    listed = ", ".join(f"{letter} {counts[at]}" for at, letter in enumerate(ascii_uppercase[:OPTIONS]))
    return f"Right letters: {listed}; in each category they differ by one at most."


def _made(questions: QuestionSet) -> str:
    settings = questions.settings
    lines = [
        f"- Split: by cluster, then source object, seed {settings.seed}; {settings.dev:g} of them dev.",
        "- Letters, wrong options and their order: by a hash and the seed.",
    ]
    if questions.candidates.writer == "measured":
        lines += [
            f"- Measured facts of a confidence of {settings.confidence:g} or more, and names that score "
            f"{settings.name_score:g} or more; what a less certain one could change is not asked.",
            "- Wrong options: opposites, moves and names of clips of the same object, cluster or source; "
            "none was measured in the clip.",
        ]
    else:
        lines.append(
            f"- At most {plural(settings.per_clip, 'question')} about a clip, from its descriptions; the "
            "model saw no frame. Its replies are in `replies.jsonl`."
        )
    return "\n".join(lines)


def _blind(questions: QuestionSet) -> str:
    if not questions.scores:
        return "None was asked."
    rows = [
        [
            score.model,
            score.ablation.replace("_", " "),
            score.asked,
            score.answered,
            f"{score.accuracy:.3f}",
            score.kept,
            "" if score.kept_accuracy is None else f"{score.kept_accuracy:.3f}",
        ]
        for score in sorted(questions.scores, key=lambda one: (one.model, ABLATIONS.index(one.ablation)))
        if score.category == ALL
    ]
    columns = ["model", "sees", "questions", "replies", "right", "kept", "right of these"]
    return (
        f"{table(columns, rows)}\n\nChance is {1 / OPTIONS:.2f}. A question that all of them answer rightly "
        "under one of these is dropped, so that they score less on the kept ones than other models would. "
        "`blind.parquet` has each category."
    )


def _dropped(questions: QuestionSet) -> str:
    drops = Counter(drop.stage for drop in questions.drops)
    if not drops:
        return "Nothing."
    rows = [[stage, drops[stage]] for stage in STAGES if drops[stage]]
    return f"{table(['step', 'clips or questions'], rows)}\n\nEach with its reason in `dropped.parquet`."


def _sources(questions: QuestionSet) -> str:
    clips = {draft.clip.clip_id: draft.clip for draft in questions.kept.values()}
    counts = Counter((clip.source, clip.licence) for clip in clips.values())
    rows = [[source, count, licence or "not stated"] for (source, licence), count in sorted(counts.items())]
    return table(["source", "clips", "licence"], rows)


def _limits(questions: QuestionSet) -> str:
    lines = ["- Nobody has checked the questions: what is right in them is what a program found."]
    if questions.candidates.writer == "measured":
        lines += [
            "- What `measured` cannot tell is not asked, so that questions are about clear motion.",
            "- The wording follows a few templates.",
        ]
    else:
        lines.append("- A description that is wrong makes a question whose right option is wrong.")
    return "\n".join(lines)
