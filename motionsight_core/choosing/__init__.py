"""Chooses among the options of a question by what was measured, with no model, or says why it cannot.

A question is read (`question`); its kind says how well each of its claims fits the measurement (`counts`,
`comparing`, `camera_questions`, `objects`, `way_order`, `which`); the option that clearly fits best is chosen
(`decision`).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from motionsight_core.choosing.camera_questions import camera_verdict
from motionsight_core.choosing.comparing import order_comparison, speed_comparison
from motionsight_core.choosing.counts import count_verdict
from motionsight_core.choosing.decision import Choice, Verdict, decide
from motionsight_core.choosing.measured import Measured
from motionsight_core.choosing.objects import edge_verdict, object_verdict
from motionsight_core.choosing.question import Question
from motionsight_core.choosing.way_order import way_order_verdict
from motionsight_core.choosing.which import which_verdict
from motionsight_core.errors import Undecided

__all__ = ["Choice", "Measured", "choose"]

_KINDS: tuple[Callable[[Question, Measured], Verdict | None], ...] = (
    count_verdict,
    speed_comparison,
    camera_verdict,
    order_comparison,
    edge_verdict,
    way_order_verdict,
    which_verdict,
    object_verdict,
)


#: "from 2 s to 4 s".
_AT_TIME = re.compile(r"\b\d+(?:\.\d+)?\s*(?:s|secs?|seconds?)\b")


def choose(question: str, options: Sequence[str], measured: Measured) -> Choice:
    """The option that the measurement decides on.

    Args:
        question: in plain English.
        options: 2 to 26, with or without letters before them.
        measured: what was measured of the clip.

    Raises:
        Undecided: it does not decide; the sentence says why.
        UsageError: there are too few or too many options.
    """
    read = Question.read(question, options)
    if not len(measured.motion.camera_path.t_s):
        raise Undecided("The clip has too few frames to measure motion.")
    if _AT_TIME.search(read.text):
        raise Undecided(
            "The question is about a part of the clip by its seconds; ask about a clip of that part."
        )
    for kind in _KINDS:
        verdict = kind(read, measured)
        if verdict is not None:
            return decide(read, verdict)
    raise Undecided(
        "The question asks for something that is not measured. Ask about camera moves, or the direction, "
        "speed, order or number of what moves, or name a multimodal LLM with annotator=... ."
    )
