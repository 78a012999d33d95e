"""`motionsight prefer` in a process of its own, and a client of it."""

from __future__ import annotations

import http.client
import json
import signal
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any
from urllib.parse import urlsplit

from tests.warm import environment

#: A test waits for nothing that takes longer, seconds.
PATIENCE_S = 120.0


@dataclass(frozen=True, slots=True)
class Got:
    """An HTTP answer."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class Preferring:
    """A running server; leaving the `with` block kills it, as a crash would."""

    def __init__(self, dataset: Path, *arguments: str, variables: Mapping[str, str] | None = None) -> None:
        self.dataset = dataset
        self.errors = TemporaryFile()  # noqa: SIM115 closed with the process
        self.process = subprocess.Popen(
            [sys.executable, "-m", "flows", "prefer", str(dataset), "--port", "0", *arguments],
            stdout=subprocess.PIPE,
            stderr=self.errors,
            text=True,
            env=environment() | dict(variables or {}),
        )
        assert self.process.stdout is not None
        self.said = ""
        for line in self.process.stdout:  # the address comes when the port is open
            self.said += line
            if "http://" in line:
                break
        self.url = self.said.rpartition(" ")[2].strip()

    def __enter__(self) -> Preferring:
        self.errors.seek(0)
        assert self.url.startswith("http"), self.errors.read().decode()
        return self

    def __exit__(self, *_: object) -> None:
        self.process.kill()
        self.process.wait()
        assert self.process.stdout is not None
        self.process.stdout.close()
        self.errors.close()

    def end(self) -> int:
        """SIGTERM, and the exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(PATIENCE_S)

    def get(self, path: str, **headers: str) -> Got:
        return self._got("GET", path, None, headers)

    def post(self, path: str, fields: Any, **headers: str) -> Got:
        """A POST of JSON, or of bytes as they are."""
        body = fields if isinstance(fields, bytes) else json.dumps(fields).encode()
        return self._got("POST", path, body, {"content-type": "application/json"} | headers)

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

    def _got(self, method: str, path: str, body: bytes | None, headers: Mapping[str, str]) -> Got:
        port = urlsplit(self.url).port
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE_S)
        try:
            connection.request(
                method, path, body, {name.replace("_", "-"): value for name, value in headers.items()}
            )
            answer = connection.getresponse()
            sent = {name.lower(): value for name, value in answer.getheaders()}
            return Got(answer.status, sent, answer.read())
        finally:
            connection.close()
