"""SAM 2 and the tracker of SAM 3 as transformers has them: `transformers:MODEL_ID_OR_DIR`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar

import numpy as np
import torch
from numpy.typing import NDArray
from transformers.models.sam2_video.modeling_sam2_video import Sam2VideoInferenceSession
from transformers.models.sam3_tracker_video.modeling_sam3_tracker_video import (
    Sam3TrackerVideoInferenceSession,
)

from motionsight_core.models.source import ModelSource
from motionsight_core.referring._architectures import load_model
from motionsight_core.referring._mask_tracking import MaskTracker
from motionsight_core.settings import Settings


class _FramesOnDemand:
    """A session that prepares each frame when the model asks for it.

    transformers' own keeps every frame as the model takes it, 12 MB each, and every object's mask at
    that size in every frame, 4 MB each.
    """

    output_dict_per_obj: dict[int, Any]

    def __init__(
        self, frames: torch.Tensor, size: tuple[int, int], prepare: Any, device: torch.device
    ) -> None:
        kept: Any = {
            "video_height": size[0],
            "video_width": size[1],
            "inference_device": device,
            "inference_state_device": device,
            "video_storage_device": "cpu",
            "dtype": torch.float32,
        }
        super().__init__(**kept)
        self._frames, self._prepare, self._device = frames, prepare, device

    @property
    def num_frames(self) -> int:
        return len(self._frames)

    def get_frame(self, frame_idx: int) -> torch.Tensor:
        """[3, S, S] one frame as the model takes it."""
        video = self._frames[frame_idx : frame_idx + 1]
        prepared = self._prepare(videos=[video], device=self._device, return_tensors="pt")
        return prepared["pixel_values_videos"][0, 0]

    def forget_large_masks(self, frame_idx: int) -> None:
        """Drops what was kept of a frame for the memory encoder, which has run."""
        for outputs in self.output_dict_per_obj.values():
            for kept in outputs.values():
                kept.get(frame_idx, {}).pop("high_res_masks", None)


class _Sam2Session(_FramesOnDemand, Sam2VideoInferenceSession):
    pass


class _Sam3Session(_FramesOnDemand, Sam3TrackerVideoInferenceSession):
    pass


class Sam2VideoTracker(MaskTracker):
    """Follows objects with SAM 2 (arXiv 2408.00714)."""

    _model_class: ClassVar = "Sam2VideoModel"
    _processor_class: ClassVar = "Sam2VideoProcessor"
    _session_class: ClassVar[Any] = _Sam2Session

    def __init__(self, processor: Any, model: Any, device: torch.device) -> None:
        super().__init__(device)
        self._processor, self._model = processor, model
        self._checkpoint: Any = model

    @classmethod
    def load(cls, source: ModelSource, settings: Settings) -> Sam2VideoTracker:
        """From a directory or the hub.

        Raises:
            ModelMissing: it is not there, or does not load.
        """
        return cls(
            *load_model("tracker", source, settings, model=cls._model_class, processor=cls._processor_class)
        )

    def _prepare(self, pixels: NDArray[np.uint8]) -> Any:
        return torch.from_numpy(np.ascontiguousarray(pixels)).permute(0, 3, 1, 2)

    def _session(self, prepared: Any, size: tuple[int, int]) -> Any:
        return self._session_class(prepared, size, self._processor.video_processor, self._device)

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


class Sam3TrackerVideoTracker(Sam2VideoTracker):
    """Follows objects with the tracker of SAM 3 (arXiv 2511.16719), which is built as SAM 2 is."""

    _model_class: ClassVar = "Sam3TrackerVideoModel"
    _processor_class: ClassVar = "Sam3TrackerVideoProcessor"
    _session_class: ClassVar[Any] = _Sam3Session
