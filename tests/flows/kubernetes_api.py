"""An API server with Kubeflow Trainer's TrainJobs, as far as a run asks it, over real sockets."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import yaml

NAMESPACE = "motionsight"
_JOBS = f"/apis/trainer.kubeflow.org/v1alpha1/namespaces/{NAMESPACE}/trainjobs"
_PODS = f"/api/v1/namespaces/{NAMESPACE}/pods"


def require_train_job(manifest: dict[str, Any]) -> None:
    """Fail where a manifest is no TrainJob, or has a field that TrainJobs do not have."""
    from kubeflow_trainer_api.models import TrainerV1alpha1TrainJob  # a second, of every test process

    parsed = TrainerV1alpha1TrainJob.from_dict(manifest)
    assert parsed is not None
    assert parsed.to_dict() == manifest


@dataclass
class Cluster:
    """What the server has, and how it behaves."""

    conditions: list[str] = field(default_factory=lambda: ["Complete"])
    """What is true of a job at each look at it, the last for ever; empty: it is at work."""
    log: list[str] = field(default_factory=list)
    """Of the first node's pod."""
    refusing: tuple[int, str] | None = None
    """Status and body of each answer."""
    unavailable: int = 0
    """How many requests are answered 503."""
    lingering: int = 0
    """How many attempts to make a job anew find the deleted one still there."""
    jobs: dict[str, dict[str, Any]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    """Methods and paths, in order."""

    def made(self) -> int:
        return sum(one.startswith("POST ") for one in self.asked)

    def answer(self, method: str, path: str, query: dict[str, list[str]], body: Any) -> tuple[int, Any]:
        self.asked.append(f"{method} {path}")
        if self.unavailable:
            self.unavailable -= 1
            return 503, _status("ServiceUnavailable", "the server is starting")
        if self.refusing:
            return self.refusing
        name = path.removeprefix(_JOBS).removeprefix("/")
        if path == _PODS:
            job = re.search(r"jobset-name=([^,]+),", query["labelSelector"][0])
            assert job and "job-completion-index=0" in query["labelSelector"][0]
            return 200, {"kind": "PodList", "apiVersion": "v1", "items": [_pod(job[1])]}
        if path.startswith(_PODS):
            lines = [f"2026-11-29T16:00:0{n}.1Z {line}" for n, line in enumerate(self.log)]
            return 200, "\n".join(lines) + "\n"
        if method == "POST":
            return self._make(body)
        if name not in self.jobs:
            return 404, _status("NotFound", f'trainjobs "{name}" not found', name=name, kind="trainjobs")
        if method == "DELETE":
            assert query["propagationPolicy"] == ["Foreground"]
            job = self.jobs.pop(name)
            return 200, job
        return 200, self.jobs[name] | {"status": self._job_status()}

    def _make(self, body: dict[str, Any]) -> tuple[int, Any]:
        require_train_job(body)
        name = body["metadata"]["name"]
        if name in self.jobs or (self.lingering and self.made() > 1):
            self.lingering -= name not in self.jobs
            return 409, _status("AlreadyExists", f'"{name}" already exists', name=name, kind="trainjobs")
        self.jobs[name] = body
        return 201, body

    def _job_status(self) -> dict[str, Any]:
        true = self.conditions.pop(0) if len(self.conditions) > 1 else self.conditions[0]
        condition = {"type": true, "status": "True", "reason": "R", "message": f"It is {true}."}
        condition["lastTransitionTime"] = "2026-11-29T16:00:00Z"
        counts = {"name": "node", "ready": 1, "succeeded": 0, "failed": 0, "active": 1, "suspended": 0}
        return {"conditions": [condition] if true else [], "jobsStatus": [counts]}


@contextmanager
def served(cluster: Cluster, kubeconfig: Path) -> Iterator[None]:
    """The server, with the file that says where it is."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            url = urlsplit(self.path)
            length = int(self.headers.get("Content-Length") or 0)
            body = json.loads(self.rfile.read(length) or "null")
            status, told = cluster.answer(self.command, url.path, parse_qs(url.query), body)
            content = (told if isinstance(told, str) else json.dumps(told)).encode()
            self.send_response(status)
            self.send_header("Content-Type", "text/plain" if isinstance(told, str) else "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_POST = do_DELETE = do_GET  # noqa: N815

        def log_message(self, format: str, *args: Any) -> None:
            """Nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    here = {"name": "here", "cluster": {"server": f"http://127.0.0.1:{server.server_port}"}}
    kubeconfig.write_text(
        yaml.safe_dump(
            {
                "apiVersion": "v1",
                "kind": "Config",
                "current-context": "here",
                "clusters": [here],
                "users": [{"name": "me", "user": {"token": "token"}}],
                "contexts": [{"name": "here", "context": {"cluster": "here", "user": "me"}}],
            }
        )
    )
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()


def _pod(job: str) -> dict[str, Any]:
    return {
        "metadata": {"name": f"{job}-node-0-0-x", "creationTimestamp": "2026-11-29T16:00:00Z"},
        "status": {"phase": "Running"},
    }


def _status(reason: str, message: str, **details: str) -> dict[str, Any]:
    return {"kind": "Status", "status": "Failure", "reason": reason, "message": message, "details": details}
