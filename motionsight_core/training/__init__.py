"""Training a multimodal LLM on a data set of `motionsight dataset`: SFT, then DPO.

    from pathlib import Path
    from motionsight_core import Settings
    from motionsight_core.training import train

    train("sft", Path("data"), model="Qwen/Qwen2.5-VL-7B-Instruct", out=Path("sft"), settings=Settings())

torch, trl and peft (extra `train`) are imported when training begins.
"""

from __future__ import annotations

from motionsight_core.training.examples import Examples, Stage, read_examples
from motionsight_core.training.outcome import OnValidation, Progress, Trained, Validation
from motionsight_core.training.run import train

__all__ = [
    "Examples",
    "OnValidation",
    "Progress",
    "Stage",
    "Trained",
    "Validation",
    "read_examples",
    "train",
]
