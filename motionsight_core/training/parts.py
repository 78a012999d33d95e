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


def adapters(model: torch.nn.Module, settings: TrainingSettings) -> Any:
    """peft's configuration of LoRA on the linear layers of the LLM, its head left out."""
    import torch
    from peft import LoraConfig

    def layers() -> Iterator[str]:
        for name, module in model.named_modules():
            if isinstance(module, torch.nn.Linear) and part_of(name) == "llm" and "lm_head" not in name:
                yield name

    return LoraConfig(
        r=settings.lora_rank,
        lora_alpha=settings.lora_alpha,  # pyright: ignore[reportArgumentType] a number, as peft uses it
        target_modules=list(layers()),
        task_type="CAUSAL_LM",
    )
