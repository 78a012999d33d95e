"""Detectors that score boxes against whole names, not against the tokens of a prompt."""

from __future__ import annotations

import threading
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from motionsight_core.models.source import ModelSource
from motionsight_core.referring._architectures import load_model
from motionsight_core.referring._base import Detection, View, sampled_of
from motionsight_core.referring._grounding import (
    LEAST_SIDE,
    VIEWS_ON_CPU,
    VIEWS_ON_GPU,
    plain_name,
    without_doubles,
)
from motionsight_core.settings import ReferringSettings, Settings

#: IoU from which on OmDet-Turbo's own suppression, within a name, takes two boxes for one.
NAME_IOU = 0.8


@dataclass(frozen=True, slots=True)
class Scored:
    """The boxes of one frame."""

    scores: torch.Tensor
    """[N] 0 to 1."""
    corners: torch.Tensor
    """[N, 4] x0, y0, x1, y1 in fractions of the frame."""
    names: Sequence[int]
    """[N] positions in the names that were asked for."""


class NameDetector(ABC):
    """A model that scores boxes against names. Safe to call from many threads."""

    def __init__(self, device: torch.device, settings: ReferringSettings) -> None:
        self._device, self._settings = device, settings
        self._lock = threading.Lock()

    def detect(self, views: Sequence[View]) -> list[list[Detection]]:
        """The named objects of each view, best first; none where no names are given.

        Frames of one size in which the same is looked for go through the model together.
        """
        found: list[list[Detection]] = [[] for _ in views]
        alike: dict[tuple[Any, ...], list[tuple[int, NDArray[np.uint8]]]] = {}
        for number, view in enumerate(views):
            pixels = sampled_of(view.clip).pixels[view.frame]
            if names := _asked(view.names):
                alike.setdefault((pixels.shape, tuple(names.items())), []).append((number, pixels))
        most = VIEWS_ON_GPU if self._device.type == "cuda" else VIEWS_ON_CPU
        for (_, names), jobs in alike.items():
            texts, given = zip(*names, strict=True)
            for start in range(0, len(jobs), most):
                batch = jobs[start : start + most]
                frames = self._scored([pixels for _, pixels in batch], list(texts))
                for (number, _), scored in zip(batch, frames, strict=True):
                    found[number] = without_doubles(self._detections(scored, given))
        return found

    def _detections(self, scored: Scored, given: Sequence[str]) -> list[Detection]:
        corners = scored.corners.float().cpu().clamp(0, 1)
        scores = scored.scores.float().cpu()
        sizes = corners[:, 2:] - corners[:, :2]
        kept = (scores >= self._settings.box_threshold) & (sizes >= LEAST_SIDE).all(dim=1)
        return [
            Detection(given[name], min(score, 1.0), (box[0], box[1], box[2], box[3]))
            for name, score, box, is_kept in zip(
                scored.names, scores.tolist(), corners.tolist(), kept.tolist(), strict=True
            )
            if is_kept
        ]

    @abstractmethod
    def _scored(self, frames: list[NDArray[np.uint8]], names: list[str]) -> list[Scored]:
        """The boxes of frames [H, W, 3] of one size, RGB; takes the lock while the model runs."""


class OpenVocabularyDetector(NameDetector):
    """OWL-ViT (arXiv 2205.06230), OWLv2 (arXiv 2306.09683) or OmDet-Turbo (arXiv 2403.06892)."""

    def __init__(self, processor: Any, model: Any, device: torch.device, settings: ReferringSettings) -> None:
        super().__init__(device, settings)
        self._processor, self._model = processor, model
        self._rules = {"nms_threshold": NAME_IOU} if model.config.model_type == "omdet-turbo" else {}

    @classmethod
    def load(cls, source: ModelSource, settings: Settings) -> OpenVocabularyDetector:
        """From a directory or the hub.

        Raises:
            ModelMissing: it is not there, or does not load.
        """
        processor, model, device = load_model(
            "detector", source, settings, model="AutoModelForZeroShotObjectDetection"
        )
        return cls(processor, model, device, settings.referring)

    def _scored(self, frames: list[NDArray[np.uint8]], names: list[str]) -> list[Scored]:
        height, width = frames[0].shape[:2]
        with self._lock, torch.inference_mode():
            # The tokenizers are not safe for threads, and cut what is longer than the text encoder takes.
            inputs = self._processor(
                images=frames,
                text=[names] * len(frames),
                truncation=True,
                input_data_format="channels_last",
                return_tensors="pt",
            )
            outputs = self._model(**inputs.to(self._device))
            # Scores and boxes are the architecture's own affair: OWLv2 pads frames to squares, OmDet-Turbo
            # has scores for classes beyond those that were asked for.
            results = self._processor.post_process_grounded_object_detection(
                outputs=outputs,
                threshold=0.0,
                target_sizes=[(height, width)] * len(frames),
                **self._rules,
            )
        size = torch.tensor([width, height, width, height])
        return [
            Scored(found["scores"], found["boxes"].float().cpu() / size, found["labels"].tolist())
            for found in results
        ]


def _asked(names: Sequence[str]) -> dict[str, str]:
    """What the model reads of each name -> the name as given; the same in other case is one name."""
    asked: dict[str, str] = {}
    for name in names:
        if text := plain_name(name):
            asked.setdefault(text, name)
    return asked
