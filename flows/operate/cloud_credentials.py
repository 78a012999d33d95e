"""What credential blocks of prefect-aws and prefect-gcp say, as a process's environment and settings.

Prefect's server knows these kinds of block without either package. They are read as documents, so that
neither package need be installed here: only the fields' names are relied upon.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from flows.operate.credentials import GOOGLE_KEY_VARIABLE, NO_CREDENTIALS, Credentials
from motionsight_core.errors import UsageError

Document = Mapping[str, Any]
_REFERENCE = re.compile(r"(?P<kind>[a-z-]+)/(?P<name>[^/\s]+)")


@dataclass(frozen=True, slots=True)
class CloudAccess:
    """How a run gets at a cloud."""

    credentials: Credentials = NO_CREDENTIALS
    settings: Mapping[str, Any] = field(default_factory=dict)
    """Those that follow, such as the address of a MinIO."""


def check_reference(reference: str) -> tuple[str, str]:
    """Kind and name of a block such as aws-credentials/videos.

    Raises:
        UsageError: it is no reference to a block of credentials.
    """
    found = _REFERENCE.fullmatch(reference)
    if found is None or found["kind"] not in _READERS:
        raise UsageError(
            f"{reference!r} names no block of credentials: write KIND/NAME, where KIND is "
            f"{', '.join(sorted(_READERS))}."
        )
    return found["kind"], found["name"]


def check_references(references: Sequence[str]) -> None:
    """Make sure that an environment can hold them all.

    Raises:
        UsageError: one is no reference, or two are for the same cloud.
    """
    clouds: dict[str, str] = {}
    for reference in references:
        kind, _ = check_reference(reference)
        first = clouds.setdefault(_CLOUDS[kind], reference)
        if first != reference:
            raise UsageError(
                f"{first} and {reference} are for the same variables of the environment; a catalog takes one "
                "of them."
            )


def cloud_access(reference: str, document: Document) -> CloudAccess:
    """What a block's document gives.

    Raises:
        UsageError: it cannot be used here; the sentence holds no secret.
    """
    kind, _ = check_reference(reference)
    return _READERS[kind](reference, document)


def _aws(reference: str, document: Document) -> CloudAccess:
    if document.get("assume_role_arn"):
        raise UsageError(
            f"The block {reference} assumes a role, which MotionSight does not do: give keys, or "
            "the name of a profile of the worker's AWS configuration that assumes it."
        )
    key, profile = document.get("aws_access_key_id"), document.get("profile_name")
    variables: dict[str, str | None] = {}
    if key:
        variables = _aws_keys(key, document.get("aws_secret_access_key"), document.get("aws_session_token"))
    if profile:
        # boto3 prefers keys that it finds in the environment to a profile's.
        variables = (variables or _aws_keys(None, None, None)) | {"AWS_PROFILE": profile}
    return _aws_access(variables, document)


def _minio(_: str, document: Document) -> CloudAccess:
    keys = _aws_keys(document.get("minio_root_user"), document.get("minio_root_password"), None)
    return _aws_access(keys, document)


def _aws_keys(key: str | None, secret: str | None, token: str | None) -> dict[str, str | None]:
    """All of an account: what is left of another one would be mixed with it."""
    return {
        "AWS_ACCESS_KEY_ID": key or None,
        "AWS_SECRET_ACCESS_KEY": secret or None,
        "AWS_SESSION_TOKEN": token or None,
        "AWS_PROFILE": None,
    }


def _aws_access(variables: dict[str, str | None], document: Document) -> CloudAccess:
    region = document.get("region_name")
    if region:
        # boto3 reads the one, other programs the other.
        variables |= {"AWS_REGION": region, "AWS_DEFAULT_REGION": region}
    client = document.get("aws_client_parameters") or {}
    endpoint = client.get("endpoint_url")
    if client.get("verify_cert_path"):
        variables["AWS_CA_BUNDLE"] = str(client["verify_cert_path"])
    return CloudAccess(Credentials(variables), {"stores": {"s3_endpoint": endpoint}} if endpoint else {})


def _gcp(reference: str, document: Document) -> CloudAccess:
    variables: dict[str, str | None] = {}
    if document.get("project"):
        variables["GOOGLE_CLOUD_PROJECT"] = document["project"]
    key = document.get("service_account_info")
    if key:
        return CloudAccess(
            Credentials(variables, google_key=key if isinstance(key, str) else json.dumps(dict(key)))
        )
    if document.get("service_account_file"):
        path = Path(document["service_account_file"]).expanduser()
        if not path.is_file():
            raise UsageError(
                f"The key file {path}, which the block {reference} names, is not on this machine."
            )
        variables[GOOGLE_KEY_VARIABLE] = str(path)
    return CloudAccess(Credentials(variables))


_READERS: dict[str, Callable[[str, Document], CloudAccess]] = {
    "aws-credentials": _aws,
    "minio-credentials": _minio,
    "gcp-credentials": _gcp,
}
_CLOUDS = {"aws-credentials": "aws", "minio-credentials": "aws", "gcp-credentials": "google"}
