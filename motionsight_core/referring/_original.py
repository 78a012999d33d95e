"""Loading the checkpoints that the authors of SAM 2 and GroundingDINO publish, with their own code."""

from __future__ import annotations

import argparse
import pickle
from contextlib import AbstractContextManager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from motionsight_core.errors import ModelMissing
from motionsight_core.models.source import (
    HOW_TO_INSTALL,
    HOW_TO_INSTALL_ORIGINAL,
    loading_errors,
    sentence_of,
)

if TYPE_CHECKING:
    import torch


def loading_original(purpose: str, checkpoint: Path) -> AbstractContextManager[None]:
    """Turns what loading raises into one sentence.

    Args:
        purpose: what the model is for, such as "detector".
        checkpoint: its file.

    Raises:
        ModelMissing: anything that loading raises.
    """
    return loading_errors(f"{purpose} {checkpoint}", _install, partial(_not_loaded, purpose, checkpoint))


def _install(error: ImportError) -> str:
    package = (error.name or "").partition(".")[0]
    return HOW_TO_INSTALL_ORIGINAL if package in ("sam2", "groundingdino") else HOW_TO_INSTALL


def _not_loaded(purpose: str, checkpoint: Path, error: Exception) -> str:
    if isinstance(error, pickle.UnpicklingError):
        return (
            f"The {purpose} {checkpoint.resolve()} is not a file of weights alone, and is not loaded: "
            "loading it could run code that it holds."
        )
    return f"The {purpose} {checkpoint.resolve()} cannot be loaded: {sentence_of(error)}"


def require_file(purpose: str, checkpoint: Path, url: str) -> None:
    """Refuses a checkpoint that is not there.

    Args:
        purpose: what the model is for.
        checkpoint: its file.
        url: where its authors publish one.

    Raises:
        ModelMissing: there is no such file; says where it was looked for and how to fetch one.
    """
    if checkpoint.is_file():
        return
    raise ModelMissing(
        f"The {purpose} {checkpoint.name} is not in {checkpoint.resolve().parent}. "
        f"Fetch it where there is a network: curl -LO {url}"
    )


def weights_of(checkpoint: Path) -> dict[str, torch.Tensor]:
    """The state dict under `model` of a checkpoint, without the `module.` of parallel training.

    Nothing in the file is executed.

    Raises:
        pickle.UnpicklingError: it holds other objects than weights.
        KeyError, ValueError: it holds no model.
    """
    import torch

    # Checkpoints of a training keep its command line's options.
    with torch.serialization.safe_globals([argparse.Namespace]):
        content = torch.load(checkpoint, map_location="cpu", weights_only=True)
    weights = content.get("model") if isinstance(content, dict) else None
    if not isinstance(weights, dict):
        raise ValueError("it has no weights under 'model', as the authors' checkpoints have")
    return {name.removeprefix("module."): weight for name, weight in weights.items()}
