"""A prepared batch of a model of transformers, with fewer video tokens.

The features of all frames are computed once, reduced, and put where the placeholders that are left stand: by
`mm_encoder_outputs`, which `forward` and `generate` take in place of pixels. Training and answering do the
same.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

import torch
from torch import Tensor

from motionsight_core.errors import UsageError
from motionsight_core.mllm.video_tokens.events import event_starts, kept_cells, pooled_tokens

#: `model_type` of the families that are supported, and what people call them.
FAMILIES = {"qwen2_5_vl": "Qwen2.5-VL", "qwen3_vl": "Qwen3-VL", "internvl": "InternVL"}


def require_family(model: Any, location: str, *, setting: str) -> None:
    """Make sure that the tokens of a model can be reduced.

    Args:
        model: of transformers.
        location: its directory or hub id.
        setting: which asks for it, such as `mllm.video_tokens`.

    Raises:
        UsageError: it is of another family.
    """
    if model.config.model_type not in FAMILIES:
        raise UsageError(
            f"{setting}=events works with {', '.join(FAMILIES.values())}, and the model {location} is none "
            "of them: set it to all, or name another model."
        )


#: What only `get_rope_index` reads of a batch.
_FOR_POSITIONS = ("image_grid_thw", "video_grid_thw", "second_per_grid_ts", "mm_token_type_ids")


@dataclass(frozen=True, slots=True)
class FewerTokens:
    """A batch with fewer video tokens."""

    inputs: dict[str, Any]
    """What the model's `forward` takes; where it has them, positions in time, height and width [3, B, L]."""
    columns: Tensor
    """[B, L] in which column of the whole batch each token stood."""


def reduce_video_tokens(
    model: Any, inputs: Mapping[str, Tensor], images: Iterable[int], *, events: int, stride: int, pad: int
) -> dict[str, Any]:
    """The inputs of `generate` with fewer tokens; see `fewer_tokens`."""
    fewer = fewer_tokens(model, inputs, images, events=events, stride=stride, pad=pad)
    if fewer is None:
        return dict(inputs)
    if "position_ids" in fewer.inputs:
        # As `generate` makes them: the place in the text before time, height and width.
        mask = fewer.inputs["attention_mask"].bool()
        text = (mask.long().cumsum(-1) - 1).masked_fill(~mask, 0)
        fewer.inputs["position_ids"] = torch.cat([text[None], fewer.inputs["position_ids"]])
    return fewer.inputs


def fewer_tokens(
    model: Any,
    inputs: Mapping[str, Tensor],
    images: Iterable[int] | None,
    *,
    events: int,
    stride: int,
    pad: int,
) -> FewerTokens | None:
    """A batch with fewer tokens: the first frame of each event whole, the others pooled.

    A token that is left keeps the position that the model gives it in the full sequence, in time, height and
    width (M-RoPE); of models that number their tokens one after the other, so do those that are left. The
    features are differentiable where the vision tower is.

    Args:
        model: of one of FAMILIES, with or without its language head.
        inputs: what the processor made of a batch, prompts padded on the left, on the model's device.
        images: how many consecutive pictures, in order of the batch, are frames of one sequence; None: those
            of a row are. Videos are sequences by themselves.
        events: K, of a sequence; where two frames make one step in time, steps count.
        stride: s.
        pad: the token that fills up shorter rows, on the left.

    Returns:
        None where the batch shows nothing.
    """
    ids, attended = inputs["input_ids"], inputs["attention_mask"].bool()
    features = dict(_features(model, inputs))
    if not features:
        return None
    reduced, left = {}, torch.ones_like(attended)
    for kind, (output, grids) in features.items():
        places = ids == getattr(model.config, f"{kind}_token_id")
        groups = [1] * len(grids) if kind == "video" else images or _pictures_of_rows(places, grids)
        reduced[kind], cells = _reduced(output, _sequences(grids, groups), events=events, stride=stride)
        left[places] = cells.to(ids.device)
    order = left.int().argsort(dim=1, stable=True)[:, -int(left.sum(dim=1).max()) :]
    mask = (left & attended).gather(1, order)
    used = int(mask.any(dim=0).int().argmax())  # columns before are padding alone
    order, mask = order[:, used:], mask[:, used:]
    smaller: dict[str, Any] = {
        "input_ids": ids.gather(1, order).masked_fill(~mask, pad),
        "attention_mask": mask.to(inputs["attention_mask"].dtype),
        "mm_encoder_outputs": reduced,
    }
    if hasattr(model.base_model, "get_rope_index"):
        smaller["position_ids"] = _positions(model.base_model, inputs, order, mask)
    return FewerTokens(smaller, order)


