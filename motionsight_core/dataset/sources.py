"""Where clips come from: thresholds and licences by the prefix of a uri."""

from __future__ import annotations

from collections.abc import Sequence

from motionsight_core.dataset.drops import Drop
from motionsight_core.dataset.rows import Row
from motionsight_core.errors import UsageError
from motionsight_core.settings import DatasetSettings, SourceSettings

#: Of clips where no source is configured.
NO_SOURCE = SourceSettings(prefix="*", name="not stated")


class Sources:
    """The source of each clip.

    Args:
        settings: of the data set.
        required: whether every clip must have a source; where it need not, and none is configured, all
            clips are of `NO_SOURCE`.
    """

    def __init__(self, settings: DatasetSettings, *, required: bool) -> None:
        self._longest_first = sorted(settings.sources, key=lambda source: -len(source.prefix))
        self._required = required or bool(settings.sources)

    def of(self, uri: str) -> SourceSettings:
        """The source whose prefix fits; of several the longest.

        Raises:
            UsageError: none fits: a threshold or a licence is never guessed.
        """
        for source in self._longest_first:
            if uri.startswith(source.prefix):
                return source
        if not self._required:
            return NO_SOURCE
        raise UsageError(
            f"{uri} belongs to no source: add a table [[dataset.sources]] to the settings, with its prefix, "
            "and high_object and high_camera where its descriptions are scored."
        )


def name_of(source: SourceSettings) -> str:
    """What rows and card call a source."""
    return source.name or source.prefix


def drop_research_only(
    rows: Sequence[Row], sources: Sources, settings: DatasetSettings
) -> tuple[list[Row], list[Drop]]:
    """Leave out the clips of sources that are for research only, unless they were asked for."""
    kept: list[Row] = []
    drops: list[Drop] = []
    for row in rows:
        source = sources.of(row.uri)
        if source.research_only and not settings.research_only:
            drops.append(Drop(row, "licence", f"The source {name_of(source)} is for research only."))
        else:
            kept.append(row)
    return kept, drops
