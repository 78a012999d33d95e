"""The command line: `motionsight` calls `main`."""

from flows.cli.commands import cli, main

__all__ = ["cli", "main"]
