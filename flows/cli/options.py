"""Options that several commands have, each written once."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from motionsight_core import DEFAULT_WAREHOUSE, environment

Command = Callable[..., None]

_settings_file = click.option(
    "--settings",
    "settings_file",
    metavar="FILE",
    type=click.Path(dir_okay=False, path_type=Path),
    envvar=environment.SETTINGS,
    help="Settings in TOML.",
)
_overrides = click.option(
    "--set",
    "overrides",
    metavar="KEY=VALUE",
    multiple=True,
    help="One setting, for example sampling.frames=8; may be repeated.",
)
_all_files = click.option(
    "--all-files",
    is_flag=True,
    help="Look into every file, whatever its name: the first bytes say whether it is a video "
    "(as --set stores.all_files=true).",
)
warehouse_option = click.option(
    "--warehouse",
    metavar="URL",
    default=DEFAULT_WAREHOUSE,
    envvar=environment.WAREHOUSE,
    show_default=True,
    help="Where the rows are kept: duckdb:FILE or bigquery:PROJECT.DATASET.",
)


prefect_option = click.option(
    "--prefect",
    "through_prefect",
    is_flag=True,
    help="Run as a Prefect flow (default where PREFECT_API_URL is set).",
)


def listening_options(port: int) -> Callable[[Command], Command]:
    """--host and --port of a server; `port` is taken where none is given."""

    def with_options(command: Command) -> Command:
        host = click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
        place = click.option(
            "--port",
            default=port,
            show_default=True,
            type=click.IntRange(0, 65535),
            help="0 takes one that is free, and prints it.",
        )
        return host(place(command))

    return with_options


class FiniteRange(click.FloatRange):
    """A number in a range, neither infinite nor NaN, which a range lets pass."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        number = super().convert(value, param, ctx)
        if not math.isfinite(number):
            self.fail(f"{value} is not a finite number.", param, ctx)
        return number


def settings_options(command: Command) -> Command:
    """--settings and --set; the command takes the `settings` that they make."""

    @_settings_file
    @_overrides
    @functools.wraps(command)
    def with_settings(*, settings_file: Path | None, overrides: tuple[str, ...], **others: Any) -> None:
        from motionsight_core.settings import Settings

        command(settings=Settings.load(settings_file, overrides), **others)

    return with_settings


def run_options(command: Command) -> Command:
    """What every run has: SOURCE, --warehouse, the options of settings, and --all-files as one of these."""

    @click.argument("source")
    @warehouse_option
    @_settings_file
    @_overrides
    @_all_files
    @functools.wraps(command)
    def with_settings(
        *, settings_file: Path | None, overrides: tuple[str, ...], all_files: bool, **others: Any
    ) -> None:
        from motionsight_core.settings import Settings

        if all_files:
            overrides = (*overrides, "stores.all_files=true")
        command(settings=Settings.load(settings_file, overrides), **others)

    return with_settings
