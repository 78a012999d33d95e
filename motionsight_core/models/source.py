"""Where models come from, where they run, and what to say when one is not there."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from motionsight_core.errors import ModelMissing, MotionSightError, one_line
from motionsight_core.settings import Settings

if TYPE_CHECKING:
    import torch

HOW_TO_INSTALL = "pip install 'motionsight[models]'"
#: sam2 and groundingdino-py come without what they declare; pyproject.toml says why.
HOW_TO_INSTALL_ORIGINAL = "pip install --no-deps --no-build-isolation sam2==1.1.0 groundingdino-py==0.4.0"


@dataclass(frozen=True, slots=True)
class ModelSource:
    """A model that transformers loads: a directory, or a hub id with perhaps a revision."""

    location: str
    revision: str | None = None

    @classmethod
    def parse(cls, text: str) -> ModelSource:
        """From `DIR`, `ID` or `ID@REVISION`."""
        if text.startswith("~"):
            text = str(Path(text).expanduser())
        if Path(text).is_dir():
            return cls(text)
        location, _, revision = text.partition("@")
        return cls(location, revision or None)

    @property
    def looks_local(self) -> bool:
        """Whether it names a path rather than a hub id (`owner/name`)."""
        return self.location.startswith((".", "/")) or self.location.count("/") != 1


@contextmanager
def loading(purpose: str, source: ModelSource) -> Iterator[None]:
    """Turns what loading raises into one sentence: which model, where it was looked for, how to get it.

    Args:
        purpose: what the model is for, such as "multimodal LLM".
        source: the model.

    Raises:
        ModelMissing: anything that loading raises.
    """
    model = f"{purpose} {source.location}"
    with loading_errors(model, lambda _: HOW_TO_INSTALL, partial(_not_loaded, purpose, source)):
        yield


@contextmanager
def loading_errors(
    model: str, install: Callable[[ImportError], str], not_loaded: Callable[[Exception], str]
) -> Iterator[None]:
    """Turns what loading raises into one sentence.

    Args:
        model: what it is for, and where it is.
        install: the command that installs what could not be imported.
        not_loaded: the sentence for whatever else went wrong.

    Raises:
        ModelMissing: anything that loading raises.
    """
    try:
        yield
    except MotionSightError:
        raise
    except ImportError as error:
        what = sentence_of(error).rstrip(".")
        raise ModelMissing(
            f"The {model} needs packages that are not installed ({what}): {install(error)}"
        ) from error
    except Exception as error:
        # Damaged files and dead networks raise kinds of their own: SafetensorError, the hub's, httpx's.
        raise ModelMissing(not_loaded(error)) from error


def _not_loaded(purpose: str, source: ModelSource, error: Exception) -> str:
    if Path(source.location).is_dir():
        place = Path(source.location).resolve()
        return f"The {purpose} in the directory {place} cannot be loaded: {sentence_of(error)}"
    if source.looks_local:
        return (
            f"The {purpose} {source.location} is not there: no such directory "
            f"({Path(source.location).resolve()}). Name a directory with config.json and "
            "weights, or a hub id."
        )
    revision = f" --revision {source.revision}" if source.revision else ""
    return (
        f"The {purpose} {source.location} is not on this machine (looked in {_hub_cache()}) and could not be "
        f"downloaded: {sentence_of(error)} Fetch it where there is a network: "
        f"hf download {source.location}{revision}"
    )


def _hub_cache() -> str:
    """Where huggingface_hub keeps downloads, by its own environment variables."""
    home = os.environ.get("HF_HOME") or Path("~/.cache/huggingface").expanduser()
    return os.environ.get("HF_HUB_CACHE") or str(Path(home, "hub"))


def sentence_of(error: BaseException) -> str:
    """What an exception says, as one line that ends like a sentence."""
    line = one_line(error) or type(error).__name__
    return line if line.endswith((".", "!", "?")) else f"{line}."


def require_all_weights(missing: Collection[str]) -> None:
    """Refuse a checkpoint that leaves weights to chance: it would run, and find nonsense.

    Args:
        missing: names of the weights that are not in its files.

    Raises:
        ValueError: there are any; says which.
    """
    if missing:
        first = ", ".join(sorted(missing)[:3])
        raise ValueError(f"{len(missing)} of its weights are not in the files, {first} among them.")


def without_progress_bars() -> None:
    """Keep transformers from drawing one for every model: a pipeline's log is no place for them."""
    from transformers.utils import logging

    logging.disable_progress_bar()


def device_of(settings: Settings) -> torch.device:
    """Where models run, as `runtime.device` says.

    Raises:
        ModelMissing: it names a GPU, and there is none.
    """
    import torch

    name = settings.runtime.device
    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "cpu"
    if name.startswith("cuda") and not torch.cuda.is_available():
        raise ModelMissing(f"runtime.device is {name}, but torch finds no GPU on this machine.")
    return torch.device(name)


def dtype_of(settings: Settings, device: torch.device) -> torch.dtype:
    """The type of the weights, as `mllm.dtype` says."""
    import torch

    if settings.mllm.dtype == "auto":
        return torch.bfloat16 if device.type == "cuda" else torch.float32
    return getattr(torch, settings.mllm.dtype)
