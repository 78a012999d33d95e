"""What a flow run is about, from all that may say so: blocks, files, environment, parameters.

The order, each over the one before: defaults, the catalog's block, the settings file that
MOTIONSIGHT_SETTINGS names, the environment (MOTIONSIGHT_*), the run's own parameters. Of each, what it says
counts, not what it leaves at a default. docs/configuration.md has examples.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from flows.operate.catalogs import NamedCatalog, load_catalog
from flows.operate.credentials import credentials_in_environment
from motionsight_core import DEFAULT_WAREHOUSE, environment
from motionsight_core.errors import UsageError
from motionsight_core.settings import Settings


@dataclass(frozen=True, slots=True)
class Configuration:
    """What was chosen. It holds no secret."""

    source_or_none: str | None
    """Where the videos are, if anybody said so."""
    warehouse: str
    """Where the rows go."""
    settings: Settings

    @property
    def source(self) -> str:
        """Where the videos are.

        Raises:
            UsageError: no source is named.
        """
        if self.source_or_none is None:
            raise UsageError(
                "No source is named: give the parameter source, for example gs://bucket/clips/, or the "
                "parameter catalog with the name of a MotionSight Catalog block that has one."
            )
        return self.source_or_none


@contextmanager
def configured(
    *,
    source: str | None = None,
    warehouse: str | None = None,
    settings: Settings | Mapping[str, Any] | None = None,
    catalog: str | None = None,
) -> Iterator[Configuration]:
    """The configuration of a run; for the length of the block the credentials are in the environment.

    Without a catalog no Prefect server is asked. See `credentials_in_environment` for what happens where two
    runs of one process want different credentials.

    Args:
        source: a file, a directory, a glob, or a store's address.
        warehouse: its URL.
        settings: those that are set count, also as plain JSON.
        catalog: name of a MotionSight Catalog block.

    Raises:
        UsageError: a block, the settings file, a name or a value is not there or not valid.
        RunError: the Prefect server that has the block does not answer, or this process is busy with other
            credentials.
    """
    # A form in Prefect's UI sends an empty text where a field was cleared.
    named = load_catalog(catalog) if catalog else NamedCatalog()
    chosen = Configuration(
        source_or_none=source or named.source,
        warehouse=warehouse or os.environ.get(environment.WAREHOUSE) or named.warehouse or DEFAULT_WAREHOUSE,
        settings=Settings.layered(*named.settings, _file_and_environment(), _said(settings)),
    )
    with credentials_in_environment(named.credentials_for(chosen.settings)):
        yield chosen


def _file_and_environment() -> dict[str, Any]:
    return _said(Settings.load(os.environ.get(environment.SETTINGS) or None))


def _said(settings: Settings | Mapping[str, Any] | None) -> dict[str, Any]:
    """What settings say, without what they leave at its default."""
    if settings is None:
        return {}
    if isinstance(settings, Settings):
        return settings.model_dump(exclude_unset=True)
    return dict(settings)
