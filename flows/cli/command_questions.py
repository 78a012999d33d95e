"""The command `motionsight questions`. Heavy imports live inside: `--help` answers at once."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from flows.cli.options import settings_options, warehouse_option

if TYPE_CHECKING:
    from motionsight_core.settings import Settings


@click.command()
@click.argument("folder", metavar="DIR", type=click.Path(file_okay=False, path_type=Path))
@click.option(
    "--from",
    "writer",
    metavar="measured|MODEL",
    default="measured",
    show_default=True,
    help="What makes the questions: what was measured, or a model that reads the descriptions: "
    "transformers:MODEL_ID_OR_DIR, openai:BASE_URL#MODEL.",
)
@click.option(
    "--blind",
    metavar="MODEL",
    multiple=True,
    help="Ask this model without the video, with the first frame alone, and with shuffled frames; may be "
    "repeated. A question that all of them answer rightly in one of these ways is dropped.",
)
@warehouse_option
@settings_options
def questions(folder: Path, writer: str, blind: tuple[str, ...], warehouse: str, settings: Settings) -> None:
    """Make multiple-choice questions about the clips of the data set in DIR, in MotionBench's form.

    They go to DIR/questions: dev.jsonl and test.jsonl, which `motionsight evaluate motionbench` asks,
    questions.parquet with the origin of each, dropped.parquet with what was left out and why, and a card.
    Every letter is right equally often. Made again from the same data set and settings, every file is the
    same; a model is asked nothing twice, whatever ended the command.

    With `measured`, only what is certain is asked (questions.confidence), and wrong options are opposites and
    what similar clips show. One blind model is right in one of four by luck, and so drops good questions:
    name several.

    \b
    For example:
      motionsight questions data
      motionsight evaluate motionbench data/questions/test.jsonl data/media
      motionsight questions data --from openai:http://localhost:8000/v1#Qwen/Qwen2.5-VL-7B-Instruct \\
        --blind openai:http://localhost:8000/v1#Qwen/Qwen2.5-VL-7B-Instruct \\
        --blind openai:http://localhost:8001/v1#OpenGVLab/InternVL3-8B
    """
    from flows.cli.questions_command import show_questions

    show_questions(folder, warehouse, writer=writer, blind=blind, settings=settings)
