"""Chooses among the options of a question by what was measured, with no model; refuses where that does not decide.

Top to bottom: a question is read (`question`), the first kind of question that it is says how well each of its
claims fits the measurement (`camera_questions`, `counts`, `order`, `objects`), and the one that clearly fits
best is chosen (`decision`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from motionsight_core.choosing.camera_questions import camera_verdict
from motionsight_core.choosing.counts import count_verdict
from motionsight_core.choosing.decision import Choice, Verdict, decide
from motionsight_core.choosing.measured import Measured
from motionsight_core.choosing.objects import comparison_verdict, object_verdict
from motionsight_core.choosing.order import edge_verdict, order_verdict
from motionsight_core.choosing.question import Question
from motionsight_core.errors import Undecided

__all__ = ["Choice", "Measured", "choose"]

_KINDS: tuple[Callable[[Question, Measured], Verdict | None], ...] = (
    count_verdict,
    comparison_verdict,
    camera_verdict,
    order_verdict,
    edge_verdict,
    object_verdict,
)


def choose(question: str, options: Sequence[str], measured: Measured) -> Choice:
    """The option that the measurement decides on.

    Args:
        question: in plain English, about camera moves, or the direction, speed, order or number of what moves.
        options: 2 to 26, with or without letters before them.
        measured: what was measured of the clip.

    Raises:
        Undecided: it does not decide; the sentence says why.
        UsageError: there are too few or too many options.
    """
    read = Question.read(question, options)
    if not len(measured.motion.camera_path.t_s):
        raise Undecided("The clip has too few frames to measure motion.")
    for kind in _KINDS:
        verdict = kind(read, measured)
        if verdict is not None:
            return decide(read, verdict)
    raise Undecided(
        "The question asks for something that is not measured; measured are camera moves, and the direction, speed, "
        "order and number of what moves. Ask a multimodal LLM with annotator=transformers:... or openai:... ."
    )
