"""How probable "Yes" is as the first token of a reply, from an endpoint's log-probabilities."""

from __future__ import annotations

import math
from typing import Any

from motionsight_core.errors import BadReply, ClipError, ModelUnavailable, one_line
from motionsight_core.mllm._answer import choice_of

#: Tokens whose log-probability is asked for; OpenAI and, unless told otherwise, vLLM give no more.
TOP_TOKENS = 20

#: Fields of a request that is answered with the first token's probabilities. The temperature and `top_p`
#: leave the model's distribution as it is, also at a server that reports it after sampling's changes.
FIELDS = {"max_tokens": 1, "temperature": 1.0, "top_p": 1.0, "logprobs": True, "top_logprobs": TOP_TOKENS}

WITHOUT = (
    "The endpoint gives no log-probabilities, from which a score is made: serve the model with vLLM or "
    "SGLang, or score with transformers:MODEL_ID_OR_DIR."
)


def reads_yes(token: str) -> bool:
    """Whether a token reads "yes", in whichever case and with or without space around."""
    return token.strip().casefold() == "yes"


def yes_of(completion: Any) -> float | ClipError:
    """The probability of "Yes", 0 to 1, in the body of a chat completion, which the SDK does not check.

    What is not among the most probable tokens counts as zero; where "No" is not among them either, the model
    was about to say something else, and there is no score.
    """
    choice = choice_of(completion)
    if isinstance(choice, ClipError):
        return choice
    positions = getattr(getattr(choice, "logprobs", None), "content", None)
    tokens = (
        getattr(positions[0], "top_logprobs", None) if isinstance(positions, list) and positions else None
    )
    if not isinstance(tokens, list) or not tokens:
        return ModelUnavailable(WITHOUT)
    try:
        probabilities = [(str(one.token), math.exp(min(float(one.logprob), 0.0))) for one in tokens]
    except (AttributeError, TypeError, ValueError):
        return BadReply("The endpoint's log-probabilities are not those of a chat completion.")
    if not any(reads_yes(token) or token.strip().casefold() == "no" for token, _ in probabilities):
        likeliest = one_line(max(probabilities, key=lambda one: one[1])[0], most=40)
        return BadReply(
            f'The model was about to begin with "{likeliest}", neither Yes nor No; where a model '
            "thinks first, switch that off in mllm.extra_body."
        )
    return min(1.0, sum(probability for token, probability in probabilities if reads_yes(token)))
