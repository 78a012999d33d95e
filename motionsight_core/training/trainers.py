"""trl's trainers for a stage: a rate for each part, our batches, and a reference that does not move."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from datasets import Dataset
from transformers import PrinterCallback, TrainerCallback
from trl.trainer.dpo_config import DPOConfig
from trl.trainer.dpo_trainer import DPOTrainer
from trl.trainer.sft_config import SFTConfig
from trl.trainer.sft_trainer import SFTTrainer

from motionsight_core.clip import FrameSequence
from motionsight_core.settings import Settings
from motionsight_core.training.batches import DpoBatches, Row, SftBatches
from motionsight_core.training.devices import in_bfloat16, processes, uses_gpu
from motionsight_core.training.examples import Examples
from motionsight_core.training.outcome import Progress
from motionsight_core.training.parts import part_of
from motionsight_core.training.sharding import (
    ShardedPrecision,
    gather_head,
    shard_layers,
    sharded_arguments,
)


class _RatesByPart:
    """AdamW with a rate of its own for the vision tower."""

    vision_learning_rate: float

    def create_optimizer(self: Any, model: Any = None) -> torch.optim.Optimizer:
        if self.optimizer is not None:
            return self.optimizer
        trained = self.model if model is None else model
        decayed = set(self.get_decay_parameter_names(trained))
        groups: dict[tuple[bool, bool], list[torch.nn.Parameter]] = {}
        for name, parameter in trained.named_parameters():
            if parameter.requires_grad:
                groups.setdefault((part_of(name) == "vision", name in decayed), []).append(parameter)
        kind, options = self.get_optimizer_cls_and_kwargs(self.args, trained)
        self.optimizer = kind(
            [
                {
                    "params": parameters,
                    "lr": self.vision_learning_rate if is_vision else self.args.learning_rate,
                    "weight_decay": self.args.weight_decay if is_decayed else 0.0,
                }
                for (is_vision, is_decayed), parameters in groups.items()
            ],
            **options,
        )
        return self.optimizer


class _Sft(_RatesByPart, ShardedPrecision, SFTTrainer):
    def __init__(self, **arguments: Any) -> None:
        super().__init__(**arguments)
        # The loss of a step is the mean over all of its tokens, however these are split over devices and over
        # the batches that are accumulated. That Qwen's classes take no count of tokens is said of a loss of
        # their own; trl's takes it.
        self.model_accepts_loss_kwargs = True


class _Dpo(_RatesByPart, ShardedPrecision, DPOTrainer):
    pass


class _Losses(TrainerCallback):
    """Hands on the step, how many there are, and the mean loss since the last time."""

    def __init__(self, report: Progress) -> None:
        self._report = report

    def on_log(self, args: Any, state: Any, control: Any, logs: Any = None, **others: Any) -> None:
        if state.is_world_process_zero and logs and "loss" in logs:
            self._report(state.global_step, state.max_steps, float(logs["loss"]))


def trainer_of(
    examples: Examples,
    model: Any,
    processor: Any,
    settings: Settings,
    *,
    checkpoints: Path,
    frames: Callable[[Row], FrameSequence],
    adapters: Any,
    reference: Any,
    report: Progress,
) -> Any:
    """The trainer of a stage.

    Args:
        model: with the parts of the stage unfrozen, or all of it where `adapters` are trained in its stead.
        checkpoints: a folder for these.
        frames: what a row shows; it is called in the data loader's workers.
        adapters: peft's configuration, or None.
        reference: DPO: pi_ref of eq. 6, which stays as it is; None where adapters leave it in the model.
        report: called with the step, how many there are, and the mean loss since the last time.
    """
    training = settings.training
    # trl takes a Dataset of its own kind, and an (empty) column of images is what makes it leave rows alone.
    rows = Dataset(examples.table).add_column("images", [[]] * len(examples))
    common: dict[str, Any] = {
        "model": model,
        "train_dataset": rows,
        "processing_class": processor,
        "peft_config": adapters,
        "callbacks": [_Losses(report)],
    }
    arguments = _arguments(settings, checkpoints, model)
    kind = SftBatches if examples.stage == "sft" else DpoBatches
    common["data_collator"] = kind(processor, frames, training.frames_as)
    trainer: Any
    if examples.stage == "sft":
        config = SFTConfig(**arguments, dataset_kwargs={"skip_prepare_dataset": True})
        trainer = _Sft(args=config, **common)
    else:
        config = DPOConfig(**arguments, beta=training.beta)
        if training.fsdp:
            shard_layers(reference, torch.bfloat16 if config.bf16 else None)
        trainer = _Dpo(args=config, ref_model=reference, **common)
    if training.fsdp:
        gather_head(model)
    trainer.vision_learning_rate = training.vision_learning_rate
    trainer.remove_callback(PrinterCallback)
    return trainer


def _arguments(settings: Settings, checkpoints: Path, model: torch.nn.Module) -> dict[str, Any]:
    training = settings.training
    arguments: dict[str, Any] = {
        "output_dir": str(checkpoints),
        "learning_rate": training.learning_rate,
        "weight_decay": training.weight_decay,
        "warmup_steps": training.warmup,  # below 1 it is a share
        "lr_scheduler_type": "cosine",
        "num_train_epochs": training.epochs,
        "max_steps": training.max_steps or -1,
        "per_device_train_batch_size": training.batch_per_device,
        "gradient_accumulation_steps": training.batch // (training.batch_per_device * processes()),
        "activation_checkpointing": training.gradient_checkpointing,
        "activation_checkpointing_kwargs": {"use_reentrant": False},
        "bf16": in_bfloat16(settings),
        "use_cpu": not uses_gpu(settings),
        "seed": training.seed,
        "data_seed": training.seed,
        "max_length": None,  # a clip's tokens must not be cut
        "remove_unused_columns": False,
        "dataloader_num_workers": training.workers,
        "save_strategy": "steps",
        "save_steps": training.save_every,
        "save_total_limit": 2,
        "logging_steps": training.log_every,
        "logging_first_step": True,
        "disable_tqdm": True,
        "report_to": [],
    }
    if training.workers:
        # Spawned: a fork would take CUDA's state along, and the pipes of decoding processes.
        arguments |= {"dataloader_multiprocessing_context": "spawn", "dataloader_persistent_workers": True}
    if training.fsdp:
        arguments |= sharded_arguments(training, model)
    return arguments
