"""VQAScore (arXiv 2404.01291): how far a description is true of its frames, by a multimodal LLM.

The score is the probability that the model answers "Yes" to the question whether the frames show what
the description says.
"""

from __future__ import annotations

from collections.abc import Sequence

from motionsight_core.clip import FrameSequence
from motionsight_core.dialogue.questions import shows
from motionsight_core.errors import ClipError
from motionsight_core.mllm import ScoringModel


def vqa_scores(
    model: ScoringModel, frames: Sequence[FrameSequence], descriptions: Sequence[str]
) -> list[float | ClipError]:
    """The score of each description against its frames.

    Args:
        model: as `open_mllm` gives it for `transformers:` and `openai:`.
        frames: of each description, as the model is to see them.
        descriptions: one for each.

    Returns:
        Probabilities of "Yes", 0 to 1, in order, or why there is none.

    Raises:
        UsageError: the model has no token for "Yes".
        ValueError: there is not one description for each sequence of frames.
    """
    asked = [shows(seen, told) for seen, told in zip(frames, descriptions, strict=True)]
    return model.yes_probability(asked)
