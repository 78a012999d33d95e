"""GroundingDINO by its authors' code, for their checkpoints: `groundingdino:CHECKPOINT#CONFIG`."""

from __future__ import annotations

import ast
import contextlib
import threading
import warnings
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import torch
from huggingface_hub.constants import HF_HUB_CACHE
from numpy.typing import NDArray
from PIL import Image
from torchvision.transforms.functional import normalize, to_tensor
from transformers import AutoTokenizer, BertConfig, BertModel

from motionsight_core.errors import ModelMissing
from motionsight_core.models.source import ModelSource, device_of, loading, require_all_weights
from motionsight_core.referring._grounding import PromptedDetector
from motionsight_core.referring._original import loading_original, weights_of
from motionsight_core.settings import ReferringSettings, Settings

#: The authors' preprocessing: shorter side, and the most that the longer one may become, pixels.
SHORTER_SIDE, LONGER_SIDE = 800, 1333
_MEAN, _STD = [0.485, 0.456, 0.406], [0.229, 0.224, 0.225]
# Their decoder uses a name of autocast that torch warns of at every call.
warnings.filterwarnings("ignore", category=FutureWarning, module=r"groundingdino\.")

#: Functions of the authors' modules are replaced while a model is built.
_building = threading.Lock()


class OriginalGroundingDino(PromptedDetector):
    """Finds named objects with GroundingDINO (arXiv 2303.05499)."""

    #: Their text enhancer repeats the batch's masks head by head where attention wants them frame by
    #: frame, so that a name is seen through another prompt's mask.
    mixes_prompts = False

    def __init__(self, model: Any, device: torch.device, settings: ReferringSettings) -> None:
        super().__init__(device, settings)
        self._model = model

    @classmethod
    def load(cls, checkpoint: Path, config: Path, settings: Settings) -> OriginalGroundingDino:
        """From a checkpoint of the authors and the Python file that describes its model.

        Raises:
            ModelMissing: it does not load, or the text encoder's tokenizer is not there.
        """
        device = device_of(settings)
        with loading_original("detector", checkpoint):
            options = _options(config)
            model = _build(options)
            # Some published weights belong to the training only: more than the model has is no fault.
            missing, _ = model.load_state_dict(weights_of(checkpoint), strict=False)
            require_all_weights(missing)
        return cls(model.to(device).eval(), device, settings.referring)

    def _tokens_of(self, text: str) -> int:
        return len(self._model.tokenizer(text, add_special_tokens=False)["input_ids"])

    def _prepare(self, frames: list[NDArray[np.uint8]], texts: list[str]) -> Any:
        from groundingdino.datasets.transforms import resize
        from groundingdino.util.misc import nested_tensor_from_tensor_list

        images = []
        for frame in frames:
            resized, _ = resize(Image.fromarray(frame), None, SHORTER_SIDE, LONGER_SIDE)
            images.append(normalize(to_tensor(np.array(resized)), _MEAN, _STD))
        return nested_tensor_from_tensor_list(images), texts

    def _predict(self, inputs: Any) -> tuple[torch.Tensor, torch.Tensor]:
        images, texts = inputs
        outputs = self._model(images.to(self._device), captions=texts)
        return outputs["pred_logits"], outputs["pred_boxes"]


class _BertConfig(BertConfig):
    @property
    def use_return_dict(self) -> bool:
        """Always; the authors' wrapper asks for it by a name of which transformers 5 warns."""
        return True


class _Bert(BertModel):
    """A BertModel with the three methods that the authors' wrapper takes over, gone in transformers 5."""

    def get_extended_attention_mask(
        self, attention_mask: torch.Tensor, input_shape: Any = None, device: Any = None
    ) -> torch.Tensor:
        """[B, 1, L or 1, L] to be added to attention scores, of a mask [B, L] or [B, L, L] of ones."""
        mask = attention_mask[:, None, None, :] if attention_mask.dim() == 2 else attention_mask[:, None]
        mask = mask.to(self.dtype)
        return (1.0 - mask) * torch.finfo(self.dtype).min

    def invert_attention_mask(self, encoder_attention_mask: torch.Tensor) -> torch.Tensor:
        """Taken over by the wrapper, used in decoders only."""
        return self.get_extended_attention_mask(encoder_attention_mask)

    def get_head_mask(self, head_mask: Any, num_hidden_layers: int) -> Any:
        """No head is masked."""
        return head_mask


def _options(config: Path) -> SimpleNamespace:
    """The settings of a model: assignments of plain values, read and not run.

    Raises:
        ValueError: it holds anything else.
    """
    options: dict[str, Any] = {}
    for statement in ast.parse(config.read_text(encoding="utf-8"), str(config)).body:
        match statement:
            case ast.Assign(targets=[ast.Name(id=name)], value=value):
                try:
                    options[name] = ast.literal_eval(value)
                except ValueError:
                    raise ValueError(f"{config} computes {name}; only plain values are read") from None
            case ast.Expr(value=ast.Constant()):
                pass  # a docstring
            case _:
                raise ValueError(f"line {statement.lineno} of {config} does not assign a plain value")
    # Recomputing activations saves memory in training and only costs time here.
    return SimpleNamespace(**{**options, "use_checkpoint": False, "use_transformer_ckpt": False})


def _build(options: SimpleNamespace) -> Any:
    with _building, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of timm's and torch's names that their code uses
        from groundingdino.models import build_model

        with _own_text_encoder():
            return build_model(options)


@contextlib.contextmanager
def _own_text_encoder() -> Iterator[None]:
    """The authors' code takes its text encoder from here: theirs loads weights that the checkpoint brings."""
    import groundingdino.util.get_tokenlizer as authors

    theirs = authors.get_tokenlizer, authors.get_pretrained_language_model
    authors.get_tokenlizer, authors.get_pretrained_language_model = _tokenizer, _text_encoder
    try:
        yield
    finally:
        authors.get_tokenlizer, authors.get_pretrained_language_model = theirs


def _tokenizer(text_encoder_type: str) -> Any:
    with _loading_text_encoder(text_encoder_type):
        return AutoTokenizer.from_pretrained(text_encoder_type)


def _text_encoder(text_encoder_type: str) -> _Bert:
    """The text encoder without its weights, which the checkpoint brings."""
    with _loading_text_encoder(text_encoder_type):
        return _Bert(_BertConfig.from_pretrained(text_encoder_type))


@contextlib.contextmanager
def _loading_text_encoder(text_encoder_type: str) -> Iterator[None]:
    # The authors' configs say bert-base-uncased, an old id without an owner.
    is_old_id = "/" not in text_encoder_type and not Path(text_encoder_type).is_dir()
    try:
        with loading("text encoder", ModelSource(text_encoder_type)):
            yield
    except ModelMissing as error:
        if not is_old_id:
            raise
        raise ModelMissing(
            f"The detector's text encoder {text_encoder_type} is not on this machine (looked in "
            f"{HF_HUB_CACHE}) and could not be downloaded. Fetch it where there is a network: "
            f"hf download {text_encoder_type}, or name a directory that holds it as text_encoder_type in "
            "the detector's CONFIG."
        ) from error
