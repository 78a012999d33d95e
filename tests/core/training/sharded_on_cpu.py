"""Trains in shards (FSDP2) on a CPU; a program for torchrun: DATA MODEL OUT STAGE SETTINGS.

The settings are of the section `training`, as JSON.

accelerate shards on accelerators alone, though torch can on a CPU: its check is passed by here, so that all
of what follows it runs. Prints the losses as JSON.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import torch
import torch.distributed
from accelerate.state import AcceleratorState, PartialState
from accelerate.utils import DistributedType

from motionsight_core.training import run
from motionsight_core.training.devices import is_first
from tests.core.training.clips import decoded_once, settings


def main(data: str, model: str, out: str, stage: Any, training: str) -> None:
    torch.set_num_threads(1)
    run._require_sense = lambda settings: None  # it refuses FSDP2 on a CPU
    started = AcceleratorState.__init__

    def start(self: AcceleratorState, *positional: Any, fsdp_plugin: Any = None, **named: Any) -> None:
        started(self, *positional, fsdp_plugin=fsdp_plugin, **named)
        if fsdp_plugin is not None:
            fsdp_plugin.set_mixed_precision(
                self._mixed_precision if self._mixed_precision != "no" else "fp32"
            )
            self.distributed_type, self.fsdp_plugin = DistributedType.FSDP, fsdp_plugin
            PartialState._shared_state["distributed_type"] = DistributedType.FSDP

    AcceleratorState.__init__ = start
    chosen = settings(
        max_steps=4, batch=4, batch_per_device=1, save_every=2, fsdp=True, gradient_checkpointing=True,
        **json.loads(training),
    )  # fmt: skip
    frames = decoded_once(Path(data), chosen)
    done = run.train(stage, Path(data), model=model, out=Path(out), settings=chosen, frames=frames)
    if is_first():
        print(json.dumps([loss for _, loss in done.losses]))
    torch.distributed.barrier()
    torch.distributed.destroy_process_group()


if __name__ == "__main__":
    main(*sys.argv[1:])
