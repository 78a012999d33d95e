"""`motionsight prefer` in a process of its own, and a client of it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.served import ServedProcess


@dataclass(frozen=True, slots=True)
class Got:
    """An HTTP answer."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class Preferring(ServedProcess):
    """The server of a page of preferences."""

    def __init__(self, dataset: Path, *arguments: str, variables: Mapping[str, str] | None = None) -> None:
        self.dataset = dataset
        super().__init__("prefer", str(dataset), "--port", "0", *arguments, variables=variables)

    def get(self, path: str, **headers: str) -> Got:
        return Got(*self.exchange("GET", path, None, headers))

    def post(self, path: str, fields: Any, **headers: str) -> Got:
        """A POST of JSON, or of bytes as they are."""
        body = fields if isinstance(fields, bytes) else json.dumps(fields).encode()
        return Got(*self.exchange("POST", path, body, {"content-type": "application/json"} | headers))

    def choose(self, annotator: str, pair_id: str, choice: str, **changes: Any) -> Got:
        fields = {
            "annotator": annotator,
            "pair_id": pair_id,
            "choice": choice,
            "played": True,
            "seconds": 2.5,
        }
        return self.post("/api/choose", fields | changes)

    def next(self, annotator: str) -> Any:
        return self.post("/api/next", {"annotator": annotator}).json
