"""The models of a configuration, loaded when they are first used and once per process."""

from __future__ import annotations

import gc
import json
import sys
import threading
from typing import TYPE_CHECKING

from motionsight_core.annotator import Annotator
from motionsight_core.environment.credentials import credentials_epoch
from motionsight_core.mllm import MultimodalModel, open_mllm, require_endpoint, require_mllm
from motionsight_core.models.presence import require_checkpoint
from motionsight_core.models.source import ModelSource
from motionsight_core.naming.choice import is_loaded
from motionsight_core.naming.loaded import with_detector
from motionsight_core.prompts import PoseOverlay
from motionsight_core.referring import (
    Detector,
    Tracker,
    check_detector,
    check_tracker,
    open_detector,
    open_tracker,
)
from motionsight_core.settings import NO_CLIP, Settings

if TYPE_CHECKING:
    from motionsight_core.instances.similarity import Similarity


class Models:
    """MLLM, detector, tracker, keypoint model, namer of tracks and CLIP; each is loaded on its first use.

    Args:
        settings: which, and where they run.
        mllm, detector, tracker: given ready instead.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        mllm: MultimodalModel | None = None,
        detector: Detector | None = None,
        tracker: Tracker | None = None,
    ) -> None:
        self._settings = settings
        self._lock = threading.RLock()
        self._mllm, self._detector, self._tracker = mllm, detector, tracker
        self._pose: PoseOverlay | None = None
        self._namer: Detector | None = None
        self._similarity: Similarity | None = None

    @property
    def mllm(self) -> MultimodalModel:
        with self._lock:
            self._mllm = self._mllm or open_mllm(self._settings)
            return self._mllm

    @property
    def detector(self) -> Detector:
        with self._lock:
            self._detector = self._detector or open_detector(self._settings)
            return self._detector

    @property
    def namer(self) -> Detector:
        """What names measured tracks; that of object referring where the settings name the same."""
        if self._settings.naming.model == self._settings.referring.detector:
            return self.detector
        with self._lock:
            self._namer = self._namer or open_detector(with_detector(self._settings))
            return self._namer

    @property
    def tracker(self) -> Tracker:
        with self._lock:
            self._tracker = self._tracker or open_tracker(self._settings)
            return self._tracker

    @property
    def pose(self) -> PoseOverlay:
        with self._lock:
            self._pose = self._pose or PoseOverlay(self._settings)
            return self._pose

    @property
    def similarity(self) -> Similarity:
        """What compares pictures of single objects with their names."""
        from motionsight_core.instances.similarity import Similarity

        with self._lock:
            self._similarity = self._similarity or Similarity(self._settings)
            return self._similarity

    def release(self) -> None:
        """Forget what is loaded; what is asked for later is loaded again."""
        with self._lock:
            self._mllm = self._detector = self._tracker = None
            self._pose = self._namer = self._similarity = None


def require_models(settings: Settings) -> None:
    """Make sure, without loading weights, that what the settings name is on this machine.

    Raises:
        ModelMissing: a model is not; the sentence says where it was looked for and how to get it.
        RunError: the endpoint does not answer.
        UsageError: the setting names nothing that exists.
    """
    if is_loaded(settings.naming.model):
        check_detector(with_detector(settings))
    annotator = Annotator.parse(settings.annotator)
    if annotator.is_measured:
        return
    require_mllm(settings)
    if annotator.endpoint is not None:
        require_endpoint(settings)
    check_detector(settings)
    check_tracker(settings)
    if compares_instances(settings):
        require_checkpoint("CLIP", ModelSource.parse(settings.instances.clip))
    if "pose" in settings.prompts.named():
        require_checkpoint("keypoint model", ModelSource.parse(settings.prompts.pose_model))


def compares_instances(settings: Settings) -> bool:
    """Whether a CLIP compares pictures of single objects with their names: where an MLLM writes captions."""
    captions = settings.captions_instances and settings.instances.clip != NO_CLIP
    return captions and not Annotator.parse(settings.annotator).is_measured


_shared: dict[str, Models] = {}
_shared_lock = threading.Lock()


def models_key(settings: Settings) -> str:
    """What models are opened with: settings that agree on it can share them."""
    # Of the prompts, what the keypoint model is opened with: the others are made without a model.
    sections = {
        **dict.fromkeys(("annotator", "mllm", "endpoint", "referring", "naming", "runtime"), True),
        "prompts": {"pose_model", "keypoint_threshold"},
        "instances": {"clip"},
    }
    key = json.dumps(settings.model_dump(mode="json", include=sections), sort_keys=True)
    if Annotator.parse(settings.annotator).is_remote:  # weights need no key, and take minutes to load
        key += f" {credentials_epoch()}"
    return key


def shared_models(settings: Settings) -> Models:
    """The models of this process for these settings; all threads and all shards share them.

    Only the latest configuration's are kept: two 7B models do not fit on one GPU.
    """
    annotator = Annotator.parse(settings.annotator)
    if annotator.is_measured and not is_loaded(settings.naming.model):
        return Models(settings)  # which asks for none, and must not put others out of memory
    key = models_key(settings)
    with _shared_lock:
        if key not in _shared:
            _shared.clear()
            _shared[key] = Models(settings)
        return _shared[key]


def release_models() -> None:
    """Give up the shared models and their GPU memory, for another process; later use loads them again.

    No other thread may be using them.
    """
    with _shared_lock:
        for models in _shared.values():
            models.release()
        _shared.clear()
    gc.collect()
    if torch := sys.modules.get("torch"):
        torch.cuda.empty_cache()  # which does nothing where there is no GPU
