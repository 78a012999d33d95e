"""From a warehouse to a folder: what `motionsight dataset` does, top to bottom."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from motionsight_core.dataset.assembled import DataSet, assemble
from motionsight_core.dataset.card import card
from motionsight_core.dataset.croissant import croissant
from motionsight_core.dataset.files_of_clips import Writer, media_name, write_media
from motionsight_core.dataset.folder import MARKER, Folder, opened_folder
from motionsight_core.dataset.prepare import Contamination, Prepared, prepare
from motionsight_core.dataset.rows import read_rows
from motionsight_core.dataset.tables import write_tables
from motionsight_core.dataset.views import write_views
from motionsight_core.settings import DatasetSettings, Settings
from motionsight_core.warehouse import open_warehouse


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
    writer: Writer | None = None,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> Built:
    """Build a data set; built again from the same rows, settings and seed, every file is the same.

    Args:
        warehouse: where the rows are; see `open_warehouse`.
        folder: where it goes: new, empty, or a data set, which is replaced.
        settings: its section `dataset` says what is selected, graded and written.
        where: SQL over the columns of `motion` that chooses rows; see `read_rows`.
        contaminated: says which clips must not be in it, by their fingerprints.
        writer: writes the media of one clip; by default as `dataset.media` says.
        progress: called with how many clips have their media, of how many.

    Raises:
        UsageError: the condition, a setting or the folder is not valid, or there is no warehouse.
        RunError: the folder cannot be written.
    """
    prepared = prepared_from(warehouse, settings.dataset, where=where, contaminated=contaminated)
    with opened_folder(folder) as opened:
        clips = [clip.rows[0].clip for clip in prepared.clips]
        failed = write_media(
            clips, folder, settings, writer=writer, progress=lambda done: progress(done, len(clips))
        )
        return finish(prepared, opened, settings.dataset, failed, where=where)


def prepared_from(
    warehouse: str,
    settings: DatasetSettings,
    *,
    where: str | None = None,
    contaminated: Contamination | None = None,
) -> Prepared:
    """The first step of `build_dataset`: the clips, before they are files."""
    rows = read_rows(open_warehouse(warehouse), where)
    return prepare(rows, settings, cluster=_clusters, contaminated=contaminated)


def finish(
    prepared: Prepared,
    folder: Folder,
    settings: DatasetSettings,
    failed: Mapping[str, str],
    *,
    where: str | None = None,
) -> Built:
    """The last step: write all files but the media, which are there.

    Args:
        prepared: the clips.
        folder: open for writing.
        settings: of the data set.
        failed: why the media of a clip could not be written, by clip_id.
        where: the condition that chose the rows.
    """
    data = assemble(prepared.without(failed), settings, where, folder.path)
    for clip in data.clips:
        folder.keep(media_name(clip.rows[0].clip, settings.media))
    tables = write_tables(data, folder)
    write_views(data, folder)
    folder.write("croissant.json", croissant(data, folder.path, tables, folder.digests))
    described = {"where": where, "settings": settings.model_dump(mode="json")}
    folder.write(MARKER, json.dumps(described, indent=2, ensure_ascii=False) + "\n")
    folder.write("README.md", card(data, tables))
    folder.sweep()
    return Built(folder.path, data)


def _clusters(fingerprints: Mapping[str, str], distance: float) -> Mapping[str, int]:
    from motionsight_core.dataset.clusters import clusters_of

    return clusters_of(fingerprints, distance=distance)
