"""SAM 3 on single frames: finds what a name names, `transformers:MODEL_ID_OR_DIR`."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from motionsight_core.models.source import ModelSource
from motionsight_core.referring._architectures import load_model
from motionsight_core.referring._open_vocabulary import NameDetector, Scored
from motionsight_core.settings import ReferringSettings, Settings

#: What the text encoder takes of a name, tokens, as the authors have it.
TOKENS = 32
#: Names in one call of the model, whose masks of 200 queries take some 70 MB for each.
NAMES_AT_ONCE = 16


class Sam3Detector(NameDetector):
    """Finds named objects with the detector of SAM 3 (arXiv 2511.16719)."""

    def __init__(
        self,
        images: Any,
        tokenizer: Any,
        model: Any,
        device: torch.device,
        settings: ReferringSettings,
    ) -> None:
        """`images` is the image processor, `model` a `Sam3Model`."""
        super().__init__(device, settings)
        self._images, self._tokenizer, self._model = images, tokenizer, model
        self._checkpoint: Any = model

    @classmethod
    def load(cls, source: ModelSource, settings: Settings) -> Sam3Detector:
        """From a directory or the hub.

        Raises:
            ModelMissing: it is not there, or does not load.
        """
        processor, model, device = load_model("detector", source, settings, model="Sam3Model")
        return cls(processor.image_processor, processor.tokenizer, model, device, settings.referring)

    def _scored(self, frames: list[NDArray[np.uint8]], names: list[str]) -> list[Scored]:
        prepared = self._images(images=frames, input_data_format="channels_last", return_tensors="pt")
        with self._lock, torch.inference_mode():
            # The frames are looked at once, whatever the number of names.
            seen = self._model.get_vision_features(prepared["pixel_values"].to(self._device))
            return [self._in_frame(seen, frame, names) for frame in range(len(frames))]

    def _in_frame(self, seen: Any, frame: int, names: list[str]) -> Scored:
        scores: list[torch.Tensor] = []
        corners: list[torch.Tensor] = []
        for start in range(0, len(names), NAMES_AT_ONCE):
            some = names[start : start + NAMES_AT_ONCE]
            text = self._tokenizer(
                some, padding="max_length", max_length=TOKENS, truncation=True, return_tensors="pt"
            ).to(self._device)
            outputs = self._model(
                vision_embeds=_repeated(seen, frame, len(some)),
                input_ids=text["input_ids"],
                attention_mask=text["attention_mask"],
            )
            # The model says of a frame whether it holds the object at all, and of a box whether it is one.
            scores.append((outputs.pred_logits.sigmoid() * outputs.presence_logits.sigmoid()).float().cpu())
            corners.append(outputs.pred_boxes.float().cpu())
        by_name = torch.cat(scores)  # [names, queries]
        numbers = torch.arange(len(names)).repeat_interleave(by_name.shape[1])
        return Scored(by_name.flatten(), torch.cat(corners).flatten(0, 1), numbers.tolist())


def _repeated(seen: Any, frame: int, count: int) -> Any:
    """The features of one frame, once for each of `count` names."""
    return type(seen)(
        fpn_hidden_states=[one[frame].expand(count, -1, -1, -1) for one in seen.fpn_hidden_states],
        fpn_position_encoding=[one[frame].expand(count, -1, -1, -1) for one in seen.fpn_position_encoding],
    )
