"""The Kubernetes objects of deploy/, and the schemas that they are checked by."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import kubernetes_validate

from tests.deploy.files import DEPLOY, manifests

#: Of the schemas. What is valid in it is valid in later ones.
KUBERNETES = "1.31"
_FOLDERS = ("kubernetes", "vllm", "serve", "flink", "training")
#: What is no object of Kubernetes itself.
_OTHERS = ("config.yaml", "trainjob.yaml")
FILES = sorted(
    path for folder in _FOLDERS for path in (DEPLOY / folder).glob("*.yaml") if path.name not in _OTHERS
)
OBJECTS = {path: manifests(path) for path in FILES}


def check(manifest: dict[str, Any]) -> None:
    """Raises an error that says what is not valid, or not known, and where."""
    kubernetes_validate.validate(manifest, KUBERNETES, strict=True)


def of_kind(kind: str) -> Iterator[dict[str, Any]]:
    return (entry for entries in OBJECTS.values() for entry in entries if entry["kind"] == kind)


def _names(kind: str) -> set[str]:
    return {entry["metadata"]["name"] for entry in of_kind(kind)}


NAMESPACES = _names("Namespace")
SERVICE_ACCOUNTS = _names("ServiceAccount")
CONFIG_MAPS = _names("ConfigMap")
CLAIMS = _names("PersistentVolumeClaim")
