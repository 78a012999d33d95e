"""UTF-8 for the command line, whatever the locale: names of videos, and what is printed of them.

Elsewhere Python would take the names that it reads from a folder for other text than was written there,
and could not print what the locale has no letters for.
"""

from __future__ import annotations

import io
import os
import sys

_VARIABLE = "PYTHONUTF8"


def require_utf8() -> None:
    """Begin this process anew in Python's UTF-8 mode, where its names of files are not UTF-8 yet."""
    if sys.getfilesystemencoding() != "utf-8" and os.environ.get(_VARIABLE) != "1" and sys.executable:
        os.environ[_VARIABLE] = "1"  # for the processes that we start, and so that this is done once
        os.execv(sys.executable, [sys.executable, "-X", "utf8", *sys.orig_argv[1:]])  # noqa: S606 no shell
    for stream in (sys.stdin, sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # not where a test reads along
            errors = "strict" if stream is sys.stdin else "backslashreplace"
            stream.reconfigure(encoding="utf-8", errors=errors)
