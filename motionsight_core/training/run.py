"""A training run from a data set's folder to a directory that `annotator=transformers:DIR` loads."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from motionsight_core.clip import FrameSequence
from motionsight_core.errors import ModelMissing, UsageError
from motionsight_core.mllm._base import PURPOSE
from motionsight_core.models.presence import require_checkpoint
from motionsight_core.models.source import ModelSource
from motionsight_core.settings import Settings, TrainingSettings
from motionsight_core.training.card import card
from motionsight_core.training.examples import Examples, Stage, read_examples
from motionsight_core.training.frames import ClipFrames
from motionsight_core.training.losses import LossFile
from motionsight_core.training.out_folder import OutFolder
from motionsight_core.training.outcome import OnValidation, Progress, Trained, Validation
from motionsight_core.training.samples import AnswersCompared

HOW_TO_INSTALL = "pip install 'motionsight[train]'"
#: Settings on which the weights of a run do not depend.
_OPERATION = {"workers", "log_every", "save_every", "validation_rows", "samples"}
#: What the settings of runs were that do not say them, since they are older than these.
UNSET = {"training": TrainingSettings().model_dump(mode="json", exclude=_OPERATION)}
PACKAGES = ("torch", "torchvision", "transformers", "trl", "peft", "datasets")


def train(
    stage: Stage,
    data: Path,
    *,
    model: str,
    out: Path,
    settings: Settings,
    report: Progress = lambda step, steps, loss: None,
    on_validation: OnValidation = lambda validation: None,
    frames: Callable[[Mapping[str, Any]], FrameSequence] | None = None,
) -> Trained:
    """Train a video LLM on a data set; run again after an interruption, it goes on from the last checkpoint.

    Args:
        stage: `sft`: all of the model learns the answers. `dpo`: its LLM learns what people prefer (eq. 6);
            the model as it is given is the reference.
        data: folder of `motionsight dataset`.
        model: directory or hub id of a Qwen2.5-VL, Qwen3-VL, InternVL or the like; for `dpo` what SFT wrote.
        out: a new folder, or that of the same run.
        settings: `training`; `sampling.max_pixels`, `runtime.device` and `runtime.attention`.
        report: see `Progress`.
        on_validation: told how the model does on the split validation, at each checkpoint and at the end.
        frames: what a row of the data set shows, in place of decoding its clip.

    Raises:
        UsageError: the data set, the folder or the settings are not fit for it.
        ModelMissing: packages or weights are not on this machine.
        RunError: a clip cannot be decoded, or the folder not be written.
    """
    _require_packages()
    # torch takes seconds to import, so what can be told without it comes before.
    training = settings.training
    examples = read_examples(
        data, stage, instances=training.instances, validation_rows=training.validation_rows
    )
    require_checkpoint(PURPOSE, ModelSource.parse(model))
    from motionsight_core.training.devices import is_first

    _require_sense(settings)
    folder = OutFolder(out, _described(examples, model, settings), added_later=UNSET)
    if is_first():
        folder.claim()
    if folder.is_finished:
        return Trained(out, len(examples), 0, (), (), None, was_finished=True, is_reporting=is_first())
    # peft and transformers' models take as long again.
    from motionsight_core.training.weights import trained_weights

    losses = LossFile(out)
    if is_first():
        losses.resume(folder.last_step())

    def reported(step: int, steps: int, loss: float) -> None:
        losses.add(step, steps, loss=loss)
        report(step, steps, loss)

    def validated(validation: Validation) -> None:
        losses.add(validation.step, validation.steps, **validation.figures)
        on_validation(validation)

    shown = frames or ClipFrames(data, settings)
    compared = AnswersCompared(examples, out, settings, shown)
    if is_first() and settings.training.samples:
        compared.ask_before(model)  # and the others wait for this process, to train together
    done = trained_weights(
        examples, model, folder, settings, report=reported, on_validation=validated, frames=shown
    )
    if is_first():
        samples = compared.ask_after() if settings.training.samples else None
        (out / "README.md").write_text(card(examples, ModelSource.parse(model), settings, done, samples))
        folder.finish()
    return done


def _require_packages() -> None:
    missing = [name for name in PACKAGES if find_spec(name) is None]
    if missing:
        raise ModelMissing(
            f"Training needs packages that are not installed ({', '.join(missing)}): {HOW_TO_INSTALL}"
        )


def _require_sense(settings: Settings) -> None:
    from motionsight_core.training.devices import gpus_without_torchrun, processes, uses_gpu

    training = settings.training
    if training.fsdp and not uses_gpu(settings):
        raise UsageError(
            "training.fsdp needs GPUs: on a CPU the weights would not be sharded. Set training.fsdp=false."
        )
    if training.fsdp and training.lora:
        raise UsageError(
            "training.fsdp and training.lora exclude each other: adapters of sharded weights cannot be "
            "merged. Set one of them to false."
        )
    if gpus_without_torchrun(settings) > 1:
        raise UsageError(
            f"One process sees {gpus_without_torchrun(settings)} GPUs: start it with `torchrun --standalone "
            "--nproc-per-node gpu -m flows train ...`, or show it one of them with CUDA_VISIBLE_DEVICES."
        )
    together = training.batch_per_device * processes()
    if training.batch % together:
        raise UsageError(
            f"training.batch is {training.batch}, which is no multiple of the {together} examples that all "
            "devices hold at once (training.batch_per_device times processes): change one of them."
        )
    if training.lora_merger and not training.lora:
        raise UsageError(
            "training.lora_merger trains the merger beside adapters: set training.lora=true, or leave it out."
        )
    if training.min_frames > training.max_frames:
        raise UsageError(
            f"training.min_frames ({training.min_frames}) is above training.max_frames "
            f"({training.max_frames}): change one of them."
        )


def _described(examples: Examples, model: str, settings: Settings) -> dict[str, Any]:
    """What the weights of a run depend on; where and how fast it runs is left out."""
    return {
        "stage": examples.stage,
        "model": model,
        "data": dict(examples.digests),
        "training": settings.training.model_dump(mode="json", exclude=_OPERATION),
        "sampling": {"max_pixels": settings.sampling.max_pixels},
    }
