"""The multimodal LLM behind one protocol: `transformers:` in process, `openai:` at an endpoint."""

from __future__ import annotations

from motionsight_core.errors import UsageError
from motionsight_core.mllm._address import EndpointAddress
from motionsight_core.mllm._base import (
    PURPOSE,
    Conversation,
    Message,
    MultimodalModel,
    Part,
    Reply,
    ScoringModel,
)
from motionsight_core.mllm._reach import require_endpoint
from motionsight_core.models.presence import require_checkpoint
from motionsight_core.models.source import ModelSource
from motionsight_core.settings import Settings

__all__ = [
    "Conversation",
    "EndpointAddress",
    "Message",
    "MultimodalModel",
    "Part",
    "Reply",
    "ScoringModel",
    "annotator_name",
    "open_mllm",
    "require_endpoint",
    "require_mllm",
]


def annotator_name(settings: Settings) -> str:
    """What the column `annotator` says: `measured`, `transformers:LOCATION` or `openai:MODEL`.

    Raises:
        UsageError: it is none of them, or not written as it must be.
    """
    kind, _, rest = settings.annotator.partition(":")
    if settings.annotator == "measured":
        return "measured"
    if kind == "transformers" and rest.strip():
        return f"transformers:{ModelSource.parse(rest).location}"
    if kind == "openai":
        return f"openai:{EndpointAddress.parse(settings.annotator).model}"
    raise UsageError(
        f"There is no annotator {kind!r}: it is measured, transformers:MODEL_ID_OR_DIR or "
        "openai:BASE_URL#MODEL."
    )


def open_mllm(settings: Settings) -> MultimodalModel:
    """The multimodal LLM that `annotator` names, ready to be asked; loads weights where it runs here.

    Raises:
        UsageError: the annotator is no multimodal LLM, or cannot be used as the settings say.
        ModelMissing: its packages or weights are not on this machine.
    """
    require_mllm(settings)
    if settings.annotator.startswith("openai:"):
        from motionsight_core.mllm._openai import EndpointModel

        return EndpointModel(settings)
    from motionsight_core.mllm._transformers import TransformersModel

    return TransformersModel(settings)


def require_mllm(settings: Settings) -> None:
    """Raises what `open_mllm` would, as far as that can be told without loading or asking the model.

    Raises:
        UsageError: the annotator is no multimodal LLM.
        ModelMissing: its packages or weights are not on this machine.
    """
    name = annotator_name(settings)
    if name == "measured":
        raise UsageError(
            "The annotator `measured` uses no multimodal LLM: name transformers:MODEL_ID_OR_DIR or "
            "openai:BASE_URL#MODEL."
        )
    if name.startswith("transformers:"):
        require_checkpoint(PURPOSE, ModelSource.parse(settings.annotator.removeprefix("transformers:")))
