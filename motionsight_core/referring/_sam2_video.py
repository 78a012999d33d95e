"""SAM 2 as transformers has it: `transformers:MODEL_ID_OR_DIR`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from transformers import AutoConfig, Sam2VideoModel, Sam2VideoProcessor
from transformers.models.sam2_video.modeling_sam2_video import Sam2VideoInferenceSession

from motionsight_core.models.pretrained import pretrained
from motionsight_core.models.source import (
    ModelSource,
    device_of,
    loading,
)
from motionsight_core.referring._mask_tracking import MaskTracker
from motionsight_core.settings import Settings

MODEL_TYPE = "sam2_video"


class Sam2VideoTracker(MaskTracker):
    """Follows objects with SAM 2 (arXiv 2408.00714)."""

    def __init__(self, processor: Any, model: Any, device: torch.device) -> None:
        super().__init__(device)
        self._processor, self._model = processor, model

    @classmethod
    def load(cls, source: ModelSource, settings: Settings) -> Sam2VideoTracker:
        """From a directory or the hub.

        Raises:
            ModelMissing: it is not there, or is no such model.
        """
        device = device_of(settings)
        with loading("tracker", source):
            config = AutoConfig.from_pretrained(source.location, revision=source.revision)
            if config.model_type != MODEL_TYPE:
                raise ValueError(f"it is a {config.model_type}, not a {MODEL_TYPE}")
            processor = Sam2VideoProcessor.from_pretrained(
                source.location, revision=source.revision or "main"
            )
            model = pretrained(Sam2VideoModel, source, device=device, config=config)
        return cls(processor, model, device)

    def _prepare(self, pixels: NDArray[np.uint8]) -> Any:
        return torch.from_numpy(np.ascontiguousarray(pixels)).permute(0, 3, 1, 2)

    def _session(self, prepared: Any, size: tuple[int, int]) -> Any:
        return _Session(prepared, size, self._processor.video_processor, self._device)

    def _prompt(self, session: Any, frame: int, boxes: NDArray[np.float32]) -> torch.Tensor:
        self._processor.add_inputs_to_inference_session(
            session, frame_idx=frame, obj_ids=list(range(len(boxes))), input_boxes=[boxes.tolist()]
        )
        return self._model(session, frame_idx=frame).pred_masks

    def _propagate(self, session: Any, frame: int) -> Iterator[tuple[int, torch.Tensor]]:
        for reverse in (False, True):
            for step in self._model.propagate_in_video_iterator(
                session, start_frame_idx=frame, reverse=reverse
            ):
                session.forget_large_masks(step.frame_idx)
                yield step.frame_idx, step.pred_masks


class _Session(Sam2VideoInferenceSession):
    """A session that prepares each frame when the model asks for it.

    transformers' own keeps every frame as the model takes it, 12 MB each, and every object's mask at
    that size in every frame, 4 MB each.
    """

    def __init__(
        self, frames: torch.Tensor, size: tuple[int, int], prepare: Any, device: torch.device
    ) -> None:
        super().__init__(
            video_height=size[0],
            video_width=size[1],
            inference_device=device,
            inference_state_device=device,
            video_storage_device="cpu",
            dtype=torch.float32,
        )
        self._frames, self._prepare = frames, prepare

    @property
    def num_frames(self) -> int:
        return len(self._frames)

    def get_frame(self, frame_idx: int) -> torch.Tensor:
        """[3, S, S] one frame as the model takes it."""
        video = self._frames[frame_idx : frame_idx + 1]
        prepared = self._prepare(videos=[video], device=self.inference_device, return_tensors="pt")
        return prepared["pixel_values_videos"][0, 0]

    def forget_large_masks(self, frame_idx: int) -> None:
        """Drops what was kept of a frame for the memory encoder, which has run."""
        for outputs in self.output_dict_per_obj.values():
            for kept in outputs.values():
                kept.get(frame_idx, {}).pop("high_res_masks", None)
