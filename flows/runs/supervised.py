"""`python -m flows.runs.supervised COMMAND ...`: a command that ends when standard input closes.

Another process, which wants the command run, holds the other end of that pipe; it closes however that process
ends. Then the command and all that it has started are killed. torchrun gives each of its processes a session
of its own, so a signal to one group would not reach them all.
"""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from contextlib import suppress


def main() -> None:
    """Run the command; exits with its code, or as a shell does with 128 and the signal that ended it."""
    command = subprocess.Popen(sys.argv[1:], stdin=subprocess.DEVNULL)
    threading.Thread(target=_end_with_input, args=(command.pid,), daemon=True).start()
    code = command.wait()
    sys.exit(128 - code if code < 0 else code)


def _end_with_input(pid: int) -> None:
    import psutil  # the extra train has it

    os.read(0, 1)  # not sys.stdin, whose lock must be free when this process ends
    with suppress(psutil.NoSuchProcess):
        command = psutil.Process(pid)
        for process in (command, *command.children(recursive=True)):
            with suppress(psutil.NoSuchProcess):
                process.kill()


if __name__ == "__main__":
    main()
