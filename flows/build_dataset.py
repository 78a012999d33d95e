"""The Prefect flow `build_dataset`: one task per shard of clips, artifacts that say what is in it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Literal

from prefect import flow, task
from prefect.artifacts import create_markdown_artifact, create_table_artifact
from prefect.cache_policies import NO_CACHE
from prefect.logging import get_run_logger

from flows.operate.artifacts import code, plain
from flows.operate.cancelling import kill_decoders_on_cancel
from flows.operate.configuration import configured
from flows.operate.run_log import readable_log, without_tracebacks
from flows.operate.run_names import run_name
from motionsight_core.catalog import Clip
from motionsight_core.dataset.assembled import DataSet
from motionsight_core.dataset.build import build_dataset as build
from motionsight_core.dataset.build import shown_by_benchmarks
from motionsight_core.dataset.drops import STAGES
from motionsight_core.dataset.files_of_clips import write_media
from motionsight_core.dataset.folder import folder_at
from motionsight_core.dataset.grades import GRADES
from motionsight_core.dataset.markdown import plural
from motionsight_core.dataset.rows import ASPECTS
from motionsight_core.settings import Settings

GRADES_KEY = "motionsight-dataset-grades"
SAMPLES_KEY = "motionsight-dataset-samples"
DROPS_KEY = "motionsight-dataset-drops"
_SAMPLES = 10


@task(name="write-clips", cache_policy=NO_CACHE, persist_result=False)
def media_task(clips: Sequence[Clip], folder: Path, settings: Settings) -> Mapping[str, str]:
    """The media of a shard of clips; what is there already is left."""
    with kill_decoders_on_cancel(), readable_log(get_run_logger()):
        return write_media(clips, folder, settings)


@flow(name="build-dataset", flow_run_name=run_name, log_prints=False)
def build_dataset(
    folder: str,
    warehouse: str | None = None,
    where: str | None = None,
    media: Literal["cut", "frames", "reference"] | None = None,
    against: list[str] | None = None,
    catalog: str | None = None,
    settings: Settings | None = None,
) -> str:
    """Make a data set from a warehouse's rows: graded, deduplicated, split, with a card; returns its path.

    Killed or cancelled, the next run goes on with the clips that are missing. Built again from the same rows,
    every file is the same.

    Args:
        folder: where it goes, on a disk that the worker sees: new, empty, or a data set, which is replaced.
            Clips go to a bucket where the setting media.root names one.
        warehouse: whose rows; the catalog's, if unset.
        where: SQL over the columns of `motion` that chooses rows, for example "annotator <> 'measured'".
        media: clips as files of their own, as frames, or as uri and span; as media.kind, if unset.
        against: where a benchmark's videos lie, which no clip may show.
        catalog: name of a MotionSight Catalog block.
        settings: knobs; the section `dataset` says what is selected, graded and written.

    Raises:
        UsageError: the warehouse, the condition, a setting or the folder is not valid.
        RunError: the folder cannot be written.
    """
    without_tracebacks()
    with configured(warehouse=warehouse, settings=settings, catalog=catalog) as chosen:
        path = folder_at(folder).absolute()
        changed = {"media": {"kind": media}} if media else {}
        wanted = Settings.layered(chosen.settings.model_dump(exclude_unset=True), changed)
        log = get_run_logger()
        built = build(
            chosen.warehouse,
            path,
            wanted,
            where=where,
            contaminated=shown_by_benchmarks(against or (), wanted),
            media=media_task,
            progress=lambda done, total: log.info("%d of %d clips", done, total),
        )
    _show(built.data, path)
    return str(path)


def _show(data: DataSet, path: Path) -> None:
    """The artifacts: counts per grade, samples, what was dropped and why."""
    create_table_artifact(
        key=GRADES_KEY,
        table=[
            {
                "grade": grade,
                **{aspect: sum(clip.grades[aspect] == grade for clip in data.clips) for aspect in ASPECTS},
            }
            for grade in GRADES
        ],
        description=f"{plural(len(data.clips), 'clip')}, {plural(len(data.questions), 'question')}, "
        f"{plural(len(data.pairs), 'pair')} in {path}.",
    )
    if data.questions:
        create_table_artifact(
            key=SAMPLES_KEY,
            table=[
                {"clip": data.medium(one.clip), "question": one.question, "answer": one.answer}
                for one in data.questions[:_SAMPLES]
            ],
            description="The first questions.",
        )
    drops = Counter(drop.stage for drop in data.prepared.drops)
    examples = {drop.stage: drop for drop in reversed(data.prepared.drops)}
    lines = [f"## {plural(drops.total(), 'row')} left out of {code(str(path))}", ""]
    if drops:
        lines += ["| step | rows | for example |", "| --- | --- | --- |"]
        lines += [
            f"| {stage} | {drops[stage]} | {code(drop.row.uri)}<br>{plain(drop.reason)} |"
            for stage, drop in sorted(examples.items(), key=lambda item: STAGES.index(item[0]))
        ]
    create_markdown_artifact(
        key=DROPS_KEY, markdown="\n".join(lines), description=f"{plural(drops.total(), 'row')} left out"
    )
