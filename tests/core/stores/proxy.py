"""A way to a store on which things go wrong, one request after the other, as a test says."""

from __future__ import annotations

import http.client
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

#: What goes wrong with one request: it gets the request and the store's answer.
Fault = Callable[["Request", "Answer"], None]


class Answer:
    """What the store answered."""

    def __init__(self, answer: http.client.HTTPResponse) -> None:
        self.status = answer.status
        self.headers = [
            (name, value)
            for name, value in answer.getheaders()
            if name.lower() not in ("connection", "transfer-encoding", "content-length")
        ]
        self.length = answer.getheader("Content-Length")
        self.body = answer.read()


class Request(BaseHTTPRequestHandler):
    """One request on its way."""

    proxy: Proxy

    def forward(self) -> None:
        self.close_connection = True
        self.proxy.seen.append(self)
        target = http.client.HTTPConnection(self.proxy.target, timeout=60)
        target.putrequest(self.command, self.path, skip_host=True, skip_accept_encoding=True)
        for name, value in self.headers.items():
            target.putheader(name, value)
        target.endheaders()
        answer = Answer(target.getresponse())
        target.close()
        self.proxy.fault_of(self)(self, answer)

    do_GET = do_HEAD = forward  # noqa: N815 the names that the server looks for

    def begin(self, answer: Answer) -> None:
        """The answer's head, which announces the whole body."""
        self.send_response(answer.status)
        for name, value in answer.headers:
            self.send_header(name, value)
        length = answer.length if self.command == "HEAD" else str(len(answer.body))
        self.send_header("Content-Length", length or "0")
        self.end_headers()

    def log_message(self, format: str, *args: Any) -> None:
        pass


class Proxy:
    """Forwards everything to a store; a fault is spent on each request that it concerns."""

    def __init__(self, target: str) -> None:
        self.target = urlsplit(target).netloc
        self.url = ""
        self.seen: list[Request] = []
        self.ended = threading.Event()
        self._faults: list[Fault] = []
        self._concerns: Callable[[Request], bool] = lambda _: True
        self._lock = threading.Lock()

    def go_wrong(self, *faults: Fault, on: Callable[[Request], bool] = lambda _: True) -> None:
        """Let the next requests that `on` takes meet these faults, in turn; forget earlier ones."""
        self._faults, self._concerns = list(faults), on

    def renew(self) -> None:
        """End what hangs, and begin as if nothing had been."""
        self.ended.set()
        self.ended = threading.Event()
        self.go_wrong()
        self.seen = []

    def fault_of(self, request: Request) -> Fault:
        with self._lock:
            return self._faults.pop(0) if self._faults and self._concerns(request) else passes


def passes(request: Request, answer: Answer) -> None:
    request.begin(answer)
    request.wfile.write(answer.body)


def busy(request: Request, _: Answer) -> None:
    request.send_error(503)


def throttled(request: Request, _: Answer) -> None:
    request.send_error(429)


def drops(request: Request, _: Answer) -> None:
    """The connection ends before an answer."""


def breaks_off(request: Request, answer: Answer) -> None:
    """The connection ends in the middle of the answer's body, or before a head without one."""
    if request.command != "HEAD" and len(answer.body) > 1:
        request.begin(answer)
        request.wfile.write(answer.body[: len(answer.body) // 2])


def trickles(request: Request, answer: Answer) -> None:
    """Bytes that come one by one, each soon enough for a socket's time-out, for as long as somebody reads."""
    ended = request.proxy.ended
    request.begin(answer)
    for number in range(len(answer.body)):
        if ended.wait(0.05):
            return
        request.wfile.write(answer.body[number : number + 1])
        request.wfile.flush()


def silent(request: Request, _: Answer) -> None:
    """No answer at all, for as long as the test takes."""
    request.proxy.ended.wait()


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that hangs up is no news here."""


@contextmanager
def proxy_to(target: str) -> Iterator[Proxy]:
    """A proxy on loopback."""
    proxy = Proxy(target)
    handler = type("Handler", (Request,), {"proxy": proxy})
    with _Server(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        proxy.url = f"http://127.0.0.1:{server.server_address[1]}"
        try:
            yield proxy
        finally:
            proxy.ended.set()
            server.shutdown()
            thread.join()
