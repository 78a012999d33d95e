"""How the program ends: with one sentence and an exit code, never with a traceback."""

from __future__ import annotations

import os
import sys
from typing import Any

import click

from flows.cli.commands import cli
from flows.cli.utf8 import require_utf8
from motionsight_core.errors import MotionSightError, Terminated, UsageError, one_line


def main(arguments: list[str] | None = None) -> None:
    """Entry point: exit 0 when the run finished, 1 when it could not, 2 for a usage error, 130 and 143
    when Ctrl-C or SIGTERM ended it."""
    debug = "--debug" in (sys.argv[1:] if arguments is None else arguments)
    if arguments is None:  # else it is another program's process
        require_utf8()
    try:
        cli.main(args=arguments, prog_name="motionsight", standalone_mode=False)
    except click.ClickException as error:
        error.show()
        _leave(error.exit_code)
    except (click.Abort, KeyboardInterrupt):
        click.echo("Interrupted; what was committed stays, and running again goes on from there.", err=True)
        _leave(130)
    except BrokenPipeError:  # the reader, such as head, has seen enough
        _leave(0, flush=False)
    except Exception as error:
        if debug:
            raise
        click.echo(f"motionsight: {_sentence(error)}", err=True)
        _leave(next((_CODES[kind] for kind in type(error).__mro__ if kind in _CODES), 1))


#: Exit codes; that of Terminated is what a shell reports of a process that SIGTERM ended.
_CODES: dict[type, int] = {UsageError: 2, Terminated: 143}


def _sentence(error: Exception) -> str:
    if isinstance(error, MotionSightError):
        return str(error)
    return f"{type(error).__name__}: {one_line(error)} (--debug shows where)."


def _leave(code: int, *, flush: bool = True) -> Any:
    """End the process at once: threads of Beam or Prefect may not outlive an error or Ctrl-C."""
    pool = sys.modules.get("motionsight_core.guarded.pool")
    if pool is not None:
        pool.close_shared_decoders()
    if flush:
        sys.stdout.flush()
        sys.stderr.flush()
    os._exit(code)
