"""What `motionsight evaluate` costs beside the model: questions over rendered clips, and a stub endpoint.

    python -m benchmarks.evaluate --clips 200 --questions 2000

The endpoint is a process of its own, which reads each request and answers at once; so what passes is the
overhead of planning, decoding, prompting, encoding frames, sending, journaling and committing. Half of the
questions are about the camera (one request each), half about objects (two: their names, then the question).
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import resource
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from flows.runs.evaluate import Request, evaluate
from flows.runs.run import load_transforms
from motionsight_core.evaluation.arms import arms_of
from motionsight_core.guarded.pool import close_shared_decoders
from motionsight_core.settings import Settings
from motionsight_core.synthetic import render_catalog

_MODEL = "stub"
_NAMES = b"JSON alone"


def questions(path: Path, videos: list[str], count: int) -> None:
    """So many questions of the form `jsonl`, dealt out to the videos; every other one is about the camera."""
    lines = [
        {
            "id": str(number),
            "video": videos[number % len(videos)],
            "question": f"Which way does the {'camera pan' if number // len(videos) % 2 else 'dog run'}?",
            "options": ["left", "right", "up", "down"],
            "answer": "B",
            "category": "camera" if number // len(videos) % 2 else "object",
        }
        for number in range(count)
    ]
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))


class _Stub(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        asked = self.rfile.read(int(self.headers["content-length"]))
        said = '{"groups": [{"action": "runs", "objects": ["dog"]}]}' if _NAMES in asked else "B"
        message = {"role": "assistant", "content": said}
        self._answer({"id": "1", "object": "chat.completion", "created": 1, "model": _MODEL,
                      "choices": [{"index": 0, "message": message, "finish_reason": "stop"}]})  # fmt: skip

    def do_GET(self) -> None:
        self._answer({"object": "list", "data": [{"id": _MODEL, "object": "model"}]})

    def _answer(self, value: dict[str, Any]) -> None:
        body = json.dumps(value).encode()
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        pass


def _serve(ports: Any) -> None:
    with ThreadingHTTPServer(("127.0.0.1", 0), _Stub) as server:
        ports.put(server.server_address[1])
        server.serve_forever()


@contextmanager
def stub_endpoint() -> Iterator[str]:
    """The setting `annotator` of an endpoint that answers at once, in a process of its own."""
    context = multiprocessing.get_context("spawn")
    ports = context.Queue()
    server = context.Process(target=_serve, args=(ports,), daemon=True)
    server.start()
    try:
        yield f"openai:http://127.0.0.1:{ports.get(timeout=60)}/v1#{_MODEL}"
    finally:
        server.kill()
        server.join()


def measure(
    folder: Path,
    *,
    clips: int,
    count: int,
    width: int,
    height: int,
    duration_s: float,
    overrides: Sequence[str],
) -> None:
    """Render, ask, and print what a question cost."""
    render_catalog(folder / "videos", count=clips, seed=1, width=width, height=height, duration_s=duration_s)
    videos = sorted(path.name for path in (folder / "videos").glob("*.mp4"))
    questions(folder / "questions.jsonl", videos, count)
    with stub_endpoint() as annotator:
        settings = Settings.load(overrides=[f"annotator={annotator}", *overrides])
        arms = arms_of(settings, baseline=False)
        request = Request(
            "jsonl",
            str(folder / "questions.jsonl"),
            str(folder / "videos"),
            f"duckdb:{folder}/w.duckdb",
            arms,
        )
        load_transforms()
        began_s, cpu_s, decoding_s = time.perf_counter(), _cpu_s(resource.RUSAGE_SELF), _children_s()
        done = evaluate(request)
        wall_s, cpu_s = time.perf_counter() - began_s, _cpu_s(resource.RUSAGE_SELF) - cpu_s
        close_shared_decoders()  # what a process used is known when it has ended
        decoding_s = _children_s() - decoding_s
    (overall,) = [row for row in done.result.table(["strict"]) if row.category == "all"]
    print(
        f"{overall.answered} of {count} questions about {clips} clips of {width}x{height}, {duration_s:g} s: "
        f"{wall_s:.1f} s, {1000 * wall_s / count:.1f} ms a question; "
        f"{1000 * cpu_s / count:.1f} ms of CPU here and {1000 * decoding_s / count:.1f} ms in decoding "
        "processes"
    )


def _cpu_s(whose: int) -> float:
    used = resource.getrusage(whose)
    return used.ru_utime + used.ru_stime


def _children_s() -> float:
    return _cpu_s(resource.RUSAGE_CHILDREN)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--clips", type=int, default=200)
    parser.add_argument("--questions", type=int, default=2000)
    parser.add_argument("--size", default="320x180", help="of the clips, pixels")
    parser.add_argument("--seconds", type=float, default=2.0, help="of a clip")
    parser.add_argument(
        "--set",
        dest="overrides",
        action="append",
        default=[],
        metavar="KEY=VALUE",
        help="a setting, such as naming.model=none, without the detector that names what was measured",
    )
    options = parser.parse_args()
    width, height = map(int, options.size.split("x"))
    with tempfile.TemporaryDirectory() as folder:
        measure(
            Path(folder),
            clips=options.clips,
            count=options.questions,
            width=width,
            height=height,
            duration_s=options.seconds,
            overrides=options.overrides,
        )


if __name__ == "__main__":
    main()
