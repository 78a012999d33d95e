"""The reference of the command line, written from its commands."""

from __future__ import annotations

import inspect
from collections.abc import Iterator

import click

from flows.cli import cli

_HEAD = """# Command line

Every command with its arguments and options, as `motionsight COMMAND --help` prints them. `python -m flows`
is the same program.

Exit codes: 0 when everything is annotated or recorded as a failure, 1 when the run itself could not finish, 2
for a usage error, 130 and 143 when Ctrl-C or SIGTERM ended it.
"""


def command_reference() -> str:
    """A section for the program and for each of its commands, in the order of its code."""
    group = click.Context(cli, info_name="motionsight", **cli.context_settings)
    sections = [_HEAD, *_command(group, level=2)]
    for name, command in cli.commands.items():
        if not command.hidden:
            sections += _command(click.Context(command, group, info_name=name), level=2)
    return "\n".join(sections)


def _command(context: click.Context, *, level: int) -> Iterator[str]:
    command = context.command
    yield f"{'#' * level} {context.command_path}\n"
    yield f"```text\n{context.command_path} {' '.join(command.collect_usage_pieces(context))}\n```\n"
    yield from _paragraphs(inspect.cleandoc(command.help or ""))
    yield "| option | meaning | default | variable |\n| --- | --- | --- | --- |"
    for parameter in command.get_params(context):
        if isinstance(parameter, click.Option) and not parameter.hidden:
            yield _option(parameter, context)
    yield ""


def _paragraphs(help: str) -> Iterator[str]:
    """The help as Markdown: what click is told not to wrap, by a line of a backspace, keeps its lines."""
    for paragraph in help.split("\n\n"):
        if paragraph.startswith("\b\n"):
            title, *lines = paragraph.removeprefix("\b\n").splitlines()
            if all(line.startswith("  ") for line in lines):
                yield f"{title}\n"
            else:
                lines.insert(0, title)
            yield "```text\n" + inspect.cleandoc("\n" + "\n".join(lines)) + "\n```\n"
        else:
            yield f"{paragraph}\n"


def _option(option: click.Option, context: click.Context) -> str:
    names = ", ".join(option.opts)
    if not option.is_flag:
        names += " " + option.make_metavar(context).removesuffix(" RANGE")
    facts = option.get_help_extra(context)
    default = f"`{facts['default']}`" if "default" in facts else ""
    variable = f"`{option.envvar}`" if isinstance(option.envvar, str) else ""
    cells = (f"`{names}`", f"{option.help}{_range(option.type)}", default, variable)
    return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"


def _range(kind: click.ParamType) -> str:
    if not isinstance(kind, click.IntRange | click.FloatRange) or kind.min is None:
        return ""
    return f" From {kind.min:,}" + (f" to {kind.max:,}." if kind.max is not None else ".")
