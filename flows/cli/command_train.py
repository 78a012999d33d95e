"""The command `motionsight train`. Heavy imports live inside: `--help` answers at once."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Literal

import click

from flows.cli.options import settings_options

if TYPE_CHECKING:
    from motionsight_core.settings import Settings


@click.command()
@click.argument("stage", metavar="sft|dpo", type=click.Choice(["sft", "dpo"]))
@click.argument("folder", metavar="DIR", type=click.Path(file_okay=False, path_type=Path))
@click.option(
    "--model",
    metavar="MODEL",
    required=True,
    help="Directory or hub id (ID or ID@REVISION) of a video LLM of transformers, such as Qwen2.5-VL, "
    "Qwen3-VL or InternVL3; for dpo the directory that sft wrote.",
)
@click.option(
    "--out",
    metavar="CHECKPOINT",
    required=True,
    type=click.Path(file_okay=False, path_type=Path),
    help="A new folder for the trained model and its checkpoints, or that of a run that was interrupted.",
)
@settings_options
def train(stage: Literal["sft", "dpo"], folder: Path, model: str, out: Path, settings: Settings) -> None:
    """Train a video LLM on the data set in DIR (`motionsight dataset`): sft, then dpo.

    sft trains all of the model on the questions and answers; dpo trains its LLM on what people preferred,
    with the model that it is given as the reference. Run again after an interruption, it goes on from the
    last checkpoint. What it writes is loaded by annotator=transformers:CHECKPOINT. It needs the extra train,
    and for all but small models a GPU; torchrun starts it on several.

    \b
    For example:
      motionsight train sft data --model Qwen/Qwen2.5-VL-7B-Instruct --out sft
      motionsight train dpo data --model sft --out motionchat
      motionsight train sft data --model Qwen/Qwen2.5-VL-7B-Instruct --out lora --set training.lora=true
    """
    from flows.cli.train_command import show_training

    show_training(stage, folder, model=model, out=out, settings=settings)
