"""The command `motionsight serve`. Heavy imports live inside: `--help` answers at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from flows.cli.options import FiniteRange, listening_options, settings_options

if TYPE_CHECKING:
    from motionsight_core.settings import Settings


@click.command()
@click.option(
    "--root",
    "roots",
    metavar="DIR",
    multiple=True,
    help="A folder, gs://bucket/prefix or s3://bucket/prefix below which clients may name videos; may be "
    "repeated.",
)
@listening_options(8000)
@click.option(
    "--key-variable",
    metavar="NAME",
    help="Environment variable with the key that clients must send; needed where other machines can ask.",
)
@click.option("--insecure", is_flag=True, help="Let other machines ask without a key.")
@click.option(
    "--concurrency",
    metavar="N",
    type=click.IntRange(1, 4096),
    help="Requests answered at once; default: endpoint.concurrency where an endpoint is asked, else "
    "runtime.decode_processes.",
)
@click.option(
    "--queue",
    default=32,
    show_default=True,
    type=click.IntRange(0, 10_000),
    help="Requests that may wait; others are told 429.",
)
@click.option(
    "--timeout",
    "timeout_s",
    metavar="SECONDS",
    default=600.0,
    show_default=True,
    type=FiniteRange(0.1, 86_400),
    help="Of one request, from its body to its answer.",
)
@click.option(
    "--max-body",
    "max_body_mb",
    metavar="MIB",
    default=64.0,
    show_default=True,
    type=FiniteRange(0.001, 4096),
    help="Largest body of a request.",
)
@click.option(
    "--max-seconds",
    metavar="SECONDS",
    default=600.0,
    show_default=True,
    type=FiniteRange(0.1, 86_400),
    help="Longest video.",
)
@click.option(
    "--max-images", default=128, show_default=True, type=click.IntRange(1, 1024), help="Most images."
)
@settings_options
def serve(
    roots: tuple[str, ...],
    host: str,
    port: int,
    key_variable: str | None,
    insecure: bool,
    concurrency: int | None,
    queue: int,
    timeout_s: float,
    max_body_mb: float,
    max_seconds: float,
    max_images: int,
    settings: Settings,
) -> None:
    """Put the method behind an OpenAI-compatible address: /v1/chat/completions, /v1/models, /health.

    A request holds a question and one clip: a `video_url` below a --root, or its frames as images. SIGTERM
    and Ctrl-C answer what was asked before they end the server.

    \b
    For example:
      motionsight serve --root clips
      motionsight serve --root gs://bucket/clips --host 0.0.0.0 --key-variable SERVE_KEY \\
        --set annotator=openai:http://localhost:8001/v1#Qwen/Qwen2.5-VL-7B-Instruct
    """
    from flows.cli.answers import printable
    from flows.serve.server import Served, serve_until_ended
    from flows.serve.service import Bounds
    from motionsight_core.serving import MediaLimits

    serve_until_ended(
        settings,
        Served(
            roots=roots,
            host=host,
            port=port,
            key_variable=key_variable,
            insecure=insecure,
            concurrency=concurrency,
            queue=queue,
            bounds=Bounds(timeout_s, max_body_mb),
            limits=MediaLimits(max_seconds, max_images),
        ),
        say=click.echo,
        log=lambda line: click.echo(printable(line), err=True),
    )
