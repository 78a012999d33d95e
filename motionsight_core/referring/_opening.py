"""From `referring.detector` and `referring.tracker` to what they name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from motionsight_core.backends import DETECTORS, TRACKERS, Registry
from motionsight_core.errors import ModelMissing, UsageError
from motionsight_core.models.presence import require_checkpoint
from motionsight_core.models.source import HOW_TO_INSTALL, HOW_TO_INSTALL_ORIGINAL, ModelSource
from motionsight_core.referring import _architectures
from motionsight_core.referring._architectures import load_by_architecture, require_architecture
from motionsight_core.referring._base import Detector, Tracker
from motionsight_core.referring._measured import MeasuredDetector, MeasuredTracker
from motionsight_core.referring._original import loading_original, require_file
from motionsight_core.settings import Settings

_GROUNDINGDINO_URL = "https://github.com/IDEA-Research/GroundingDINO/releases/download/v0.1.0-alpha/groundingdino_swint_ogc.pth"
_SAM2_URL = "https://dl.fbaipublicfiles.com/segment_anything_2/092824/sam2.1_hiera_large.pt"


def open_detector(settings: Settings) -> Detector:
    """The detector that `referring.detector` names, loaded and on its device.

    Raises:
        UsageError: it names nothing that exists.
        ModelMissing: the weights or the packages that run them are not there.
    """
    name, model = _chosen(DETECTORS, settings.referring.detector)
    return DETECTORS.load(name)(model, settings)


def open_tracker(settings: Settings) -> Tracker:
    """The tracker that `referring.tracker` names, loaded and on its device.

    Raises:
        UsageError: it names nothing that exists.
        ModelMissing: the weights or the packages that run them are not there.
    """
    name, model = _chosen(TRACKERS, settings.referring.tracker)
    return TRACKERS.load(name)(model, settings)


def check_detector(settings: Settings) -> None:
    """What can be said of `referring.detector` at once, without importing torch or loading weights.

    A hub id is not looked up.

    Raises:
        UsageError, ModelMissing: as `open_detector` would.
    """
    _check(DETECTORS, settings.referring.detector, settings)


def check_tracker(settings: Settings) -> None:
    """What can be said of `referring.tracker` at once; see `check_detector`."""
    _check(TRACKERS, settings.referring.tracker, settings)


def _chosen(registry: Registry, text: str) -> tuple[str, str]:
    """The backend's name, and what it is told of the model."""
    found = registry.split(text)
    if found is None or found[1].startswith("#"):  # a config without its checkpoint
        *names, last = registry.usages()
        raise UsageError(f"referring.{registry.kind} is {', '.join(names)} or {last}; got {text!r}.")
    return found


def _check(registry: Registry, text: str, settings: Settings) -> None:
    name, model = _chosen(registry, text)
    check = getattr(registry.load(name), "check", None)
    if check:
        check(model, settings)


def measured_detector(model: str, settings: Settings) -> MeasuredDetector:
    return MeasuredDetector()


def measured_tracker(model: str, settings: Settings) -> MeasuredTracker:
    return MeasuredTracker()


@dataclass(frozen=True, slots=True)
class _Transformers:
    """`transformers:MODEL_ID_OR_DIR[@REVISION]`, by the checkpoint's architecture."""

    purpose: str
    """Detector or tracker."""
    classes: Mapping[str, str]
    """Of its architectures."""

    def __call__(self, model: str, settings: Settings) -> Any:
        return load_by_architecture(self.purpose, ModelSource.parse(model), settings, self.classes)

    def check(self, model: str, settings: Settings) -> None:
        _require_torch(self.purpose, model)
        source = ModelSource.parse(model)
        require_checkpoint(self.purpose, source)
        require_architecture(self.purpose, source, self.classes)


@dataclass(frozen=True, slots=True)
class _Original:
    """`PACKAGE:CHECKPOINT#CONFIG`: a checkpoint of the authors, run by their package."""

    purpose: str
    package: str
    url: str
    """Where they publish one."""
    default: str
    """The config of that one."""
    shipped: str
    """Which files of the package are configs."""
    module: str
    """Ours that runs it, and the class in it."""

    def __call__(self, model: str, settings: Settings) -> Any:
        checkpoint, config = self._files(model)
        with loading_original(self.purpose, checkpoint):
            module, _, name = self.module.partition(":")
            kind = getattr(import_module(f"motionsight_core.referring.{module}"), name)
        return kind.load(checkpoint, config, settings)

    def check(self, model: str, settings: Settings) -> None:
        _require_torch(self.purpose, model.partition("#")[0])
        self._files(model)

    def _files(self, model: str) -> tuple[Path, Path]:
        """The checkpoint and the config.

        Raises:
            ModelMissing: there is no such checkpoint, or the package is not there.
            UsageError: there is no such config.
        """
        location, _, config = model.partition("#")
        checkpoint = Path(location).expanduser()
        require_file(self.purpose, checkpoint, self.url)
        return checkpoint, self._config(location, config)

    def _config(self, location: str, config: str) -> Path:
        """The file of a config: one of the user's, or one that the package ships, by its name."""
        package = self._folder(location)
        if config and Path(config).expanduser().is_file():
            return Path(config).expanduser()
        names = {_shipped_name(path, package): path for path in sorted(package.glob(self.shipped))}
        names.pop("__init__", None)
        name = config or self.default
        if name not in names:
            raise UsageError(
                f"The config {name!r} of referring.{self.purpose} is neither a file nor one of "
                f"{', '.join(names)}."
            )
        return names[name]

    def _folder(self, location: str) -> Path:
        """The folder of the package, not yet imported."""
        spec = find_spec(self.package)
        if spec is None:
            raise ModelMissing(
                f"The {self.purpose} {location} needs the package {self.package}, which is not installed: "
                f"{HOW_TO_INSTALL_ORIGINAL}"
            )
        folder = Path(next(iter(spec.submodule_search_locations or [""])))
        # A folder without __init__.py, or one that holds the package once more, is a clone of the
        # authors' repository that lies on Python's path, mostly the working directory.
        if spec.origin is None or (folder / self.package).is_dir():
            raise ModelMissing(
                f"The folder {folder} hides the package {self.package}: run from a directory without a "
                f"folder of that name, with the package installed: {HOW_TO_INSTALL_ORIGINAL}"
            )
        return folder


def _shipped_name(path: Path, package: Path) -> str:
    # GroundingDINO's configs go by their bare names, SAM 2's by their path, as in the authors' READMEs.
    return path.stem if path.suffix == ".py" else path.relative_to(package).as_posix()


def _require_torch(purpose: str, model: str) -> None:
    if find_spec("torch") is None or find_spec("transformers") is None:
        raise ModelMissing(f"The {purpose} {model} needs packages that are not installed: {HOW_TO_INSTALL}")


TRANSFORMERS_DETECTORS = _Transformers("detector", _architectures.DETECTORS)
TRANSFORMERS_TRACKERS = _Transformers("tracker", _architectures.TRACKERS)
GROUNDINGDINO = _Original(
    "detector",
    package="groundingdino",
    url=_GROUNDINGDINO_URL,
    default="GroundingDINO_SwinT_OGC",
    shipped="config/GroundingDINO_*.py",
    module="_groundingdino_py:OriginalGroundingDino",
)
SAM2 = _Original(
    "tracker",
    package="sam2",
    url=_SAM2_URL,
    default="configs/sam2.1/sam2.1_hiera_l.yaml",
    shipped="configs/sam*[12]/*.yaml",
    module="_sam2:OriginalSam2Tracker",
)
