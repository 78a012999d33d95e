"""A command that serves, in a process of its own, and the exchanges that its clients have with it."""

from __future__ import annotations

import http.client
import re
import signal
import time
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import ClassVar, Self
from urllib.parse import urlsplit

from tests.warm import Begun, WarmCommand, environment

#: A test waits for nothing that takes longer, seconds.
PATIENCE_S = 120.0


class ServedProcess:
    """A running server on a free port; leaving the `with` block kills it, as a crash would."""

    #: Where its process comes from: that of the fixture `warm_command`.
    warm: ClassVar[WarmCommand]

    def __init__(self, *arguments: str, variables: Mapping[str, str] | None = None) -> None:
        self._undo = ExitStack()
        self.process: Begun = self._undo.enter_context(
            self.warm.begin(arguments, cwd=Path.cwd(), environment=environment() | dict(variables or {}))
        )
        # The address comes when the port is open.
        while not (address := re.search(r"http://\S+(?=\n)", self.process.out)):
            if self.process.poll() is not None:
                errors = self.error_text()
                self._undo.close()
                raise AssertionError(errors)
            time.sleep(0.01)
        self.said = self.process.out
        self.url = address[0]
        self.port = urlsplit(self.url).port

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._undo.close()

    def error_text(self) -> str:
        """What it has written to standard error."""
        return self.process.err

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
