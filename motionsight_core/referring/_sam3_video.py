"""SAM 3 as its video checkpoints hold it: detector and tracker around one image encoder.

Where `referring.detector` and `referring.tracker` name the same checkpoint, its weights are loaded once.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import Any
from weakref import WeakValueDictionary

import torch
from transformers import Sam3TrackerVideoProcessor
from transformers.models.sam3_tracker_video.modeling_sam3_tracker_video import Sam3TrackerVideoInferenceCache

from motionsight_core.models.source import ModelSource, device_of
from motionsight_core.referring._architectures import load_model
from motionsight_core.referring._sam2_video import Sam3TrackerVideoTracker
from motionsight_core.referring._sam3 import Sam3Detector
from motionsight_core.settings import Settings


class Sam3VideoDetector(Sam3Detector):
    """Finds named objects with the detector of a video checkpoint of SAM 3."""

    @classmethod
    def load(cls, source: ModelSource, settings: Settings) -> Sam3VideoDetector:
        """From a directory or the hub.

        Raises:
            ModelMissing: it is not there, or does not load.
        """
        loaded = _loaded("detector", source, settings)
        images, tokenizer = loaded.processor.image_processor, loaded.processor.tokenizer
        detector = cls(images, tokenizer, loaded.model.detector_model, loaded.device, settings.referring)
        detector._checkpoint = loaded
        return detector


class Sam3VideoTracker(Sam3TrackerVideoTracker):
    """Follows objects with the tracker of a video checkpoint of SAM 3, which sees as its detector does."""

    @classmethod
    def load(cls, source: ModelSource, settings: Settings) -> Sam3VideoTracker:
        """From a directory or the hub.

        Raises:
            ModelMissing: it is not there, or does not load.
        """
        loaded = _loaded("tracker", source, settings)
        prepare = loaded.processor
        boxes = Sam3TrackerVideoProcessor(prepare.image_processor, prepare.video_processor)
        tracker = cls(boxes, loaded.model.tracker_model, loaded.device)
        tracker._checkpoint = loaded
        return tracker

    def _session(self, prepared: Any, size: tuple[int, int]) -> Any:
        session = super()._session(prepared, size)
        session.cache = _SeenByTheDetector(self._checkpoint.model, session)
        return session


@dataclass(frozen=True, eq=False)
class _Checkpoint:
    """Kept in memory by the detector and the tracker that are made of it."""

    processor: Any
    model: Any
    device: torch.device


_checkpoints: WeakValueDictionary[tuple[ModelSource, str], _Checkpoint] = WeakValueDictionary()
_checkpoints_lock = threading.Lock()


def _loaded(purpose: str, source: ModelSource, settings: Settings) -> _Checkpoint:
    key = (source, str(device_of(settings)))
    with _checkpoints_lock:
        found = _checkpoints.get(key)
        if found is None:
            found = _Checkpoint(*load_model(purpose, source, settings, model="Sam3VideoModel"))
            _checkpoints[key] = found
        return found


class _SeenByTheDetector(Sam3TrackerVideoInferenceCache):
    """Features of frames from the detector's image encoder: the tracker has none of its own."""

    def __init__(self, model: Any, session: Any) -> None:
        super().__init__(session.inference_device, session.inference_state_device)
        self._model, self._session = model, session

    def get_vision_features(self, frame_idx: int) -> dict[str, Any]:
        found = super().get_vision_features(frame_idx)
        if found is not None:
            return found
        seen = self._model.detector_model.get_vision_features(self._session.get_frame(frame_idx)[None])
        features, positions = self._model.get_vision_features_for_tracker(seen)
        self.cache_vision_features(frame_idx, {"vision_feats": features, "vision_pos_embeds": positions})
        return super().get_vision_features(frame_idx) or {}
