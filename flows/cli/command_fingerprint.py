"""The command `motionsight fingerprint`. Heavy imports live inside: `--help` answers at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from flows.cli.options import settings_options, warehouse_option

if TYPE_CHECKING:
    from motionsight_core.settings import Settings


@click.command()
@warehouse_option
@settings_options
@click.option("--where", metavar="SQL", help="Only clips of rows of `motion` that meet this condition.")
def fingerprint(warehouse: str, settings: Settings, where: str | None) -> None:
    """Take the fingerprints of clips that were annotated by an earlier version.

    Since there are fingerprints, annotating takes them on its way; near-duplicates are found by them. This
    command looks at eight frames of each clip that has a row and no fingerprint, and changes nothing else.
    Run again, it goes on with what is missing.
    """
    from flows.cli.fingerprint_command import fingerprint_locally

    fingerprint_locally(warehouse, where=where, settings=settings)
