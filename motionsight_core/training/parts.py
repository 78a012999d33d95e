"""The parts of a video LLM, and which of them a stage trains."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from motionsight_core.settings import TrainingSettings
from motionsight_core.training.examples import Stage

if TYPE_CHECKING:
    import torch

Part: TypeAlias = Literal["vision", "merger", "llm"]

#: Supervised fine-tuning trains all of the model, DPO the LLM alone (the paper's MotionChat).
TRAINED: dict[Stage, frozenset[Part]] = {
    "sft": frozenset({"vision", "merger", "llm"}),
    "dpo": frozenset({"llm"}),
}


def part_of(name: str) -> Part:
    """The part that a parameter or module belongs to, by its name in Qwen-VL, InternVL and their kin."""
    if "merger" in name or "multi_modal_projector" in name:
        return "merger"
    if "visual" in name or "vision_tower" in name:
        return "vision"
    return "llm"


def freeze_the_rest(model: torch.nn.Module, stage: Stage) -> None:
    """Let the parts of a stage be trained, and no other."""
    for name, parameter in model.named_parameters():
        parameter.requires_grad_(part_of(name) in TRAINED[stage])


def adapters(model: torch.nn.Module, settings: TrainingSettings, stage: Stage) -> Any:
    """peft's configuration of LoRA on the linear layers of the LLM, its head left out.

    With `lora_merger` SFT trains the merger whole, beside them.
    """
    import torch
    from peft import LoraConfig

    def layers() -> Iterator[str]:
        for name, module in model.named_modules():
            if isinstance(module, torch.nn.Linear) and part_of(name) == "llm" and "lm_head" not in name:
                yield name

    trains_merger = settings.lora_merger and "merger" in TRAINED[stage]
    return LoraConfig(
        r=settings.lora_rank,
        lora_alpha=settings.lora_alpha,  # pyrefly: ignore[bad-argument-type] a number, as peft uses it
        target_modules=list(layers()),
        modules_to_save=_mergers(model) if trains_merger else None,
        task_type="CAUSAL_LM",
    )


def _mergers(model: torch.nn.Module) -> list[str]:
    """The names of a model's mergers, those of Qwen3-VL's earlier layers included."""
    import torch

    found: list[str] = []
    for name, module in model.named_modules():
        is_inside = any(name.startswith(f"{outer}.") for outer in found)
        # peft takes no list of modules, but those in it.
        if part_of(name) == "merger" and not is_inside and not isinstance(module, torch.nn.ModuleList):
            found.append(name)
    return found
