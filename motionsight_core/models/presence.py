"""Whether a checkpoint for transformers is there, found out without importing torch."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

from motionsight_core.models.source import ModelSource, loading

#: Longest wait for the hub to say whether it has a model, seconds.
HUB_S = 10
PACKAGES = ("torch", "torchvision", "transformers")


def require_checkpoint(purpose: str, source: ModelSource) -> None:
    """Packages, configuration and, where no network is to be asked, weights.

    Args:
        purpose: what the model is for, such as "multimodal LLM".
        source: where it comes from.

    Raises:
        ModelMissing: one of them is not there.
    """
    with loading(purpose, source):
        missing = [package for package in PACKAGES if find_spec(package) is None]
        if missing:
            raise ImportError(", ".join(missing))
        if source.looks_local or Path(source.location).is_dir():
            config = Path(source.location, "config.json")
            _require_weights(config if config.is_file() else None, source.location)
        else:
            _require_hub(source)


def _require_hub(source: ModelSource) -> None:
    # Comes with transformers, and is not among our own requirements.
    from huggingface_hub import HfApi, constants, errors, hf_hub_download

    name, hub = source.location, constants.ENDPOINT
    try:
        config = hf_hub_download(name, "config.json", revision=source.revision, local_files_only=True)
    except errors.LocalEntryNotFoundError:
        config = None
    if constants.HF_HUB_OFFLINE:
        if config is None:
            raise FileNotFoundError("HF_HUB_OFFLINE is set.")
        _require_weights(Path(config), name)
    if config is not None:
        return  # weights that are not here come when it is opened
    try:
        HfApi().model_info(name, revision=source.revision, timeout=HUB_S)
    except errors.GatedRepoError:
        raise OSError(f"accept its licence at {hub}/{name}, and set HF_TOKEN to a token of yours.") from None
    except errors.RepositoryNotFoundError:
        raise OSError(f"{hub} has no such model, or shows it only to a token (HF_TOKEN).") from None
    except errors.RevisionNotFoundError:
        raise OSError(f"{hub} has no revision {source.revision} of it.") from None
    except errors.HFValidationError:
        raise
    except Exception as error:
        # The HTTP client's errors are of no common kind.
        raise OSError(f"{hub} cannot be reached ({error}).") from error


def _require_weights(config: Path | None, location: str) -> None:
    if config is None:
        raise FileNotFoundError(f"there is no config.json in {location}.")
    # Some of the files, none of the bytes: whether the weights are whole is seen when they load.
    if not any(config.parent.glob("*.safetensors")) and not any(config.parent.glob("*.bin")):
        raise FileNotFoundError(f"there are no weights (*.safetensors) in {config.parent}.")
