"""`motionsight train`: what is printed while a model is trained, and after."""

from __future__ import annotations

from pathlib import Path

import click

from flows.cli.answers import printable
from motionsight_core.dataset.markdown import plural
from motionsight_core.settings import Settings
from motionsight_core.training import Stage, Trained, Validation, losses, train
from motionsight_core.training.card import asked_with
from motionsight_core.training.samples import FILE, read_samples

_LONGEST = 200


def show_training(stage: Stage, folder: Path, *, model: str, out: Path, settings: Settings) -> None:
    """Train, with a line for each logged loss, and say what came of it.

    Raises:
        UsageError: the data set, the folder or the settings are not fit for it.
        ModelMissing: packages or weights are not on this machine.
        RunError: a clip cannot be decoded, or the folder not be written.
    """

    def report(step: int, steps: int, loss: float) -> None:
        click.echo(losses.told({"step": step, "steps": steps, "loss": loss}), err=True)

    def on_validation(found: Validation) -> None:
        click.echo(f"Step {found.step:,} of {found.steps:,}: {validation_told(found)}", err=True)

    done = train(
        stage, folder, model=model, out=out, settings=settings, report=report, on_validation=on_validation
    )
    for line in told(done, settings):
        click.echo(line)


def told(done: Trained, settings: Settings) -> list[str]:
    """What a run came to, in a few lines; none of a process that others report for."""
    if not done.is_reporting:
        return []
    shown = " ".join(f"--set {one}" for one in asked_with(done.out, settings.training))
    use = f"Use it with {shown}; its card is {done.out / 'README.md'}."
    if done.was_finished:
        return [f"{done.out} holds this run already, finished; nothing was trained.", use]
    resumed = done.resumed_from
    after = "" if resumed is None else f", the last ones from the checkpoint of step {resumed:,}"
    lines = [f"Wrote {done.out}: {plural(done.steps, 'step')} over {plural(done.examples, 'row')}{after}."]
    if done.losses:
        (first, before), (last, now) = done.losses[0], done.losses[-1]
        lines.append(f"Loss: {before:.4g} at step {first:,}, {now:.4g} at step {last:,}.")
    if done.validations:
        last = done.validations[-1]
        lines.append(f"On the split validation at step {last.step:,}: {validation_told(last)}.")
    return [*lines, *_answers(done.out), use]


def _answers(out: Path) -> list[str]:
    """What the model said before and after to one of the questions, and where the others are."""
    samples = read_samples(out)
    if samples is None:
        return []
    one, count = samples.samples[0], len(samples.samples)
    said = {"reference": one.reference, "before": one.before, "after": one.after or ""}
    return [
        f"{plural(count, 'question')} of the split {samples.split}, before and after: {out / FILE}.",
        f"For example of {printable(one.media)}: {_short(one.question)}",
        *(f"  {name}: {_short(text)}" for name, text in said.items()),
    ]


def _short(text: str) -> str:
    line = " ".join(printable(text).split())
    return line if len(line) <= _LONGEST else f"{line[: _LONGEST - 1]}…"


def validation_told(found: Validation) -> str:
    """What a validation came to: its loss, of DPO also how pairs are told apart."""
    told = [f"validation loss {found.loss:.4g}"]
    if found.accuracy is not None and found.margin is not None:
        told += [f"accuracy {found.accuracy:.3g}", f"margin {found.margin:.4g}"]
    return ", ".join(told)
