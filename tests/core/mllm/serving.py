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
#: Serves in a fork of itself for each line that it reads, and writes the fork's process id: what serves
#: after a death need not import everything again.
_FORKS = """
import os, signal, sys
import transformers.cli.serve, transformers.modeling_utils, uvicorn
from transformers.cli.transformers import main
pids = int(sys.argv.pop(1))
signal.signal(signal.SIGCHLD, signal.SIG_IGN)
for _ in sys.stdin:
    pid = os.fork()
    if not pid:
        os.close(pids)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        sys.exit(main())
    os.write(pids, b"%d\\n" % pid)
"""


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
        self._forks: subprocess.Popen[bytes] | None = None
        self._pid = 0

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
        if self._forks is None:
            self._forks = self._start_forks()
        assert self._forks.stdin is not None
        self._forks.stdin.write(b"serve\n")
        self._forks.stdin.flush()
        self._pid = int(self._pids.readline() or 0)
        deadline = time.monotonic() + PATIENCE_S
        while not self._answers():
            assert self._is_there(), self._log.read_text()
            assert time.monotonic() < deadline, self._log.read_text()
            time.sleep(0.1)

    def _start_forks(self) -> subprocess.Popen[bytes]:
        read_end, write_end = os.pipe()
        self._pids = os.fdopen(read_end)
        command = [sys.executable, "-c", _FORKS, str(write_end), "serve"]
        command += [str(self.checkpoint)] if self.checkpoint is not None else []
        command += ["--device", "cpu", "--host", "127.0.0.1", "--port", str(self.port)]
        with self._log.open("ab") as log:
            forks = subprocess.Popen(
                command,
                env=self._environment,
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
                pass_fds=[write_end],
            )
        os.close(write_end)
        return forks

    def answered(self) -> int:
        """Chat completions so far, over all processes."""
        return self._log.read_text().count('/v1/chat/completions HTTP/1.1" 200')

    def kill(self) -> None:
        """As the kernel does it, short of memory."""
        if self._pid:
            os.kill(self._pid, signal.SIGKILL)
            while self._is_there():
                time.sleep(0.01)
            self._pid = 0

    def close(self) -> None:
        """End it, and what it would start again from."""
        self.kill()
        if self._forks is not None:
            self._forks.communicate()
            self._pids.close()

    def _is_there(self) -> bool:
        return bool(self._pid) and Path(f"/proc/{self._pid}").exists()

    def _answers(self) -> bool:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/health", timeout=5) as response:
                return response.status == 200
        except OSError:
            return False
