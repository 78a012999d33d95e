"""VQAScore (arXiv 2404.01291): how far a description is true of its frames, by a multimodal LLM.

The score is the probability that the model answers "Yes" to the question whether the frames show what
the description says. It needs the model's probabilities, so the model runs in this process.
"""

from __future__ import annotations

from collections.abc import Sequence

from motionsight_core.clip import FrameSequence
from motionsight_core.dialogue.questions import shows
from motionsight_core.mllm import ScoringModel


def vqa_scores(
    model: ScoringModel, frames: Sequence[FrameSequence], descriptions: Sequence[str]
) -> list[float]:
    """The score of each description against its frames.

    Args:
        model: as `open_mllm` gives it for `transformers:`.
        frames: of each clip, as the model is to see them.
        descriptions: one for each.

    Returns:
        Probabilities of "Yes", 0 to 1.

    Raises:
        ValueError: there is not one description for each clip.
    """
    asked = [shows(seen, told) for seen, told in zip(frames, descriptions, strict=True)]
    return model.yes_probability(asked)
