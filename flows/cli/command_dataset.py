"""The command `motionsight dataset`. Heavy imports live inside: `--help` answers at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from flows.cli.options import settings_options, warehouse_option

if TYPE_CHECKING:
    from motionsight_core.settings import Settings


@click.command()
@click.argument("folder", metavar="DIR", type=click.Path(file_okay=False))
@warehouse_option
@settings_options
@click.option(
    "--where",
    metavar="SQL",
    help="Only rows of `motion` that meet this condition; it may ask other tables and, in DuckDB, files.",
)
@click.option(
    "--media",
    type=click.Choice(["cut", "frames", "reference"]),
    help="Clips as files of their own, as frames, or as uri and span of their source "
    "(as --set media.kind=...).  [default: cut]",
)
@click.option(
    "--media-root",
    metavar="URL",
    help="Clips go there: gs://bucket/prefix or s3://bucket/prefix (as --set media.root=...).  "
    "[default: DIR/media]",
)
@click.option(
    "--against",
    metavar="SOURCE",
    multiple=True,
    help="Leave out clips that show a benchmark's videos, which lie there; may be repeated.",
)
@click.option(
    "--research-only",
    is_flag=True,
    help="With the clips of sources that are for research only (as --set dataset.research_only=true).",
)
def dataset(
    folder: str,
    warehouse: str,
    settings: Settings,
    where: str | None,
    media: str | None,
    media_root: str | None,
    against: tuple[str, ...],
    research_only: bool,
) -> None:
    """Make a data set in DIR from the warehouse's rows: graded, deduplicated, split, with a card.

    Clips that are blurred or in which nothing moves, near-duplicates and badly scored descriptions are left
    out, each with its reason in dropped.parquet. The rest becomes questions with answers (SFT), pairs of
    descriptions for people to choose from, and preferences where they have chosen, as Parquet and in the
    forms of LLaVA, ms-swift, LLaMA-Factory and trl. Grades and pairs take scores (`motionsight score`). Built
    again from the same rows, every file is the same, and what people chose in DIR is added.

    \b
    For example:
      motionsight dataset data
      motionsight dataset data --media-root gs://bucket/clips
      motionsight dataset data --where "uri LIKE 'gs://bucket/2024/%'" --set dataset.clarity=q0.2
    """
    from flows.cli.dataset_command import show_dataset
    from motionsight_core.dataset.folder import folder_at
    from motionsight_core.settings import Settings

    path = folder_at(folder)
    chosen = {"kind": media, "root": media_root}
    said: dict[str, dict[str, object]] = {"media": {name: value for name, value in chosen.items() if value}}
    if research_only:
        said["dataset"] = {"research_only": True}
    settings = Settings.layered(settings.model_dump(exclude_unset=True), said)
    show_dataset(path, warehouse, where=where, against=against, settings=settings)
