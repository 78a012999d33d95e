"""The data card, README.md: what is in a data set, where it is from, and what is wrong with it."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import groupby

from motionsight_core.dataset.assembled import DataSet
from motionsight_core.dataset.drops import STAGES
from motionsight_core.dataset.files_of_clips import MEDIA
from motionsight_core.dataset.grades import GRADES
from motionsight_core.dataset.markdown import cell, counted, one_line, plural, table
from motionsight_core.dataset.paper_thresholds import paper_threshold
from motionsight_core.dataset.rows import ASPECTS, Aspect
from motionsight_core.dataset.sources import NO_SOURCE, name_of
from motionsight_core.dataset.splits import SPLITS
from motionsight_core.dataset.views import Kind, has_file
from motionsight_core.settings import SourceSettings

_GRADE_WORDS = {"high": "C_H", "standard": "C_S", "low": "C_L", "ungraded": "ungraded"}


def card(data: DataSet, tables: Sequence[str]) -> str:
    """The card in Markdown, with the head by which Hugging Face `datasets` loads the folder.

    Args:
        data: the data set.
        tables: names of the Parquet files that were written.
    """
    parts = [
        _head(data, tables),
        "# Motion data set",
        _summary(data),
        "## What is in it",
        *_contents(data),
        "## How it was made",
        _selection(data),
        "## What was left out",
        _dropped(data),
        "## Sources and licences",
        _sources(data),
        "## Agreement of people",
        _agreement(data),
        "## Known biases and limits",
        _limits(data),
    ]
    return "\n\n".join(parts) + "\n"


def _head(data: DataSet, tables: Sequence[str]) -> str:
    """YAML, in its part that is JSON as well. `datasets` wants one format of file for all of a folder."""
    configs: list[dict[str, object]] = []
    if data.kind == "cut":
        views: dict[Kind, str] = {"sft": "llava/", "preferences": "dpo/", "instances": "llava/instances_"}
        for kind, view in views.items():
            files = [
                {"split": split, "path": f"views/{view}{split}.json"}
                for split in SPLITS
                if has_file(data, split, kind)
            ]
            if files:
                configs.append({"config_name": kind, "data_files": files})
    else:
        configs = [{"config_name": name.removesuffix(".parquet"), "data_files": name} for name in tables]
    licences = sorted({clip.licence for clip in data.clips if clip.licence})
    head = {
        "task_categories": ["video-text-to-text"],
        "license": "other",
        "license_name": ", ".join(licences) or "not stated",
        "configs": configs,
    }
    lines = [f"{key}: {json.dumps(value, ensure_ascii=False)}" for key, value in head.items()]
    return "\n".join(["---", *lines, "---"])


def _summary(data: DataSet) -> str:
    """The first lines: how much there is, and what a reader must know before using it."""
    said = [
        f"{plural(len(data.clips), 'clip')}, {plural(len(data.questions), 'question')}, "
        f"{plural(len(data.pairs), 'pair')} of descriptions to choose from, "
        f"{len(data.preferences):,} decided by people."
    ]
    if data.prepared.scorer is None:
        said.append(
            "**Nothing was scored: no description is graded, all are questions of SFT, and there are no "
            "pairs.** `motionsight score` scores them."
        )
    else:
        ungraded = sum(clip.grades[aspect] == "ungraded" for clip in data.clips for aspect in ASPECTS)
        said.append(f"Graded by the scores of `{one_line(data.prepared.scorer)}`.")
        if ungraded:
            said.append(f"**{plural(ungraded, 'description')} without a score: ungraded, and used in SFT.**")
    if not data.prepared.fingerprinted:
        said.append(
            "**No fingerprints: near-duplicates were not looked for, and splits are by source object alone.**"
        )
    return "\n".join(said)


def _contents(data: DataSet) -> Iterator[str]:
    yield table(
        ["split", "clips", "questions", "pairs", "decided"],
        [
            [
                split,
                sum(clip.split == split for clip in data.clips),
                sum(one.clip.split == split for one in data.questions),
                sum(one.clip.split == split for one in data.pairs),
                sum(one.pair.clip.split == split for one in data.preferences),
            ]
            for split in SPLITS
        ],
    )
    yield table(
        ["grade", *(f"{aspect} motion" for aspect in ASPECTS)],
        [
            [
                _GRADE_WORDS[grade],
                *(sum(clip.grades[aspect] == grade for clip in data.clips) for aspect in ASPECTS),
            ]
            for grade in GRADES
        ],
    )
    asked: Counter[str] = Counter(one.asked for one in data.questions)
    annotators = Counter(row.annotator for clip in data.clips for row in clip.rows)
    yield "\n".join(
        [
            f"- Questions by what they ask about: {counted(asked)}.",
            f"- Rows by annotator: {counted(annotators)}.",
            f"- Seconds of video: {sum(c.rows[0].end_s - c.rows[0].start_s for c in data.clips):,.1f}.",
            f"- Media: {data.kind}{_place(data.media_settings.root)}.",
            f"- Questions about single objects: {counted(Counter(one.task for one in data.instances))}.",
        ]
    )


def _place(root: str | None) -> str:
    return f", in {cell(root)}; views name them by the copy or mount of it at `{MEDIA}`" if root else ""


def _selection(data: DataSet) -> str:
    settings, limits = data.settings, data.prepared.limits
    moves = f"motion_score > {limits.motion:g} frame widths per second"
    rule = moves if settings.rule == "motion" else f"({moves}, or a track)"
    stays = "one clip of a cluster stays" if settings.duplicates == "drop" else "all stay, in one split"
    lines = [
        f"- Condition on the rows: {f'`{one_line(data.where)}`' if data.where else 'none'}.",
        f"- Selected: clarity > {limits.clarity:g} and {rule} "
        f"(settings: clarity {settings.clarity}, motion {settings.motion}, rule {settings.rule}).",
        f"- Near-duplicates: fingerprints that differ in at most {settings.duplicate_distance:g} of their "
        f"bits; {stays}.",
        f"- Splits: by cluster, then source object, seed {settings.seed}; {settings.validation:g} of them "
        f"validation, {settings.test:g} test.",
        f"- Grades: C_L below {settings.low:g}, which is left out; C_H above the threshold of source and "
        "motion; C_S between.",
        f"- Descriptions of C_H in SFT: {settings.high_in_sft}.",
    ]
    return "\n".join(lines)


def _dropped(data: DataSet) -> str:
    drops = Counter(drop.stage for drop in data.prepared.drops)
    if not drops:
        return "Nothing."
    rows = [[stage, drops[stage]] for stage in STAGES if drops[stage]]
    return f"{table(['step', 'rows'], rows)}\n\nEach with its reason in `dropped.parquet`."


def _sources(data: DataSet) -> str:
    clips = Counter(clip.source for clip in data.clips)
    known = {name_of(source): source for source in (*data.settings.sources, NO_SOURCE)}
    return table(
        ["source", "clips", "licence", "terms", "C_H object above", "C_H camera above"],
        [[name, count, *_terms(known[name])] for name, count in sorted(clips.items())],
    )


def _terms(source: SourceSettings) -> list[str]:
    use = "research only" if source.research_only else ""
    return [
        source.licence or "not stated",
        "; ".join(part for part in (source.terms, use) if part) or "not stated",
        _threshold(source, "object", source.high_object),
        _threshold(source, "camera", source.high_camera),
    ]


def _threshold(source: SourceSettings, aspect: Aspect, own: float | None) -> str:
    if own is not None:
        return f"{own:g}"
    of_paper = paper_threshold(source.name, aspect)
    return "" if of_paper is None else f"{of_paper:g} (the paper's, table 15)"


def _agreement(data: DataSet) -> str:
    if not data.preferences:
        return "Nobody has chosen yet."
    rows = []
    for aspect, of_aspect in groupby(
        sorted(data.preferences, key=lambda one: one.pair.aspect), key=lambda one: one.pair.aspect
    ):
        decided = list(of_aspect)
        mean = sum(one.agreement for one in decided) / len(decided)
        first = sum(one.chosen is one.pair.a for one in decided)
        rows.append([aspect, len(decided), sum(one.votes for one in decided), f"{mean:.2f}", first])
    return table(
        ["motion", "pairs decided", "votes", "mean share of the majority", "for the graded text"],
        rows,
    )


def _limits(data: DataSet) -> str:
    lines = [
        "- Descriptions are written by programs; apart from the choices above, nobody has checked them.",
        "- Clips that are blurred, or in which little moves, are left out, so that stillness is rare.",
        "- A description that scores highly is one that its scorer finds plausible; it may still be wrong.",
    ]
    if any(row.annotator == "measured" for clip in data.clips for row in clip.rows):
        lines.append(
            "- `measured` texts follow a few templates: their wording varies less than a person's does."
        )
    if data.kind == "reference":
        lines.append(
            "- Media are references: whoever reads them must cut from `start_s` to `end_s`, and there are no "
            "views for trainers, which take whole files."
        )
    return "\n".join(lines)
