"""What `motionsight serve` costs beside the method: requests a second and milliseconds a request.

    python -m benchmarks.serving [--requests 2000]

The server is the real one, over loopback; in place of the method stands one that answers at once, and no
clip is decoded. What is left is HTTP, the queue, the reading of the body and the writing of the answer. Two
kinds of requests: an address of a video, and 16 frames as JPEG in the body.
"""

from __future__ import annotations

import argparse
import asyncio
import http.client
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

FRAMES = 16
FRAME_BYTES = 48_000  # of a frame of 518x290 at quality 90


def serve_stub() -> None:
    """The server, with what answers at once in the method's place; prints its port."""
    from flows.serve.access import Access
    from flows.serve.listening import bound_socket
    from flows.serve.server import Served, answer_until_ended
    from flows.serve.service import Bounds, Service
    from motionsight_core.serving import MediaLimits, Said

    class AtOnce:
        name, products = "stub", ()

        def decoded(self, *_: object) -> None:
            return None

        def said(self, *_: object, **__: object) -> Said:
            return Said("B")

    stub: Any = AtOnce()
    bounds = Bounds(timeout_s=60, max_body_mb=64)
    served = Served(
        roots=(),
        host="127.0.0.1",
        port=0,
        key_variable=None,
        insecure=False,
        concurrency=2,
        queue=1000,
        bounds=bounds,
        limits=MediaLimits(),
    )
    listener = bound_socket(served.host, served.port)
    port = listener.getsockname()[1]
    access = Access(None, local_only=True)
    asyncio.run(
        answer_until_ended(
            listener,
            served,
            lambda slots: Service(stub, stub, slots, access, bounds, print),
            2,
            lambda: print(port, flush=True),
        )
    )


def bodies() -> dict[str, bytes]:
    """A request of each kind."""
    text = {"type": "text", "text": "Which way?\nA. left\nB. right"}
    image = {
        "type": "image_url",
        "image_url": {"url": "data:image/jpeg;base64," + "A" * (FRAME_BYTES * 4 // 3)},
    }
    video = {"type": "video_url", "video_url": {"url": "file:///clips/a.mp4"}}
    contents = {"address of a video": [video, text], f"{FRAMES} frames": [image] * FRAMES + [text]}
    return {
        kind: json.dumps({"messages": [{"role": "user", "content": content}]}).encode()
        for kind, content in contents.items()
    }


def asked(port: int, body: bytes, requests: int) -> None:
    """One client with one connection."""
    connection = http.client.HTTPConnection("127.0.0.1", port)
    for _ in range(requests):
        connection.request("POST", "/v1/chat/completions", body, {"content-type": "application/json"})
        answer = connection.getresponse()
        assert json.loads(answer.read())["choices"][0]["message"]["content"] == "B"


def measured(port: int, pid: int, body: bytes, *, clients: int, requests: int) -> tuple[float, float]:
    """Requests a second, and the server's processor time of one, milliseconds."""
    each = requests // clients
    before, started = _cpu_s(pid), time.perf_counter()
    with ThreadPoolExecutor(clients) as threads:
        list(threads.map(lambda _: asked(port, body, each), range(clients)))
    count = each * clients
    return count / (time.perf_counter() - started), 1000 * (_cpu_s(pid) - before) / count


def _cpu_s(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--requests", type=int, default=2000)
    parser.add_argument("--server", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    if options.server:
        serve_stub()
        return
    command = [sys.executable, "-m", "benchmarks.serving", "--server"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        port = int(server.stdout.readline())
        print("| request | KiB | clients | requests/s | CPU of the server, ms |")
        print("| --- | --- | --- | --- | --- |")
        for kind, body in bodies().items():
            for clients in (1, 8):
                requests = options.requests if len(body) < 10_000 else options.requests // 8
                rate, cpu_ms = measured(port, server.pid, body, clients=clients, requests=requests)
                print(f"| {kind} | {len(body) / 1024:.0f} | {clients} | {rate:.0f} | {cpu_ms:.2f} |")
        server.send_signal(signal.SIGTERM)


if __name__ == "__main__":
    main()
