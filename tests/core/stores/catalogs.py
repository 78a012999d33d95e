"""Listings of buckets that are not there: as many names as a test wants, made page by page."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

_PAGE = 200
_S3_ITEM = (
    "<Contents><Key>{name}</Key><LastModified>2026-01-01T00:00:00.000Z</LastModified>"
    '<ETag>"0123456789abcdef0123456789abcdef"</ETag><Size>1</Size></Contents>'
)


def name_of(number: int) -> str:
    """Names in order, long ones: whoever keeps them cannot hide it."""
    return f"{'catalog/' * 100}clip-{number:08}.mp4"


class _Handler(BaseHTTPRequestHandler):
    count: int
    pages: list[int]

    def do_GET(self) -> None:
        address = urlsplit(self.path)
        query = {key: values[0] for key, values in parse_qs(address.query, keep_blank_values=True).items()}
        if "versioning" in query:
            return self._answer(b"<VersioningConfiguration/>")
        start = int(query.get("continuation-token") or query.get("pageToken") or 0)
        self.pages.append(start)
        end = min(start + _PAGE, self.count)
        numbers = range(start, end)
        if "list-type" in query:
            items = "".join(_S3_ITEM.format(name=name_of(number)) for number in numbers)
            more = f"<NextContinuationToken>{end}</NextContinuationToken>" if end < self.count else ""
            truncated = "true" if more else "false"
            return self._answer(
                f"<ListBucketResult><IsTruncated>{truncated}</IsTruncated>{items}{more}"
                "</ListBucketResult>".encode()
            )
        page = {
            "items": [
                {"name": name_of(number), "generation": "1", "timeCreated": "2026-01-01T00:00:00.000Z"}
                for number in numbers
            ]
        } | ({"nextPageToken": str(end)} if end < self.count else {})
        return self._answer(json.dumps(page).encode())

    def _answer(self, body: bytes) -> None:
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        pass


@contextmanager
def catalog_of(count: int) -> Iterator[tuple[str, list[int]]]:
    """The url of a store, of Google's kind and Amazon's, and the first number of each page it gave."""
    pages: list[int] = []
    handler = type("Handler", (_Handler,), {"count": count, "pages": pages})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}", pages
        finally:
            server.shutdown()
            thread.join()
