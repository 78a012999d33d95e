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
            by_name = [self._of_one_name(seen, name, len(frames)) for name in names]
        scores, corners = zip(*by_name, strict=True)
        queries = scores[0].shape[1]
        numbers = [number for number in range(len(names)) for _ in range(queries)]
        return [
            Scored(
                torch.cat([one[frame] for one in scores]), torch.cat([one[frame] for one in corners]), numbers
            )
            for frame in range(len(frames))
        ]

    def _of_one_name(self, seen: Any, name: str, count: int) -> tuple[torch.Tensor, torch.Tensor]:
        """Scores [B, Q] and boxes [B, Q, 4] of a name in `count` frames."""
        text = self._tokenizer(
            [name] * count, padding="max_length", max_length=TOKENS, truncation=True, return_tensors="pt"
        ).to(self._device)
        outputs = self._model(
            vision_embeds=seen, input_ids=text["input_ids"], attention_mask=text["attention_mask"]
        )
        # The model says of a frame whether it holds the object at all, and of a box whether it is one.
        scores = outputs.pred_logits.sigmoid() * outputs.presence_logits.sigmoid()
        return scores.float().cpu(), outputs.pred_boxes.float().cpu()
