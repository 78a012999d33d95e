"""A door in front of the BigQuery emulator that is as strict as the service where the emulator is not.

It refuses a job id that was used, says what a dry run would read, and can be told to fail a request.
"""

from __future__ import annotations

import json
import threading
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass(slots=True)
class StrictService:
    """What the door does, and what it saw."""

    url: str = ""
    dry_run_bytes: int = 0
    """What every dry run says it would read."""
    jobs: list[dict[str, Any]] = field(default_factory=list)
    """Every job that was begun, as it was asked for."""
    fail: Callable[[str, dict[str, Any]], tuple[int, str, str] | None] = lambda path, body: None
    """Of a request's path and body: status, reason and message of the answer; None lets it pass."""

    def load_ids(self) -> list[str]:
        """The ids of the load jobs that were begun."""
        return [job["jobReference"]["jobId"] for job in self.jobs if "load" in job.get("configuration", {})]

    def statements(self) -> list[str]:
        """The SQL that was run, dry runs left out."""
        asked = [job["configuration"] for job in self.jobs if "query" in job.get("configuration", {})]
        return [job["query"]["query"] for job in asked if not job.get("dryRun")]


@contextmanager
def strict_service(emulator: str) -> Iterator[StrictService]:
    """The door, open on a port of loopback."""
    service = StrictService()

    class Door(BaseHTTPRequestHandler):
        def handle_any(self) -> None:
            content = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            body = json.loads(content) if content[:1] == b"{" else {}
            is_job = self.command == "POST" and self.path.partition("?")[0].endswith("/jobs")
            refusal = service.fail(self.path, body)
            if (
                refusal is None
                and is_job
                and (used := body["jobReference"]["jobId"])
                in [job["jobReference"]["jobId"] for job in service.jobs]
            ):
                refusal = (409, "duplicate", f"Already Exists: Job {used}")
            if refusal is not None:
                status, reason, message = refusal
                error = {
                    "code": status,
                    "message": message,
                    "errors": [{"reason": reason, "message": message}],
                }
                self.reply(status, json.dumps({"error": error}).encode())
                return
            if is_job:
                service.jobs.append(body)
            request = urllib.request.Request(  # noqa: S310 - loopback
                emulator + self.path,
                data=content or None,
                method=self.command,
                headers={"Content-Type": self.headers.get("Content-Type", "application/json")},
            )
            try:
                with urllib.request.urlopen(request) as response:  # noqa: S310 - loopback
                    status, answer = response.status, response.read()
            except urllib.error.HTTPError as error:
                status, answer = error.code, error.read()
            if is_job and status == 200 and body["configuration"].get("dryRun"):
                values = json.loads(answer)
                values["statistics"]["totalBytesProcessed"] = str(service.dry_run_bytes)
                values["statistics"].setdefault("query", {})["totalBytesProcessed"] = str(
                    service.dry_run_bytes
                )
                answer = json.dumps(values).encode()
            self.reply(status, answer)

        def reply(self, status: int, answer: bytes) -> None:
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, format: str, *args: Any) -> None: ...

        do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = handle_any  # noqa: N815 - http.server's names

    server = ThreadingHTTPServer(("127.0.0.1", 0), Door)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    service.url = f"http://127.0.0.1:{server.server_address[1]}"
    try:
        yield service
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
