"""One training for `benchmarks.gpu_train`, which writes a line of JSON for each step.

    python -m benchmarks._gpu_train_run DATA MODEL OUT STEPS [KEY=VALUE ...]

It ends after STEPS, before the trained model would be written; run again, it goes on from its checkpoint.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import Any

import torch
import torch.distributed
from transformers import Trainer

from motionsight_core.settings import Settings
from motionsight_core.training import train
from motionsight_core.training.devices import processes
from motionsight_core.training.parts import part_of


class Enough(Exception):
    """The steps are made."""


class Watch:
    """What the trainer is given for a step: tokens and patches, and how long it waited for them."""

    def __init__(self, steps: int) -> None:
        self._steps = steps
        self._fetch = Trainer.get_batch_samples
        self._began = 0.0
        self._seen: dict[str, Any] = {}

    def fetch(self, trainer: Any, *arguments: Any, **named: Any) -> Any:
        """In place of `Trainer.get_batch_samples`, in each process."""
        if trainer.state.global_step >= self._steps:
            raise Enough
        asked = self._began = time.perf_counter()
        batches, count = self._fetch(trainer, *arguments, **named)
        self._seen = {
            "waited_s": time.perf_counter() - asked,
            "tokens": processes() * sum(int(batch["attention_mask"].sum()) for batch in batches),
            "patches": processes() * sum(len(batch["pixel_values_videos"]) for batch in batches),
            "clips": processes() * sum(len(batch["input_ids"]) for batch in batches),
            "weights": weights(trainer.model),
        }
        return batches, count

    def report(self, step: int, steps: int, loss: float) -> None:
        """After each step, before a checkpoint; that its loss is known means that the GPU has made it."""
        now = time.perf_counter()
        memory = torch.cuda.max_memory_allocated() if torch.cuda.is_available() else 0
        row = {"step": step, "loss": loss, "seconds": now - self._began, "memory_bytes": memory}
        print(json.dumps(row | self._seen | {"processes": processes()}), flush=True)


def weights(model: Any) -> dict[str, int]:
    """How many a token passes; a head that trl asks for the few tokens of an answer alone is left out."""
    found = {"llm": 0, "vision": 0, "adapters": 0}
    for name, parameter in model.named_parameters():
        kind = "adapters" if "lora_" in name else "llm" if part_of(name) == "llm" else "vision"
        if "embed_tokens" not in name and "lm_head" not in name:
            found[kind] += parameter.numel()
    return found


def main(data: str, model: str, out: str, steps: str, *knobs: str) -> None:
    watch = Watch(int(steps))

    def fetch(trainer: Any, *arguments: Any, **named: Any) -> Any:
        return watch.fetch(trainer, *arguments, **named)

    Trainer.get_batch_samples = fetch
    settings = Settings.load(
        overrides=[f"training.max_steps={int(steps) + 1}", "training.log_every=1", *knobs], environment={}
    )
    try:
        train("sft", Path(data), model=model, out=Path(out), settings=settings, report=watch.report)
    except Enough:
        if torch.distributed.is_initialized():
            torch.distributed.destroy_process_group()


if __name__ == "__main__":
    main(*sys.argv[1:])
