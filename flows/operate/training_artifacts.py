"""What operators see of a training run in Prefect's UI: its losses, and answers before and after."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path

from prefect.artifacts import create_markdown_artifact

from flows.operate.artifacts import code, plain, shown_progress
from flows.operate.line_chart import as_markdown, line_chart
from motionsight_core.dataset.markdown import plural, table
from motionsight_core.training.card import answers
from motionsight_core.training.losses import Line, LossFile
from motionsight_core.training.samples import read_samples

LOSSES_KEY = "motionsight-training"
SAMPLES_KEY = "motionsight-training-answers"
#: Rows of the table beside the chart; all of them are in the file.
_ROWS = 20
_ABOUT_STEPS = ("step", "steps")


class StepsShown(ExitStack):
    """A progress artifact of steps, kept up to date within the block; it begins with the first of them."""

    def __init__(self) -> None:
        super().__init__()
        self._step: int | None = None

    def at(self, step: int, steps: int, *, after: int = 0) -> None:
        """Tell how far it is.

        Args:
            step: that is done.
            steps: how many there are.
            after: the step from which this run went on.
        """
        begun = self._step is not None
        self._step = step
        if begun:
            return
        progress = shown_progress(
            f"Training, from step {after:,} on" if after else "Training",
            total=max(1, steps - after),
            unit="steps",
            done=lambda: (self._step or 0) - after,
        )
        self.enter_context(progress)


def show_losses(out: Path) -> None:
    """The artifact of a run's losses so far, as a chart and a table; none where there are none."""
    file = LossFile(out)
    lines = file.read()
    if not lines:
        return
    last = lines[-1]
    create_markdown_artifact(
        key=LOSSES_KEY,
        markdown=losses_in_markdown(lines, file),
        description=f"Step {last['step']:,} of {last['steps']:,}: {_from_to(lines, _names(lines)[0])}",
    )


def show_samples(out: Path) -> None:
    """The artifact of answers before and after training; none where none were asked for."""
    samples = read_samples(out)
    if samples is None:
        return
    create_markdown_artifact(
        key=SAMPLES_KEY,
        markdown="\n\n".join(answers(samples, plain=plain)),
        description=f"{plural(len(samples.samples), 'question')} of the split {samples.split}, answered "
        "before and after training",
    )


def losses_in_markdown(lines: list[Line], file: LossFile) -> str:
    """A chart with a line for each kind of loss, and a table of steps: those of validations, if there are."""
    names = _names(lines)
    losses = [name for name in names if name.endswith("loss")]
    series = {_words(name): [(line["step"], line[name]) for line in lines if name in line] for name in losses}
    chart = as_markdown(line_chart(series, x="step"), "; ".join(_from_to(lines, name) for name in losses))
    steps = sorted({line["step"] for line in lines if names[-1] in line})
    chosen = {steps[round(number * (len(steps) - 1) / (_ROWS - 1))] for number in range(_ROWS)}
    rows = [[f"{step:,}", *(_figure(lines, step, name) for name in names)] for step in sorted(chosen)]
    return "\n\n".join(
        [
            f"## Losses of {code(str(file.path.parent))}",
            chart,
            table(["step", *map(_words, names)], rows),
            f"All of them are in {code(str(file.path))}.",
        ]
    )


def _names(lines: list[Line]) -> list[str]:
    """What the lines tell beside steps, in the order in which it first appears."""
    return list(dict.fromkeys(name for line in lines for name in line if name not in _ABOUT_STEPS))


def _figure(lines: list[Line], step: int, name: str) -> str:
    """The last one up to a step."""
    found = [line[name] for line in lines if name in line and line["step"] <= step]
    return f"{found[-1]:.4g}" if found else ""


def _from_to(lines: list[Line], name: str) -> str:
    found = [line[name] for line in lines if name in line]
    return f"{_words(name)} {found[0]:.4g} at first, {found[-1]:.4g} at last"


def _words(name: str) -> str:
    return name.replace("_", " ")
