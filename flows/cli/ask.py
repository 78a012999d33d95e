"""`motionsight ask`: one question about one video."""

from __future__ import annotations

import re
from collections.abc import Sequence
from string import ascii_uppercase

import click

from flows.cli.answers import printable
from motionsight_core.errors import ClipError, RunError, Undecided, UsageError
from motionsight_core.motionsight import MotionSight
from motionsight_core.planning.plan import clips_of
from motionsight_core.settings import Settings


def show_answer(video: str, question: str, options: Sequence[str], settings: Settings) -> None:
    """Print the answer; what it rests on goes to standard error.

    Raises:
        UsageError: there is no such video, or not one, or too few or too many options.
        RunError: the video cannot be decoded, the reply cannot be used, or the measurement does not decide.
    """
    if len(options) == 1 or len(options) > len(ascii_uppercase):
        raise UsageError(f"A multiple choice has 2 to {len(ascii_uppercase)} options, got {len(options)}.")
    if not question.strip():
        raise UsageError("The question is empty.")
    sight = MotionSight(settings)
    sight.require_models()
    try:
        clips = clips_of(video, settings)
        if len(clips) != 1:
            raise UsageError(f"{video} has {len(clips)} clips; a question is asked about one video.")
        answer = sight.answer(clips[0], question, options)
    except Undecided as refusal:
        raise RunError(str(refusal)) from None
    except ClipError as error:
        raise RunError(f"{error.name}: {error}") from None
    letter = "" if answer.choice is None else ascii_uppercase[answer.choice]
    has_its_own = re.match(rf"\s*\(?{letter}[.):]", answer.text, re.IGNORECASE)
    click.echo(
        f"{letter}. {printable(answer.text)}" if letter and not has_its_own else printable(answer.text)
    )
    if answer.evidence:
        click.echo(f"({printable(answer.evidence)})", err=True)
    elif sight.annotator.is_measured:
        click.echo(
            "This is what was measured; to have the question itself answered, name a multimodal LLM "
            "with --set annotator=transformers:... or openai:... .",
            err=True,
        )
    else:
        names = f"; objects: {printable(', '.join(answer.object_names))}" if answer.object_names else ""
        notes = f"; {', '.join(answer.notes)}" if answer.notes else ""
        click.echo(f"(asked as a question about {_ASPECTS[answer.aspect]}{names}{notes})", err=True)


_ASPECTS = {"object": "object motion", "camera": "camera motion", "both": "object and camera motion"}
