"""Tiny multimodal LLMs with random weights, written as their authors' checkpoints are.

Every function writes configuration, weights, tokenizer and processor into a directory that
`from_pretrained` and `transformers serve` read like any other. They say gibberish, at once.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import (
    CLIPImageProcessor,
    GenerationConfig,
    InternVLConfig,
    InternVLForConditionalGeneration,
    InternVLProcessor,
    InternVLVideoProcessor,
    LlavaConfig,
    LlavaForConditionalGeneration,
    LlavaProcessor,
    PreTrainedTokenizerFast,
    Qwen2_5_VLConfig,
    Qwen2_5_VLForConditionalGeneration,
    Qwen2_5_VLProcessor,
    Qwen2VLVideoProcessor,
    Qwen3VLConfig,
    Qwen3VLForConditionalGeneration,
    Qwen3VLProcessor,
    Qwen3VLVideoProcessor,
)
from transformers.models.got_ocr2.image_processing_got_ocr2 import GotOcr2ImageProcessor
from transformers.models.qwen2_vl.image_processing_qwen2_vl import Qwen2VLImageProcessor

SENTENCES = (
    "Yes. No. The camera pans left while a man walks towards it.",
    "Frame 0.5: the car turns right; a dog runs across the street.",
    "Describe the motion of every object, with the time when it begins.",
)
QWEN_TOKENS = (
    "<|endoftext|>",
    "<|im_start|>",
    "<|im_end|>",
    "<|vision_start|>",
    "<|vision_end|>",
    "<|vision_pad|>",
    "<|image_pad|>",
    "<|video_pad|>",
)
INTERNVL_TOKENS = (
    "<|endoftext|>",
    "<|im_start|>",
    "<|im_end|>",
    "<img>",
    "</img>",
    "<IMG_CONTEXT>",
    "<video>",
)

#: What the processor calls them.
INTERNVL_NAMES = {
    "start_image_token": "<img>",
    "end_image_token": "</img>",
    "context_image_token": "<IMG_CONTEXT>",
    "video_token": "<video>",
}
#: How the families begin, end and pad their turns.
TURNS = {"eos_token": "<|im_end|>", "pad_token": "<|endoftext|>"}

#: ChatML; what stands for a picture differs from family to family.
CHAT_TEMPLATE = (
    "{% for message in messages %}<|im_start|>{{ message.role }}\n"
    "{% if message.content is string %}{{ message.content }}{% else %}"
    "{% for part in message.content %}"
    "{% if part.type == 'image' %}IMAGE{% elif part.type == 'video' %}VIDEO"
    "{% else %}{{ part.text }}{% endif %}{% endfor %}{% endif %}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)


def tiny_qwen2_5_vl(directory: Path) -> Path:
    """Qwen2.5-VL: pictures of 28x28 to 56x56, two frames of a video to one step in time."""
    tokenizer = _tokenizer(QWEN_TOKENS)
    torch.manual_seed(0)
    model = Qwen2_5_VLForConditionalGeneration(
        Qwen2_5_VLConfig(
            text_config=_qwen_text(tokenizer),
            vision_config={
                "depth": 2,
                "hidden_size": 32,
                "num_heads": 2,
                "intermediate_size": 64,
                "out_hidden_size": 32,
                "fullatt_block_indexes": [1],
                "tokens_per_second": 2,
            },
            **_qwen_ids(tokenizer),
        )
    )
    size = {"shortest_edge": 28 * 28, "longest_edge": 56 * 56}
    processor = Qwen2_5_VLProcessor(
        image_processor=Qwen2VLImageProcessor(size=size),
        tokenizer=tokenizer,
        video_processor=Qwen2VLVideoProcessor(size=size),
        chat_template=_qwen_template(around_video=True),
    )
    return _write(directory, model, processor, tokenizer)


def tiny_qwen3_vl(directory: Path) -> Path:
    """Qwen3-VL: like Qwen2.5-VL, but the times of a video's frames stand in the prompt as text."""
    tokenizer = _tokenizer(QWEN_TOKENS)
    torch.manual_seed(0)
    model = Qwen3VLForConditionalGeneration(
        Qwen3VLConfig(
            text_config=_qwen_text(tokenizer) | {"head_dim": 8},
            vision_config={
                "depth": 2,
                "hidden_size": 32,
                "num_heads": 2,
                "intermediate_size": 64,
                "out_hidden_size": 32,
                "patch_size": 14,
                "num_position_embeddings": 64,
                "deepstack_visual_indexes": [0],
            },
            **_qwen_ids(tokenizer),
        )
    )
    size = {"shortest_edge": 28 * 28, "longest_edge": 56 * 56}
    processor = Qwen3VLProcessor(
        image_processor=Qwen2VLImageProcessor(size=size, patch_size=14),
        tokenizer=tokenizer,
        # A video's size counts the pixels of all of its frames here.
        video_processor=Qwen3VLVideoProcessor(
            size={"shortest_edge": 28 * 28, "longest_edge": 56 * 56 * 16}, patch_size=14
        ),
        chat_template=_qwen_template(around_video=False),
    )
    return _write(directory, model, processor, tokenizer)


