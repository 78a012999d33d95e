"""From a warehouse to a folder: what `motionsight dataset` does, top to bottom."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from motionsight_core.catalog import Clip
from motionsight_core.dataset.assembled import DataSet, assemble
from motionsight_core.dataset.card import card
from motionsight_core.dataset.croissant import croissant
from motionsight_core.dataset.files_of_clips import MEDIA, write_media
from motionsight_core.dataset.folder import MARKER, Folder, opened_folder
from motionsight_core.dataset.prepare import Clustering, Contamination, prepare
from motionsight_core.dataset.rows import read_rows
from motionsight_core.dataset.tables import write_tables
from motionsight_core.dataset.views import write_views
from motionsight_core.preference import ChoiceLog
from motionsight_core.settings import Settings
from motionsight_core.warehouse import open_warehouse

#: Clips whose media are written in one go: what a task of an orchestrator is.
SHARD = 64
#: Writes the media of clips into a data set's folder; returns why it could not, by clip_id.
MediaStep = Callable[[Sequence[Clip], Path, Settings], Mapping[str, str]]


def near_duplicates(fingerprints: Mapping[str, str], distance: float) -> Mapping[str, int]:
    """The cluster of each fingerprint: equal numbers are near-duplicates."""
    from motionsight_core.dataset.clusters import clusters_of

    return clusters_of(fingerprints, distance=distance)


def burnt_in_text(clips: Sequence[Clip], settings: Settings) -> dict[str, str]:
    """Of the clips that have text burnt in, or cannot be looked at, the reason by clip_id.

    Raises:
        UsageError: the extra `text` is not installed.
    """
    from motionsight_core.dataset.burnt_in_text import clips_with_text

    return {clip.clip_id: str(reason) for clip, reason in clips_with_text(clips, settings)}


def shown_by_benchmarks(sources: Sequence[str], settings: Settings) -> Contamination | None:
    """Says which clips show a benchmark's videos; None where no benchmark is named.

    Args:
        sources: where their videos are: files, directories, globs, gs:// or s3://.
        settings: `clips` as the catalog's, and `dataset.duplicate_distance`.

    Raises:
        UsageError: a source holds no video.
        ClipError: one of the videos cannot be read.
    """
    if not sources:
        return None
    from motionsight_core.dataset.fingerprinting import Benchmark

    distance = settings.dataset.duplicate_distance
    benchmarks = [Benchmark(source, settings, distance=distance) for source in sources]

    def shown(fingerprints: Mapping[str, str]) -> dict[str, str]:
        reasons: dict[str, str] = {}
        for benchmark in benchmarks:
            reasons |= benchmark.shown_by(fingerprints)
        return reasons

    return shown


@dataclass(frozen=True, slots=True)
class Built:
    """What a build came to."""

    folder: Path
    data: DataSet


def build_dataset(
    warehouse: str,
    folder: Path,
    settings: Settings,
    *,
    where: str | None = None,
    contaminated: Contamination | None = None,
    cluster: Clustering = near_duplicates,
    media: MediaStep = write_media,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> Built:
    """Build a data set; built again from the same rows, choices, settings and seed, every file is the same.

    Args:
        warehouse: where the rows are; see `open_warehouse`.
        folder: where it goes: new, empty, or a data set, which is replaced. What people chose on its page
            counts as well, imported or not.
        settings: its section `dataset` says what is selected, graded and written.
        where: SQL over the columns of `motion` that chooses rows; see `read_rows`.
        contaminated: says which clips must not be in it, by their fingerprints.
        cluster: finds near-duplicates.
        media: writes the media of a shard of clips into the folder, as `write_media` does.
        progress: called with how many clips have their media, of how many.

    Raises:
        UsageError: the condition, a setting or the folder is not valid, or there is no warehouse.
        RunError: the folder cannot be written.
    """
    rows = read_rows(open_warehouse(warehouse), where).with_choices(ChoiceLog.read(folder))
    prepared = prepare(
        rows,
        settings.dataset,
        cluster=cluster,
        contaminated=contaminated,
        with_text=partial(burnt_in_text, settings=settings) if settings.dataset.drop_text else None,
    )
    with opened_folder(folder) as opened:
        failed: dict[str, str] = {}
        clips = [] if settings.media.kind == "reference" else [one.rows[0].clip for one in prepared.clips]
        for begin in range(0, len(clips), SHARD):
            shard = clips[begin : begin + SHARD]
            failed |= media(shard, folder, settings)
            progress(begin + len(shard), len(clips))
        data = assemble(prepared.without(failed), settings, where, folder)
        _write(data, opened)
    return Built(folder, data)


def _write(data: DataSet, folder: Folder) -> None:
    """All files but the media, which are there; the card comes last."""
    settings = data.settings
    if data.media_settings.root is not None:
        folder.keep(MEDIA)  # a copy or a mount of the bucket, which is not ours to sweep
    elif data.kind != "reference":
        for clip in data.clips:
            folder.keep(data.name_in_folder(clip))
    tables = write_tables(data, folder)
    write_views(data, folder)
    folder.write("croissant.json", croissant(data, folder.path, tables, folder.digests))
    described = {"where": data.where, "settings": settings.model_dump(mode="json")}
    folder.write(MARKER, json.dumps(described, indent=2, ensure_ascii=False) + "\n")
    folder.write("README.md", card(data, tables))
    folder.sweep()
