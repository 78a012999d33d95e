"""The methods of an evaluation on a worker, with what Beam and the progress bar count of them."""

from __future__ import annotations

from motionsight_core.evaluation.answering import Answering, shared_answering
from motionsight_core.evaluation.work import Evaluation
from transforms._describe import count_step
from transforms.progress import count_answered


def answering_here(evaluation: Evaluation) -> Answering:
    """The methods of this process, with their steps counted. Cheap: the models behind them are shared."""

    def observe(name: str, amount: float) -> None:
        count_step(name, amount)
        if name == "answers":
            count_answered(evaluation.run_id)

    return shared_answering(evaluation, observe)
