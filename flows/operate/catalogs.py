"""A catalog that a block of Prefect's server describes, read when a run begins."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import reduce
from operator import or_
from typing import Any, cast

from pydantic import ValidationError

from flows.operate.cloud_credentials import check_reference, cloud_access
from flows.operate.credentials import NO_CREDENTIALS, Credentials
from motionsight_core.annotator import Annotator
from motionsight_core.errors import RunError, UsageError
from motionsight_core.mllm import EndpointAddress
from motionsight_core.settings import Settings

_SLUG = "motionsight-catalog"


@dataclass(frozen=True, slots=True)
class NamedCatalog:
    """What a catalog's block says; nothing, where none is named."""

    source: str | None = None
    warehouse: str | None = None
    settings: tuple[Mapping[str, Any], ...] = ()
    """Those that it sets, nested; each over the one before."""
    credentials: Credentials = NO_CREDENTIALS
    """Of its stores and warehouse."""
    endpoint: EndpointAddress | None = None
    endpoint_key: str | None = field(default=None, repr=False)

    def credentials_for(self, settings: Settings) -> Credentials:
        """All credentials of a run with these settings.

        The endpoint's key goes to the endpoint it was given for: not to another one, which the environment
        or the run's parameters name.
        """
        if self.endpoint_key is None:
            return self.credentials
        asked = Annotator.parse(settings.annotator).endpoint
        if self.endpoint is None or asked is None or asked.base_url != self.endpoint.base_url:
            return self.credentials
        return self.credentials | Credentials({settings.endpoint.key_variable: self.endpoint_key})


def load_catalog(name: str) -> NamedCatalog:
    """The catalog of a name, with its warehouse, its endpoint and its credentials.

    Raises:
        UsageError: a block is not there, or not valid.
        RunError: the Prefect server does not answer.
    """
    from flows.blocks import MotionSightCatalog

    name = name.removeprefix(f"{_SLUG}/")
    with _errors(f"{_SLUG}/{name}"):
        block = cast(MotionSightCatalog, MotionSightCatalog.load(name))
    accesses = []
    for reference in block.credentials:
        with _errors(reference):
            accesses.append(cloud_access(reference, _document(reference)))
    return NamedCatalog(
        source=block.source or None,
        warehouse=block.warehouse_url(),
        settings=(*(access.settings for access in accesses), *block.setting_layers()),
        credentials=reduce(or_, (access.credentials for access in accesses), NO_CREDENTIALS),
        endpoint=block.endpoint.address() if block.endpoint else None,
        endpoint_key=block.endpoint.key() if block.endpoint else None,
    )


def _document(reference: str) -> dict[str, Any]:
    from prefect.client.orchestration import get_client

    kind, name = check_reference(reference)
    with get_client(sync_client=True) as client:
        return client.read_block_document_by_name(name, kind, include_secrets=True).data


@contextmanager
def _errors(reference: str) -> Iterator[None]:
    """Prefect's exceptions as sentences that say what to do; none repeats what a block holds."""
    from httpx import HTTPError
    from prefect.exceptions import ObjectNotFound

    kind, _, name = reference.partition("/")
    try:
        yield
    except UsageError as error:
        raise UsageError(f"The block {reference} cannot be used: {error}") from None
    except (ObjectNotFound, ValueError, RuntimeError) as error:
        if isinstance(error, ObjectNotFound) or isinstance(error.__cause__, ObjectNotFound):
            raise UsageError(_absent(kind, name)) from None
        if isinstance(error.__cause__, ValidationError):
            raise UsageError(f"The block {reference} cannot be used: {_problems(error.__cause__)}.") from None
        raise
    except HTTPError as error:
        raise RunError(
            f"The block {reference} cannot be read, because the Prefect server does not give it "
            f"({type(error).__name__}); PREFECT_API_URL says which server is asked."
        ) from None


def _absent(kind: str, name: str) -> str:
    if kind != _SLUG:
        how = f"make it in the UI, whose address `prefect block create {kind}` prints"
    else:
        how = (
            f"`prefect block register -m flows.blocks`, then `prefect block create {_SLUG}` prints where to "
            "make it in the UI"
        )
    there = "`prefect block ls` lists those that there are"
    return f"There is no block {kind}/{name} at this Prefect server: {there}; {how}."


def _problems(error: ValidationError) -> str:
    return "; ".join(
        f"{'.'.join(str(part) for part in problem['loc'])}: {problem['msg'].lower()}"
        for problem in error.errors(include_input=False, include_url=False)
    )
