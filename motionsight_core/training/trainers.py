"""trl's trainers for a stage: a rate for each part, our batches, and a reference that does not move."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
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
from motionsight_core.training.outcome import OnValidation, Progress, Validation
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


class _ValidationApart:
    """Validation that leaves the random numbers of training as they are: a loader of batches draws one."""

    def evaluate(self: Any, *given: Any, **named: Any) -> dict[str, float]:
        devices = [self.args.device] if self.args.device.type == "cuda" else []
        with torch.random.fork_rng(devices):
            return super().evaluate(*given, **named)  # pyrefly: ignore[missing-attribute] a mixin


class _Sft(_ValidationApart, _RatesByPart, ShardedPrecision, SFTTrainer):
    def __init__(self, **arguments: Any) -> None:
        super().__init__(**arguments)
        # The loss of a step is the mean over all of its tokens, however these are split over devices and over
        # the batches that are accumulated. That Qwen's classes take no count of tokens is said of a loss of
        # their own; trl's takes it.
        self.model_accepts_loss_kwargs = True


class _Dpo(_ValidationApart, _RatesByPart, ShardedPrecision, DPOTrainer):
    pass


@dataclass(frozen=True)
class Reports:
    """Whom a run tells how it goes."""

    progress: Progress = lambda step, steps, loss: None
    validation: OnValidation = lambda validation: None


class _Told(TrainerCallback):
    """Tells losses as they are logged, and validates where a checkpoint is written."""

    def __init__(self, reports: Reports, *, validates: bool) -> None:
        self._reports, self._validates = reports, validates

    def on_step_end(self, args: Any, state: Any, control: Any, **others: Any) -> None:
        # Before the checkpoint, whose state then has the figures, also after a kill.
        control.should_evaluate = control.should_save and self._validates

    def on_log(self, args: Any, state: Any, control: Any, logs: Any = None, **others: Any) -> None:
        if not state.is_world_process_zero or not logs:
            return
        if "loss" in logs:
            self._reports.progress(state.global_step, state.max_steps, float(logs["loss"]))
        if "eval_loss" in logs:
            logged = {**logs, "step": state.global_step}
            self._reports.validation(validation_of(logged, state.max_steps))


def validation_of(logged: Mapping[str, Any], steps: int) -> Validation:
    """What a trainer logged of a validation, at `step`."""
    return Validation(
        step=int(logged["step"]),
        steps=steps,
        loss=float(logged["eval_loss"]),
        accuracy=logged.get("eval_rewards/accuracies"),
        margin=logged.get("eval_rewards/margins"),
    )


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
    reports: Reports,
) -> Any:
    """The trainer of a stage.

    Args:
        model: with the parts of the stage unfrozen, or all of it where `adapters` are trained in its stead.
        checkpoints: a folder for these.
        frames: what a row shows; it is called in the data loader's workers.
        adapters: peft's configuration, or None.
        reference: DPO: pi_ref of eq. 6, which stays as it is; None where adapters leave it in the model.
        reports: told losses and validations.
    """
    training = settings.training
    validates = bool(examples.validation.num_rows)
    common: dict[str, Any] = {
        "model": model,
        "train_dataset": _rows(examples.table),
        "eval_dataset": _rows(examples.validation) if validates else None,
        "processing_class": processor,
        "peft_config": adapters,
        "callbacks": [_Told(reports, validates=validates)],
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
    if adapters is not None:
        # pyrefly: ignore[missing-attribute] it has a model
        for parameter in filter(lambda one: one.requires_grad, trainer.model.parameters()):
            parameter.data = parameter.data.float()  # peft leaves a merger in the 16 bits of frozen weights
    if training.fsdp:
        gather_head(model)
    trainer.vision_learning_rate = training.vision_learning_rate
    trainer.remove_callback(PrinterCallback)
    return trainer


def _rows(table: pa.Table) -> Dataset:
    """Rows as trl takes them; an (empty) column of images is what makes it leave them alone."""
    # pyrefly: ignore[bad-return] the decorators of `add_column` lose that it gives what it is called on
    return Dataset(table).add_column("images", [[]] * table.num_rows)


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
        "per_device_eval_batch_size": 1,  # so that a mean over batches is one over rows
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
