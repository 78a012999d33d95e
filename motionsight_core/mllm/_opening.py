"""From the setting `annotator` to the multimodal LLM that it names; nothing heavy is imported before."""

from __future__ import annotations

from motionsight_core.annotator import Annotator
from motionsight_core.errors import UsageError
from motionsight_core.mllm._address import EndpointAddress
from motionsight_core.mllm._base import PURPOSE, MultimodalModel
from motionsight_core.models.presence import require_checkpoint
from motionsight_core.models.source import ModelSource
from motionsight_core.settings import Settings


def open_mllm(settings: Settings) -> MultimodalModel:
    """The multimodal LLM that `annotator` names, ready to be asked; loads weights where it runs here.

    Raises:
        UsageError: the annotator is no multimodal LLM, or cannot be used as the settings say.
        ModelMissing: its packages or weights are not on this machine.
    """
    require_mllm(settings)
    annotator = Annotator.parse(settings.annotator)
    return annotator.backend(annotator.model, settings)


def require_mllm(settings: Settings) -> None:
    """Raises what `open_mllm` would, as far as that can be told without loading or asking the model.

    Raises:
        UsageError: the annotator is no multimodal LLM.
        ModelMissing: its packages or weights are not on this machine.
    """
    annotator = Annotator.parse(settings.annotator)
    check = getattr(annotator.backend, "check", None)
    if check:
        check(annotator.model, settings)


class _Transformers:
    """`transformers:MODEL_ID_OR_DIR[@REVISION]`."""

    in_process = True

    def __call__(self, model: str, settings: Settings) -> MultimodalModel:
        from motionsight_core.mllm._transformers import TransformersModel

        return TransformersModel(settings)

    def check(self, model: str, settings: Settings) -> None:
        require_checkpoint(PURPOSE, ModelSource.parse(model))

    def column(self, model: str) -> str:
        return ModelSource.parse(model).location


class _OpenAI:
    """`openai:BASE_URL#MODEL`."""

    in_process = False

    def __call__(self, model: str, settings: Settings) -> MultimodalModel:
        from motionsight_core.mllm._openai import EndpointModel

        return EndpointModel(settings)

    def check(self, model: str, settings: Settings) -> None:
        EndpointAddress.parse(model)
        if settings.mllm.video_tokens != "all":
            raise UsageError(
                f"mllm.video_tokens={settings.mllm.video_tokens} works with models in this process "
                "(transformers:MODEL_ID_OR_DIR). For an endpoint set it to all; with "
                "endpoint.frames_as=video the server's own pruning of video tokens applies."
            )

    def column(self, model: str) -> str:
        return EndpointAddress.parse(model).model

    def recipe(self, model: str) -> str:
        """Where an endpoint listens changes no row; which model it serves does."""
        return "#" + model.rpartition("#")[2]

    def address(self, model: str) -> EndpointAddress:
        return EndpointAddress.parse(model)


TRANSFORMERS, OPENAI = _Transformers(), _OpenAI()