def _pictures_of_rows(places: Tensor, grids: Sequence[Sequence[int]]) -> list[int]:
    """How many pictures each row of a batch shows, from its placeholders; rows without any left out."""
    ends = torch.tensor([time * height * width for time, height, width in grids]).cumsum(0)
    shown = torch.searchsorted(ends, places.sum(dim=1).cumsum(0).cpu(), right=True)
    return [count for count in shown.diff(prepend=shown.new_zeros(1)).tolist() if count]


def _features(model: Any, inputs: Mapping[str, Tensor]) -> Iterator[tuple[str, tuple[Any, list[list[int]]]]]:
    """By kind of placeholder, what the vision tower makes of all pictures, and T, h, w of each in tokens."""
    base = model.base_model
    if not hasattr(base, "get_rope_index"):
        if "pixel_values" in inputs:
            output = base.get_image_features(inputs["pixel_values"], return_dict=True)
            count, tokens, _ = output.pooler_output.shape
            side = round(tokens**0.5)
            yield "image", (output, [[1, side, side]] * count)
        return
    merge = model.config.vision_config.spatial_merge_size
    for kind, pixels in (("image", "pixel_values"), ("video", "pixel_values_videos")):
        if pixels in inputs:
            grid = inputs[f"{kind}_grid_thw"]
            output = getattr(base, f"get_{kind}_features")(inputs[pixels], grid, return_dict=True)
            yield kind, (output, [[t, h // merge, w // merge] for t, h, w in grid.tolist()])


def _sequences(grids: Sequence[Sequence[int]], groups: Iterable[int]) -> list[tuple[int, int, int]]:
    """T, h, w of each sequence, from those of its pictures, which are equally large."""
    pictures = iter(grids)
    found = []
    for count in groups:
        of_one = list(islice(pictures, count))
        _, height, width = of_one[0]
        found.append((sum(time for time, _, _ in of_one), height, width))
    return found


def _reduced(
    output: Any, sequences: Sequence[tuple[int, int, int]], *, events: int, stride: int
) -> tuple[Any, Tensor]:
    """The same output of a vision tower with fewer tokens, and a boolean for each token that it had."""
    sizes = [time * height * width for time, height, width in sequences]

    def by_sequence(features: Any) -> list[Tensor]:
        flat = features if isinstance(features, Tensor) else torch.cat(tuple(features))
        parts = flat.reshape(-1, flat.shape[-1]).split(sizes)
        return [part.view(*shape, -1) for part, shape in zip(parts, sequences, strict=True)]

    clips = by_sequence(output.pooler_output)
    starts = [event_starts(clip.detach(), count=events) for clip in clips]

    def fewer(features: Sequence[Tensor]) -> list[Tensor]:
        return [pooled_tokens(clip, own, stride=stride) for clip, own in zip(features, starts, strict=True)]

    tokens = fewer(clips)
    fields: dict[str, Any] = {
        "pooler_output": torch.cat(tokens) if isinstance(output.pooler_output, Tensor) else tokens
    }
    if getattr(output, "deepstack_features", None) is not None:
        # Qwen3-VL adds features of earlier layers to the same tokens further up.
        fields["deepstack_features"] = [fewer(by_sequence(layer)) for layer in output.deepstack_features]
    kept = [
        kept_cells(shape, own, stride=stride).flatten() for shape, own in zip(sequences, starts, strict=True)
    ]
    return type(output)(**fields), torch.cat(kept)


def _positions(base: Any, inputs: Mapping[str, Tensor], order: Tensor, mask: Tensor) -> Tensor:
    """[3, B, L]: time, height and width."""
    known = {name: inputs[name] for name in _FOR_POSITIONS if name in inputs}
    full, _ = base.get_rope_index(inputs["input_ids"], attention_mask=inputs["attention_mask"], **known)
    return full.gather(-1, order.expand(len(full), -1, -1)).masked_fill(~mask, 0)
