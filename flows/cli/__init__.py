"""The command line: `motionsight` calls `main`."""

from flows.cli.commands import cli
from flows.cli.exit_codes import main

__all__ = ["cli", "main"]
