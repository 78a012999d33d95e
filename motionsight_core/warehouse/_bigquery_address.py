"""The address of a BigQuery warehouse: bigquery:PROJECT.DATASET?staging=gs://...&location=..&max_gb=.."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlencode

from motionsight_core import environment
from motionsight_core.errors import UsageError

_EXAMPLE = "bigquery:PROJECT.DATASET?staging=gs://BUCKET/PREFIX"
# What becomes part of SQL: nothing else may stand in it.
_PLACE = re.compile(r"(?P<project>[a-z][a-z0-9.:-]*)\.(?P<dataset>[A-Za-z0-9_]+)", re.ASCII)


@dataclass(frozen=True, slots=True)
class BigQueryAddress:
    """Which dataset, and how it is used."""

    project: str
    dataset: str
    staging: str | None
    """gs:// prefix without a slash at its end; None where nobody gave one: then it can only be read."""
    location: str | None
    """Region of the dataset, for example EU; None for BigQuery's default."""
    max_gb: float
    """What one query may scan, gigabytes (10^9 bytes)."""

    @classmethod
    def parse(cls, url: str) -> BigQueryAddress:
        """The address of a URL, with or without `bigquery:` before it.

        Raises:
            UsageError: it is not one.
        """
        text = url.removeprefix("bigquery:")
        place, _, query = text.partition("?")
        found = _PLACE.fullmatch(place)
        if found is None:
            raise UsageError(f"{f'bigquery:{text}'!r} names no dataset; write {_EXAMPLE}.")
        options = dict(parse_qsl(query))
        unknown = sorted(options.keys() - {"staging", "location", "max_gb"})
        if unknown:
            raise UsageError(
                f"A BigQuery warehouse has no option {unknown[0]!r}; it takes staging, location and max_gb."
            )
        staging = options.get("staging") or os.environ.get(environment.STAGING) or None
        if staging is not None and not re.fullmatch(r"gs://[^/]+.*", staging):
            raise UsageError(f"BigQuery loads from Cloud Storage only: {staging!r} is no gs://BUCKET/PREFIX.")
        if staging is not None and "*" in staging:
            raise UsageError(
                f"The staging prefix {staging!r} holds a *, which BigQuery would take for a wildcard; choose "
                "another one."
            )
        return cls(
            project=found["project"],
            dataset=found["dataset"],
            staging=staging.rstrip("/") if staging else None,
            location=options.get("location") or None,
            max_gb=_gigabytes(options.get("max_gb", "100")),
        )

    @property
    def name(self) -> str:
        """PROJECT.DATASET, as it stands in SQL."""
        return f"{self.project}.{self.dataset}"

    @property
    def url(self) -> str:
        """The whole address: a worker that gets it needs no environment."""
        options = {"staging": self.staging, "location": self.location, "max_gb": f"{self.max_gb:g}"}
        given = {name: value for name, value in options.items() if value is not None}
        return f"bigquery:{self.name}?{urlencode(given, safe=':/')}"

    def require_staging(self) -> str:
        """The staging prefix.

        Raises:
            UsageError: none was given.
        """
        if self.staging is None:
            raise UsageError(
                f"Writing into bigquery:{self.name} takes a bucket to stage in: add "
                f"?staging=gs://BUCKET/PREFIX to its address, or set {environment.STAGING}."
            )
        return self.staging


def _gigabytes(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 < value < float("inf"):
        raise UsageError(f"max_gb={text!r} is not a number of gigabytes above 0.")
    return value
