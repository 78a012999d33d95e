"""The multimodal LLM behind one protocol: `transformers:` in process, `openai:` at an endpoint."""

from __future__ import annotations

from motionsight_core.mllm._address import EndpointAddress, key_in
from motionsight_core.mllm._base import (
    Conversation,
    Message,
    MllmBackend,
    MultimodalModel,
    Part,
    Reply,
    ScoringModel,
    replies_as_they_come,
)
from motionsight_core.mllm._chat import sequences
from motionsight_core.mllm._opening import open_mllm, require_mllm
from motionsight_core.mllm._reach import require_endpoint

__all__ = [
    "Conversation",
    "EndpointAddress",
    "Message",
    "MllmBackend",
    "MultimodalModel",
    "Part",
    "Reply",
    "ScoringModel",
    "key_in",
    "open_mllm",
    "replies_as_they_come",
    "require_endpoint",
    "require_mllm",
    "sequences",
]
