"""FSDP2: weights, gradients and AdamW in shards over the GPUs that torchrun started.

accelerate and trl shard a model. Where they would train another one than a single GPU does, or take more
memory than shards should, it is put right here.
"""

from __future__ import annotations

from typing import Any

import torch
from torch.distributed.fsdp import FSDPModule, MixedPrecisionPolicy, fully_shard

from motionsight_core.settings import TrainingSettings


def sharded_arguments(training: TrainingSettings, model: torch.nn.Module) -> dict[str, Any]:
    """Arguments of transformers' trainer: shards by the layers of LLM and vision tower."""
    return {
        "fsdp": True,
        "fsdp_config": {
            "version": 2,
            "transformer_layer_cls_to_wrap": sorted(_layer_classes(model)),
            "activation_checkpointing": training.gradient_checkpointing,
            "state_dict_type": "FULL_STATE_DICT",
        },
        # FSDP2 has activation checkpointing of its own.
        "activation_checkpointing": False,
        # Else each GPU would hold the gradients of all weights while it accumulates.
        "accelerator_config": {"gradient_accumulation_kwargs": {"sync_each_batch": True}},
    }


class ShardedPrecision:
    """A trainer that computes in 16 bits what it computes in 16 bits on one GPU, and no more."""

    def create_accelerator_and_postprocess(self: Any) -> None:
        super().create_accelerator_and_postprocess()  # type: ignore[misc]
        plugin = getattr(self.accelerator.state, "fsdp_plugin", None)
        if plugin is not None and plugin.mixed_precision_policy is not None:
            plugin.mixed_precision_policy = _policy(plugin.mixed_precision_policy.param_dtype)


def shard_layers(model: torch.nn.Module, dtype: torch.dtype | None) -> None:
    """Shard each layer of DPO's reference on its own; trl would gather all of its weights at once.

    Args:
        model: the reference; the process group is there already.
        dtype: in which it computes; None for that of its weights.
    """
    classes = _layer_classes(model)
    for module in model.modules():
        if type(module).__name__ in classes:
            fully_shard(module, mp_policy=_policy(dtype))


def gather_head(model: torch.nn.Module) -> None:
    """Have FSDP2 gather the head of the LLM before each forward pass.

    trl reads the head's weights without calling it. Where they are not gathered it gathers them itself, and
    each GPU would keep the gradient of its own examples in place of the mean over all GPUs.
    """

    def gather(module: Any, inputs: Any) -> None:
        head = module.get_output_embeddings()
        if isinstance(head, FSDPModule):
            head.unshard()

    model.register_forward_pre_hook(gather)


def _policy(dtype: torch.dtype | None) -> MixedPrecisionPolicy:
    """Weights in `dtype`; all else as autocast has it.

    accelerate's own policy rounds the log-probabilities that DPO takes the sums of, the gradients that are
    summed over GPUs, and the seconds from which Qwen2.5-VL computes positions in time.
    """
    return MixedPrecisionPolicy(param_dtype=dtype, reduce_dtype=torch.float32, cast_forward_inputs=False)


def _layer_classes(model: torch.nn.Module) -> set[str]:
    # pyrefly: ignore[bad-return, not-iterable] torch promises a tensor or a module under any name
    return {name for module in model.modules() for name in getattr(module, "_no_split_modules", None) or ()}
