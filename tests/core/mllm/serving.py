"""`transformers serve`: a real OpenAI-compatible server, in a process that can be killed."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

from motionsight_core.settings import Settings

PATIENCE_S = 120.0


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


class Served:
    """One checkpoint behind one port, over as many processes as it takes; or any that is asked for."""

    def __init__(self, checkpoint: Path | None, home: Path) -> None:
        self.checkpoint = checkpoint
        self.port = free_port()
        self._log = home / "serve.log"
        # `/v1/models` lists the hub's cache and fails where there is none.
        (home / "hub").mkdir(parents=True)
        self._environment = os.environ | {"HF_HOME": str(home), "HF_HUB_OFFLINE": "1", "OMP_NUM_THREADS": "1"}
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def annotator(self) -> str:
        assert self.checkpoint is not None, "it serves any"
        return self.annotator_of(self.checkpoint)

    def annotator_of(self, checkpoint: Path) -> str:
        """A checkpoint's directory is its name."""
        return f"openai:http://127.0.0.1:{self.port}/v1#{checkpoint}"

    def settings(self, **mllm: object) -> Settings:
        """Of an annotator here, patient enough for a restart on a busy machine."""
        endpoint = {"retries": 30}
        return Settings.model_validate({"annotator": self.annotator, "mllm": mllm, "endpoint": endpoint})

    def start(self) -> None:
        """Returns when it answers."""
        command = [str(Path(sys.executable).with_name("transformers")), "serve"]
        command += [str(self.checkpoint)] if self.checkpoint is not None else []
        command += ["--device", "cpu", "--host", "127.0.0.1", "--port", str(self.port)]
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(command, env=self._environment, stdout=log, stderr=log)
        deadline = time.monotonic() + PATIENCE_S
        while not self._answers():
            assert self._process.poll() is None, self._log.read_text()
            assert time.monotonic() < deadline, self._log.read_text()
            time.sleep(0.1)

    def answered(self) -> int:
        """Chat completions so far, over all processes."""
        return self._log.read_text().count('/v1/chat/completions HTTP/1.1" 200')

    def kill(self) -> None:
        """As the kernel does it, short of memory."""
        if self._process is not None:
            self._process.send_signal(signal.SIGKILL)
            self._process.wait()

    def _answers(self) -> bool:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/health", timeout=5) as response:
                return response.status == 200
        except OSError:
            return False
