"""From `referring.detector` and `referring.tracker` to what they name."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from motionsight_core.errors import ModelMissing, UsageError
from motionsight_core.models.presence import require_checkpoint
from motionsight_core.models.source import HOW_TO_INSTALL, HOW_TO_INSTALL_ORIGINAL, ModelSource, loading
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
    choice = _choice_of_detector(settings)
    if choice.kind == "measured":
        return MeasuredDetector()
    if choice.kind == "transformers":
        source = ModelSource.parse(choice.model)
        with loading("detector", source):
            from motionsight_core.referring._grounding_dino import GroundingDino
        return GroundingDino.load(source, settings)
    checkpoint, config = _files(choice)
    with loading_original("detector", checkpoint):
        from motionsight_core.referring._groundingdino_py import OriginalGroundingDino
    return OriginalGroundingDino.load(checkpoint, config, settings)


def open_tracker(settings: Settings) -> Tracker:
    """The tracker that `referring.tracker` names, loaded and on its device.

    Raises:
        UsageError: it names nothing that exists.
        ModelMissing: the weights or the packages that run them are not there.
    """
    choice = _choice_of_tracker(settings)
    if choice.kind == "measured":
        return MeasuredTracker()
    if choice.kind == "transformers":
        source = ModelSource.parse(choice.model)
        with loading("tracker", source):
            from motionsight_core.referring._sam2_video import Sam2VideoTracker
        return Sam2VideoTracker.load(source, settings)
    checkpoint, config = _files(choice)
    with loading_original("tracker", checkpoint):
        from motionsight_core.referring._sam2 import OriginalSam2Tracker
    return OriginalSam2Tracker.load(checkpoint, config, settings)


def check_detector(settings: Settings) -> None:
    """What can be said of `referring.detector` at once, without importing torch or loading weights.

    A hub id is not looked up.

    Raises:
        UsageError, ModelMissing: as `open_detector` would.
    """
    _check(_choice_of_detector(settings))


def check_tracker(settings: Settings) -> None:
    """What can be said of `referring.tracker` at once; see `check_detector`."""
    _check(_choice_of_tracker(settings))


@dataclass(frozen=True, slots=True)
class _Choice:
    purpose: str
    """Detector or tracker."""
    kind: str
    """What stands before the colon."""
    model: str = ""
    config: str = ""
    """What stands behind the #."""


def _choice_of_detector(settings: Settings) -> _Choice:
    return _parse("detector", settings.referring.detector, original="groundingdino")


def _choice_of_tracker(settings: Settings) -> _Choice:
    return _parse("tracker", settings.referring.tracker, original="sam2")


def _parse(purpose: str, text: str, *, original: str) -> _Choice:
    if text == "measured":
        return _Choice(purpose, "measured")
    kind, _, model = text.partition(":")
    config = ""
    if kind == original:
        model, _, config = model.partition("#")
    if kind not in ("transformers", original) or not model:
        raise UsageError(
            f"referring.{purpose} is measured, transformers:MODEL_ID_OR_DIR or {original}:CHECKPOINT#CONFIG; "
            f"got {text!r}."
        )
    return _Choice(purpose, kind, model, config)


def _files(choice: _Choice) -> tuple[Path, Path]:
    """The checkpoint and the config of an original model.

    Raises:
        ModelMissing: there is no such checkpoint, or the package is not there.
        UsageError: there is no such config.
    """
    checkpoint = Path(choice.model).expanduser()
    url = _SAM2_URL if choice.kind == "sam2" else _GROUNDINGDINO_URL
    require_file(choice.purpose, checkpoint, url)
    if choice.kind == "sam2":
        return checkpoint, _config(choice, "configs/sam2.1/sam2.1_hiera_l.yaml", "configs/sam*[12]/*.yaml")
    return checkpoint, _config(choice, "GroundingDINO_SwinT_OGC", "config/GroundingDINO_*.py")


def _config(choice: _Choice, default: str, shipped: str) -> Path:
    """The file of a config: one of the user's, or one that the package ships, by its name."""
    package = _package(choice)
    if choice.config and Path(choice.config).expanduser().is_file():
        return Path(choice.config).expanduser()
    names = {_shipped_name(path, package): path for path in sorted(package.glob(shipped))}
    names.pop("__init__", None)
    name = choice.config or default
    if name not in names:
        raise UsageError(
            f"The config {name!r} of referring.{choice.purpose} is neither a file nor one of "
            f"{', '.join(names)}."
        )
    return names[name]


def _shipped_name(path: Path, package: Path) -> str:
    # GroundingDINO's configs go by their bare names, SAM 2's by their path, as in the authors' READMEs.
    return path.stem if path.suffix == ".py" else path.relative_to(package).as_posix()


def _package(choice: _Choice) -> Path:
    """The folder of the package that runs an original model, not yet imported."""
    spec = find_spec(choice.kind)
    if spec is None:
        raise ModelMissing(
            f"The {choice.purpose} {choice.model} needs the package {choice.kind}, which is not installed: "
            f"{HOW_TO_INSTALL_ORIGINAL}"
        )
    folder = Path(next(iter(spec.submodule_search_locations or [""])))
    # A folder without __init__.py, or one that holds the package once more, is a clone of the
    # authors' repository that lies on Python's path, mostly the working directory.
    if spec.origin is None or (folder / choice.kind).is_dir():
        raise ModelMissing(
            f"The folder {folder} hides the package {choice.kind}: run from a directory without a folder of "
            f"that name, with the package installed: {HOW_TO_INSTALL_ORIGINAL}"
        )
    return folder


def _check(choice: _Choice) -> None:
    if choice.kind == "measured":
        return
    if find_spec("torch") is None or find_spec("transformers") is None:
        raise ModelMissing(
            f"The {choice.purpose} {choice.model} needs packages that are not installed: {HOW_TO_INSTALL}"
        )
    if choice.kind != "transformers":
        _files(choice)
        return
    require_checkpoint(choice.purpose, ModelSource.parse(choice.model))
