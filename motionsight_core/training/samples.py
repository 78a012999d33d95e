"""Answers of the model before and after it is trained, to the same questions about the same clips."""

from __future__ import annotations

import gc
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Literal

from motionsight_core.clip import FrameSequence
from motionsight_core.dataset.media.places import disk_errors
from motionsight_core.mllm import Reply, open_mllm
from motionsight_core.settings import Settings
from motionsight_core.training.card import asked_with
from motionsight_core.training.examples import Examples, evenly
from motionsight_core.training.frames import conversation
from motionsight_core.training.out_folder import write_whole

FILE = "samples.json"


@dataclass(frozen=True, slots=True)
class Sample:
    """A question about a clip, and what the model says."""

    media: str
    """The clip, as the data set names it."""
    question: str
    reference: str
    """SFT: the answer of the data set. DPO: the description that people chose."""
    before: str
    """What the model that was trained said; the error's name and sentence where it could not."""
    after: str | None = None
    """What the trained model says; None until it is there."""


@dataclass(frozen=True, slots=True)
class Samples:
    """The samples of a training run."""

    split: Literal["validation", "train"]
    """Where they are from: of `train` the model has learned the answers."""
    samples: tuple[Sample, ...]


def read_samples(out: Path) -> Samples | None:
    """Those in the folder of a training run; None where there are none."""
    try:
        written = json.loads((out / FILE).read_text())
    except FileNotFoundError:
        return None
    return Samples(written["split"], tuple(Sample(**one) for one in written["samples"]))


class AnswersCompared:
    """Asks before and after training, and writes what is said into the folder of the run."""

    def __init__(
        self,
        examples: Examples,
        out: Path,
        settings: Settings,
        frames: Callable[[Mapping[str, Any]], FrameSequence],
    ) -> None:
        """Samples of the split validation, or of train where there is none: `training.samples` of them."""
        self._out, self._settings, self._frames = out, settings, frames
        held_back = examples.validation.num_rows > 0
        self._split: Literal["validation", "train"] = "validation" if held_back else "train"
        table = examples.validation if held_back else examples.table
        self._rows = evenly(table, settings.training.samples).to_pylist()
        self._reference = "answer" if examples.stage == "sft" else "chosen"

    def ask_before(self, model: str) -> None:
        """Ask the model that is to be trained, unless a run before this one did.

        Raises:
            RunError: a clip cannot be decoded, or the folder not be written.
        """
        asked = [(row["media"], row["question"], row[self._reference]) for row in self._rows]
        known = read_samples(self._out)
        if known and [(one.media, one.question, one.reference) for one in known.samples] == asked:
            return
        answers = self._answers(model)
        self._write(Sample(*one, before=said) for one, said in zip(asked, answers, strict=True))

    def ask_after(self) -> Samples:
        """Ask the model that training wrote.

        Raises:
            RunError: a clip cannot be decoded, or the folder not be written.
        """
        known = read_samples(self._out)
        before = known.samples if known else ()
        answers = self._answers(str(self._out))
        return self._write(replace(one, after=said) for one, said in zip(before, answers, strict=True))

    def _answers(self, model: str) -> list[str]:
        """What a model says, as `annotator` loads it, under the settings of training."""
        asked = Settings.layered(
            {
                "mllm": {"max_new_tokens": self._settings.mllm.max_new_tokens},
                "runtime": self._settings.runtime.model_dump(exclude_unset=True),
            }
        ).overridden(asked_with(model, self._settings.training))
        _free_gpus()  # of what was trained
        answers = open_mllm(asked).reply([conversation(row, self._frames(row)) for row in self._rows])
        _free_gpus()
        return [one.text if isinstance(one, Reply) else f"{one.name}: {one}" for one in answers]

    def _write(self, samples: Iterable[Sample]) -> Samples:
        found = Samples(self._split, tuple(samples))
        with disk_errors(str(self._out)):
            write_whole(self._out / FILE, json.dumps(asdict(found), indent=2, ensure_ascii=False) + "\n")
        return found


def _free_gpus() -> None:
    """The memory of models that are no more needed, which torch would keep."""
    import torch

    gc.collect()
    if torch.cuda.is_available():
        torch.cuda.empty_cache()
