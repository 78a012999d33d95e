"""`transformers:MODEL_ID_OR_DIR`: which class of ours runs a checkpoint, by its architecture."""

from __future__ import annotations

import json
from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from motionsight_core.models.source import ModelSource, device_of, loading
from motionsight_core.settings import Settings

if TYPE_CHECKING:
    import torch

#: `model_type` of a checkpoint's config.json -> where its class is; that has a classmethod `load`.
DETECTORS: Mapping[str, str] = {
    "grounding-dino": "_grounding_dino:GroundingDino",
    "mm-grounding-dino": "_grounding_dino:GroundingDino",
    "omdet-turbo": "_open_vocabulary:OpenVocabularyDetector",
    "owlv2": "_open_vocabulary:OpenVocabularyDetector",
    "owlvit": "_open_vocabulary:OpenVocabularyDetector",
    "sam3": "_sam3:Sam3Detector",
    "sam3_video": "_sam3_video:Sam3VideoDetector",
}
TRACKERS: Mapping[str, str] = {
    "sam2_video": "_sam2_video:Sam2VideoTracker",
    "sam3_tracker_video": "_sam2_video:Sam3TrackerVideoTracker",
    "sam3_video": "_sam3_video:Sam3VideoTracker",
}


def load_by_architecture(
    purpose: str, source: ModelSource, settings: Settings, classes: Mapping[str, str]
) -> Any:
    """The detector or tracker that a checkpoint is.

    Args:
        purpose: "detector" or "tracker".
        source: the checkpoint.
        settings: for its device and thresholds.
        classes: `DETECTORS` or `TRACKERS`.

    Raises:
        ModelMissing: the checkpoint is not there, or is of no architecture among these.
    """
    with loading(purpose, source):
        from transformers import PreTrainedConfig

        found, _ = PreTrainedConfig.get_config_dict(source.location, revision=source.revision)
        module, _, name = _class_of(found, classes).partition(":")
        kind = getattr(import_module(f"motionsight_core.referring.{module}"), name)
    return kind.load(source, settings)


def require_architecture(purpose: str, source: ModelSource, classes: Mapping[str, str]) -> None:
    """Refuse a directory whose checkpoint is of no architecture among these; imports no model library.

    Raises:
        ModelMissing: it is not.
    """
    config = Path(source.location, "config.json")
    if config.is_file():
        with loading(purpose, source):
            _class_of(json.loads(config.read_text(encoding="utf-8")), classes)


def load_model(
    purpose: str, source: ModelSource, settings: Settings, *, model: str, processor: str = "AutoProcessor"
) -> tuple[Any, Any, torch.device]:
    """A processor and a model of transformers, in single precision on their device.

    Args:
        purpose: "detector" or "tracker".
        source: the checkpoint.
        settings: for the device.
        model, processor: names of transformers' classes.

    Raises:
        ModelMissing: it does not load, or lacks weights.
    """
    device = device_of(settings)
    with loading(purpose, source):
        import transformers

        from motionsight_core.models.pretrained import pretrained

        prepare = getattr(transformers, processor).from_pretrained(
            source.location, revision=source.revision or "main"
        )
        loaded = pretrained(getattr(transformers, model), source, device=device)
    return prepare, loaded, device


def _class_of(config: Mapping[str, Any], classes: Mapping[str, str]) -> str:
    found = str(config.get("model_type") or "model of no named architecture")
    if found not in classes:
        raise ValueError(f"it is a {found}, not one of {', '.join(classes)}")
    return classes[found]
