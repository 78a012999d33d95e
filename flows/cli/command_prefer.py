"""The command `motionsight prefer`. Heavy imports live inside: `--help` answers at once."""

from __future__ import annotations

from pathlib import Path

import click

from flows.cli.options import listening_options, warehouse_option


@click.command()
@click.argument("directory", metavar="DIR", type=click.Path(file_okay=False, path_type=Path))
@listening_options(8765)
@click.option(
    "--token-variable",
    metavar="NAME",
    help="Environment variable with the token with which people log in; needed where other machines can ask.",
)
@click.option("--seed", default=0, show_default=True, help="Settles sides and order.")
@click.option("--agreement", "mode", flag_value="agreement", help="Print how far annotators agree, and end.")
@click.option(
    "--import",
    "mode",
    flag_value="import",
    help="Write choices into the table `preferences` of the warehouse, and end.",
)
@click.option(
    "--export", "export", type=click.Choice(["potato"]), help="Write files for this annotation tool, and end."
)
@warehouse_option
def prefer(
    directory: Path,
    host: str,
    port: int,
    token_variable: str | None,
    seed: int,
    mode: str | None,
    export: str | None,
    warehouse: str,
) -> None:
    """Serve a page on which people choose between two descriptions of a clip.

    DIR is a data set that `motionsight dataset` has built with cut clips and pairs. People give their name,
    watch a clip, and choose which description fits its motion better: A, B, equal, or cannot tell. Choices
    are kept in DIR/choices; ending the server loses none, and everybody goes on where they were. Build the
    data set again to have them in it; --import is for other data sets of the same rows, and for SQL.

    \b
    For example:
      motionsight prefer data
      motionsight prefer data --host 0.0.0.0 --token-variable PREFER_TOKEN
      motionsight prefer data --agreement
      motionsight prefer data --import --warehouse duckdb:motionsight.duckdb
    """
    from motionsight_core.errors import UsageError

    if mode and export:
        raise UsageError(f"Give --{mode} or --export, not both.")
    if mode == "agreement":
        from flows.cli.prefer_command import show_agreement

        show_agreement(directory)
    elif mode == "import":
        from flows.cli.prefer_command import import_choices

        import_choices(directory, warehouse)
    elif export:
        from flows.cli.prefer_command import export_potato

        export_potato(directory, seed)
    else:
        from flows.prefer.server import ServedPage, serve_page

        serve_page(
            ServedPage(directory=directory, host=host, port=port, token_variable=token_variable, seed=seed),
            say=click.echo,
        )
