"""A command that serves, in a process of its own, and the exchanges that its clients have with it."""

from __future__ import annotations

import http.client
import signal
import subprocess
import sys
from collections.abc import Mapping
from tempfile import TemporaryFile
from typing import Self
from urllib.parse import urlsplit

from tests.warm import environment

#: A test waits for nothing that takes longer, seconds.
PATIENCE_S = 120.0


class ServedProcess:
    """A running server on a free port; leaving the `with` block kills it, as a crash would."""

    def __init__(self, *arguments: str, variables: Mapping[str, str] | None = None) -> None:
        self.errors = TemporaryFile()  # noqa: SIM115 closed with the process
        self.process = subprocess.Popen(
            [sys.executable, "-m", "flows", *arguments],
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
        self.port = urlsplit(self.url).port

    def __enter__(self) -> Self:
        if not self.url:
            self.process.wait(PATIENCE_S)
        assert self.url.startswith("http"), self.error_text()
        return self

    def __exit__(self, *_: object) -> None:
        self.process.kill()
        self.process.wait()
        assert self.process.stdout is not None
        self.process.stdout.close()
        self.errors.close()

    def error_text(self) -> str:
        """What it has written to standard error."""
        self.errors.seek(0)
        return self.errors.read().decode()

    def end(self) -> int:
        """SIGTERM, and the exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(PATIENCE_S)

    def connection(self) -> http.client.HTTPConnection:
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE_S)

    def exchange(
        self, method: str, path: str, body: bytes | None, headers: Mapping[str, str]
    ) -> tuple[int, dict[str, str], bytes]:
        """Status, headers in lower case and body of an answer; `_` in a header's name stands for `-`."""
        connection = self.connection()
        try:
            given = {name.replace("_", "-"): value for name, value in headers.items()}
            connection.request(method, path, body, given)
            answer = connection.getresponse()
            sent = {name.lower(): value for name, value in answer.getheaders()}
            return answer.status, sent, answer.read()
        finally:
            connection.close()