def tiny_internvl(directory: Path, *, tokens_across: int = 1) -> Path:
    """InternVL: pictures of 28x28, one token each; large ones would be cut into tiles.

    Args:
        directory: where it is written.
        tokens_across: tokens in a row and in a column of a picture, which is larger by that.
    """
    side, tokens = 28 * tokens_across, tokens_across**2
    tokenizer = _tokenizer(INTERNVL_TOKENS, INTERNVL_NAMES)
    torch.manual_seed(0)
    model = InternVLForConditionalGeneration(
        InternVLConfig(
            text_config={"model_type": "qwen2", **_text(tokenizer)},
            vision_config={
                "hidden_size": 32,
                "num_hidden_layers": 2,
                "num_attention_heads": 2,
                "intermediate_size": 64,
                "image_size": [side, side],
                "patch_size": [14, 14],
            },
            image_token_id=_id(tokenizer, "<IMG_CONTEXT>"),
            image_seq_length=tokens,
            tie_word_embeddings=False,
        )
    )
    size = {"height": side, "width": side}
    processor = InternVLProcessor(
        image_processor=GotOcr2ImageProcessor(size=size),
        tokenizer=tokenizer,
        video_processor=InternVLVideoProcessor(size=size),
        image_seq_length=tokens,
        chat_template=CHAT_TEMPLATE.replace("IMAGE", "<IMG_CONTEXT>").replace("VIDEO", "<video>"),
    )
    return _write(directory, model, processor, tokenizer)


def tiny_llava(directory: Path) -> Path:
    """LLaVA: pictures of 28x28, four tokens each; takes no video."""
    tokenizer = _tokenizer(("<|endoftext|>", "<|im_start|>", "<|im_end|>", "<image>"))
    torch.manual_seed(0)
    model = LlavaForConditionalGeneration(
        LlavaConfig(
            text_config={"model_type": "llama", **_text(tokenizer)},
            vision_config={
                "model_type": "clip_vision_model",
                "hidden_size": 32,
                "intermediate_size": 64,
                "num_hidden_layers": 2,
                "num_attention_heads": 2,
                "image_size": 28,
                "patch_size": 14,
            },
            image_token_index=_id(tokenizer, "<image>"),
            tie_word_embeddings=False,
        )
    )
    processor = LlavaProcessor(
        image_processor=CLIPImageProcessor(size={"shortest_edge": 28}, crop_size={"height": 28, "width": 28}),
        tokenizer=tokenizer,
        patch_size=14,
        vision_feature_select_strategy="default",
        num_additional_image_tokens=1,
        image_token="<image>",  # noqa: S106
        chat_template=CHAT_TEMPLATE.replace("IMAGE", "<image>"),
    )
    return _write(directory, model, processor, tokenizer)


def _tokenizer(special: tuple[str, ...], named: dict[str, str] | None = None) -> PreTrainedTokenizerFast:
    """Byte-level BPE in which "Yes" and "No" are single tokens."""
    bpe = Tokenizer(models.BPE())
    bpe.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    bpe.decoder = decoders.ByteLevel()
    bpe.train_from_iterator(
        SENTENCES * 4,
        trainers.BpeTrainer(
            vocab_size=400, show_progress=False, initial_alphabet=pre_tokenizers.ByteLevel.alphabet()
        ),
    )
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=bpe, extra_special_tokens=named or {}, **TURNS)
    tokens: Any = [AddedToken(token, special=True) for token in special]
    tokenizer.add_tokens(tokens, special_tokens=True)
    return tokenizer


def _text(tokenizer: PreTrainedTokenizerFast) -> dict[str, Any]:
    return {
        "vocab_size": len(tokenizer),
        "hidden_size": 32,
        "intermediate_size": 64,
        "num_hidden_layers": 2,
        "num_attention_heads": 4,
        "num_key_value_heads": 2,
        "max_position_embeddings": 4096,
        # Large, so that greedy choices are far from ties.
        "initializer_range": 0.3,
        "bos_token_id": None,
        "eos_token_id": tokenizer.eos_token_id,
        "pad_token_id": tokenizer.pad_token_id,
    }


def _qwen_text(tokenizer: PreTrainedTokenizerFast) -> dict[str, Any]:
    # The sections, of time, height and width, sum to half of a head.
    rope = {"rope_type": "default", "rope_theta": 10_000.0, "mrope_section": [2, 1, 1]}
    return _text(tokenizer) | {"rope_parameters": rope}


def _qwen_ids(tokenizer: PreTrainedTokenizerFast) -> dict[str, Any]:
    return {
        "image_token_id": _id(tokenizer, "<|image_pad|>"),
        "video_token_id": _id(tokenizer, "<|video_pad|>"),
        "vision_start_token_id": _id(tokenizer, "<|vision_start|>"),
        "vision_end_token_id": _id(tokenizer, "<|vision_end|>"),
        "tie_word_embeddings": False,
    }


def _qwen_template(*, around_video: bool) -> str:
    video = "<|vision_start|><|video_pad|><|vision_end|>" if around_video else "<|video_pad|>"
    image = "<|vision_start|><|image_pad|><|vision_end|>"
    return CHAT_TEMPLATE.replace("IMAGE", image).replace("VIDEO", video)


def _write(directory: Path, model: Any, processor: Any, tokenizer: PreTrainedTokenizerFast) -> Path:
    # Knobs of sampling, as published checkpoints bring them: a greedy caller must not trip over them.
    model.generation_config = GenerationConfig(
        do_sample=True,
        temperature=0.1,
        top_p=0.9,
        top_k=20,
        repetition_penalty=1.05,
        eos_token_id=[tokenizer.eos_token_id, tokenizer.pad_token_id],
        pad_token_id=tokenizer.pad_token_id,
    )
    model.save_pretrained(directory)
    processor.save_pretrained(directory)
    return directory


def _id(tokenizer: PreTrainedTokenizerFast, token: str) -> int:
    return tokenizer.get_added_vocab()[token]
