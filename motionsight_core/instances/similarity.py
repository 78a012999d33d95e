"""Whether a picture shows what a name says: the cosine similarity of a CLIP (arXiv 2103.00020)."""

from __future__ import annotations

import threading
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from motionsight_core.models.pretrained import pretrained
from motionsight_core.models.source import ModelSource, device_of, loading
from motionsight_core.settings import Settings

#: What sentences call the model.
PURPOSE = "CLIP"


class Similarity:
    """A CLIP of transformers. Safe to call from many threads.

    Args:
        settings: `instances.clip` names it, `runtime.device` says where it runs.

    Raises:
        ModelMissing: it is not there, or does not load.
    """

    def __init__(self, settings: Settings) -> None:
        source = ModelSource.parse(settings.instances.clip)
        with loading(PURPOSE, source):
            from transformers import AutoProcessor, CLIPModel

            revision = source.revision or "main"
            self._device = device_of(settings)
            self._processor: Any = AutoProcessor.from_pretrained(source.location, revision=revision)
            self._model = pretrained(CLIPModel, source, device=self._device)
        self._lock = threading.Lock()

    def of(self, pictures: NDArray[np.uint8], name: str) -> float:
        """How well pictures of one object fit its name.

        Args:
            pictures: [T, H, W, 3] RGB.
            name: such as "brown dog".

        Returns:
            Mean cosine similarity, -1 to 1.
        """
        # The tokenizer is not safe for threads, and cuts what is longer than the text encoder takes.
        with self._lock, torch.inference_mode():
            inputs = self._processor(
                images=list(pictures),
                text=[f"a photo of a {name}"],
                truncation=True,
                padding=True,
                input_data_format="channels_last",
                return_tensors="pt",
            )
            outputs = self._model(**inputs.to(self._device))
            # Both are of length 1.
            return float((outputs.image_embeds @ outputs.text_embeds.T).mean())
