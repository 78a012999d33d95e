"""GroundingDINO as transformers has it: `transformers:MODEL_ID_OR_DIR`."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from motionsight_core.models.source import ModelSource
from motionsight_core.referring._architectures import load_model
from motionsight_core.referring._grounding import PromptedDetector
from motionsight_core.settings import ReferringSettings, Settings


class GroundingDino(PromptedDetector):
    """Finds named objects with GroundingDINO (arXiv 2303.05499)."""

    def __init__(self, processor: Any, model: Any, device: torch.device, settings: ReferringSettings) -> None:
        super().__init__(device, settings)
        self._processor, self._model = processor, model

    @classmethod
    def load(cls, source: ModelSource, settings: Settings) -> GroundingDino:
        """From a directory or the hub.

        Raises:
            ModelMissing: it is not there, or does not load.
        """
        processor, model, device = load_model(
            "detector", source, settings, model="AutoModelForZeroShotObjectDetection"
        )
        return cls(processor, model, device, settings.referring)

    def _tokens_of(self, text: str) -> int:
        return len(self._processor.tokenizer(text, add_special_tokens=False)["input_ids"])

    def _prepare(self, frames: list[NDArray[np.uint8]], texts: list[str]) -> Any:
        return self._processor(
            images=frames, text=texts, padding=True, input_data_format="channels_last", return_tensors="pt"
        )

    def _predict(self, inputs: Any) -> tuple[torch.Tensor, torch.Tensor]:
        outputs = self._model(**inputs.to(self._device))
        return outputs.logits, outputs.pred_boxes
