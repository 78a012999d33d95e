"""From weights to weights: loads a model, or its last checkpoint, trains it, and writes it with its card."""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import torch
from huggingface_hub import constants
from peft import PeftModel
from transformers import AutoModelForImageTextToText, AutoProcessor, TrainerState, set_seed
from transformers.utils import logging

from motionsight_core.clip import FrameSequence
from motionsight_core.errors import UsageError
from motionsight_core.mllm._base import PURPOSE
from motionsight_core.mllm.video_tokens import require_family
from motionsight_core.models.pretrained import pretrained
from motionsight_core.models.source import ModelSource, loading
from motionsight_core.settings import Settings
from motionsight_core.training.batches import Row
from motionsight_core.training.devices import in_bfloat16, is_first
from motionsight_core.training.events import tokens_by_events
from motionsight_core.training.examples import Examples
from motionsight_core.training.frames import UnreadableClip
from motionsight_core.training.out_folder import STATE_FILE, OutFolder
from motionsight_core.training.outcome import OnValidation, Progress, Trained
from motionsight_core.training.parts import adapters, freeze_the_rest
from motionsight_core.training.trainers import Reports, trainer_of, validation_of


def trained_weights(
    examples: Examples,
    model: str,
    folder: OutFolder,
    settings: Settings,
    *,
    report: Progress,
    on_validation: OnValidation,
    frames: Callable[[Row], FrameSequence],
) -> Trained:
    """See `training.train`."""
    training, source = settings.training, ModelSource.parse(model)
    checkpoint = folder.last_checkpoint()
    with _quiet():
        set_seed(training.seed)
        processor = _processor(source, training.frames_as)
        # transformers restores full weights to their places for some families only, and leaves the others as
        # they are (transformers#43701); a model that is made from the checkpoint is right for all of them.
        resumed = ModelSource(str(checkpoint)) if checkpoint and not training.lora else source
        trained = _model(resumed, settings)
        if training.video_tokens == "events":
            require_family(trained, source.location, setting="training.video_tokens")
        state = TrainerState.load_from_json(str(checkpoint / STATE_FILE)) if checkpoint else TrainerState()
        if checkpoint and state.global_step >= state.max_steps:
            # Only the model is left to be written; transformers would train on to the end of the epoch.
            if training.lora:
                trained = PeftModel.from_pretrained(trained, checkpoint)
            weights = None
        else:
            reports = Reports(report, on_validation)
            trainer = _trainer(examples, trained, source, processor, folder, settings, reports, frames)
            with _readable_clips(), _tokens(trained, trainer, processor, settings):
                trainer.train(resume_from_checkpoint=str(checkpoint) if checkpoint else None)
            state = trainer.state
            trained = trainer.accelerator.unwrap_model(trainer.model)
            weights = trainer.accelerator.get_state_dict(trainer.model) if training.fsdp else None
        logged = state.log_history
        done = Trained(
            out=folder.path,
            examples=len(examples),
            steps=state.global_step,
            losses=tuple((int(one["step"]), float(one["loss"])) for one in logged if "loss" in one),
            validations=tuple(validation_of(one, state.max_steps) for one in logged if "eval_loss" in one),
            resumed_from=int(checkpoint.name.rpartition("-")[2]) if checkpoint else None,
            is_reporting=is_first(),
        )
        if is_first():
            _write(trained, weights, processor, folder.path, settings)
    return done


def _trainer(
    examples: Examples,
    model: Any,
    source: ModelSource,
    processor: Any,
    folder: OutFolder,
    settings: Settings,
    reports: Reports,
    frames: Callable[[Row], FrameSequence],
) -> Any:
    training = settings.training
    lora = reference = None
    if training.lora:
        lora = adapters(model, training, examples.stage)
    else:
        freeze_the_rest(model, examples.stage)
        if examples.stage == "dpo":
            # Never left to trl, which would take the checkpoint for it.
            reference = _model(source, settings).requires_grad_(False)
    return trainer_of(
        examples,
        model,
        processor,
        settings,
        checkpoints=folder.checkpoints,
        frames=frames,
        adapters=lora,
        reference=reference,
        reports=reports,
    )


@contextmanager
def _tokens(model: Any, trainer: Any, processor: Any, settings: Settings) -> Iterator[None]:
    """In the block, model and reference see the tokens that `training.video_tokens` says."""
    training = settings.training
    with ExitStack() as stack:
        if training.video_tokens == "events":
            for one in filter(None, (model, getattr(trainer, "ref_model", None))):
                whole = trainer.accelerator.unwrap_model(one)
                stack.enter_context(tokens_by_events(whole, training, pad=processor.tokenizer.pad_token_id))
        yield


def _processor(source: ModelSource, frames_as: str) -> Any:
    with loading(PURPOSE, source):
        processor = AutoProcessor.from_pretrained(source.location, revision=source.revision)
    if getattr(processor, "chat_template", None) is None:
        raise UsageError(
            f"The model {source.location} has no chat template, so it cannot be trained to reply."
        )
    if frames_as == "video" and getattr(processor, "video_processor", None) is None:
        raise UsageError(
            f"The model {source.location} takes no video: set training.frames_as to images, or name another."
        )
    return processor


def _model(source: ModelSource, settings: Settings) -> Any:
    attention = settings.runtime.attention
    # What is trained stays in 32 bits: a step of AdamW is often smaller than 16 bits can tell.
    frozen = settings.training.lora and in_bfloat16(settings)
    with loading(PURPOSE, source):
        return pretrained(
            AutoModelForImageTextToText,
            source,
            device=None,
            dtype=torch.bfloat16 if frozen else torch.float32,
            attn_implementation=None if attention == "auto" else attention,
        )


def _write(model: Any, weights: Any, processor: Any, out: Path, settings: Settings) -> None:
    """The model as `from_pretrained` reads it: adapters merged, in 16 bits where it was trained in these.

    Args:
        weights: by name, where they were sharded; else the model has them.
    """
    if settings.training.lora:
        model = model.merge_and_unload()
    model.config.use_cache = True  # the trainer turns it off, and a model that replies is slow without
    if in_bfloat16(settings):
        model = model.to(torch.bfloat16)
        weights = weights and {name: tensor.to(torch.bfloat16) for name, tensor in weights.items()}
    model.save_pretrained(out, state_dict=weights)
    processor.save_pretrained(out)


@contextmanager
def _quiet() -> Iterator[None]:
    """Without the warnings of transformers, of weights that it need not restore and for its own callers, and
    without a word to anybody of what is trained."""
    before = logging.get_verbosity()
    logging.set_verbosity_error()
    # A tokenizer that has worked warns in every process that is made after.
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    # trl would tell Hugging Face of each trainer: model, GPUs, whether it is distributed.
    constants.HF_HUB_DISABLE_TELEMETRY = True
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", FutureWarning)
            yield
    finally:
        logging.set_verbosity(before)


@contextmanager
def _readable_clips() -> Iterator[None]:
    """The sentence of a clip that cannot be decoded, without the traceback that a worker puts around it."""
    try:
        yield
    except UnreadableClip as error:
        last = str(error).strip().splitlines()[-1]
        raise UnreadableClip(last.removeprefix(f"{UnreadableClip.__module__}.UnreadableClip: ")) from None
