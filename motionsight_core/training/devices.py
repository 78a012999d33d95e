"""What training runs on."""

from __future__ import annotations

import os

import torch

from motionsight_core.settings import Settings


def processes() -> int:
    """How many processes train together: what torchrun says."""
    return int(os.environ.get("WORLD_SIZE", "1"))


def is_first() -> bool:
    """Whether this is the process that writes the folder; the only one without torchrun."""
    return os.environ.get("RANK", "0") == "0"


def uses_gpu(settings: Settings) -> bool:
    """Whether training runs on a GPU: where there is one, unless `runtime.device` is `cpu`."""
    return settings.runtime.device != "cpu" and torch.cuda.is_available()


def gpus_without_torchrun(settings: Settings) -> int:
    """How many GPUs a process that trains alone would have to fill; 0 on a CPU or under torchrun."""
    return torch.cuda.device_count() if uses_gpu(settings) and "WORLD_SIZE" not in os.environ else 0


def in_bfloat16(settings: Settings) -> bool:
    """Whether training is in mixed precision."""
    precision = settings.training.precision
    return uses_gpu(settings) if precision == "auto" else precision == "bfloat16"
