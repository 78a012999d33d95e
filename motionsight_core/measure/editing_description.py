"""How the shots of a clip are joined, told from its cuts, dissolves and fades."""

from __future__ import annotations

from collections.abc import Sequence

from motionsight_core.measure.types import MotionMeasurement
from motionsight_core.measure.wording import listed, moment_s, number, seconds, sentence
from motionsight_core.record import Dissolve

#: More shot changes than this are counted, not told one by one.
MOST_TIMES = 4


def describe_editing(measurement: MotionMeasurement, *, start_s: float, end_s: float) -> list[str]:
    """Sentences on the shot changes from `start_s` to `end_s`, source seconds; none where there are none."""
    least_s = moment_s(start_s, end_s)
    sentences = [_cuts(measurement.cuts)] if measurement.cuts else []
    mixed = [one for one in measurement.dissolves if one.kind == "dissolve"]
    if mixed:
        sentences.append(_dissolves(mixed))
    fades = [one for one in measurement.dissolves if one.kind != "dissolve"]
    if fades and fades[0].kind == "fade_in" and fades[0].start_s - start_s < least_s:
        sentences.append(f"The picture fades in until {seconds(fades.pop(0).end_s)}.")
    last = []
    if fades and fades[-1].kind == "fade_out" and end_s - fades[-1].end_s < least_s:
        last = [f"The picture fades out from {seconds(fades.pop().start_s)} on."]
    return [*sentences, *_fades(fades), *last]


def _cuts(cuts: Sequence[float]) -> str:
    if len(cuts) <= MOST_TIMES:
        return f"The shot changes at {listed([seconds(cut) for cut in cuts])}."
    first, last = seconds(cuts[0]), seconds(cuts[-1])
    return f"The shot changes {number(len(cuts))} times, first at {first} and last at {last}."


def _dissolves(dissolves: Sequence[Dissolve]) -> str:
    spans = [f"from {seconds(one.start_s)} to {seconds(one.end_s)}" for one in dissolves]
    if len(spans) == 1:
        return f"One shot dissolves into another {spans[0]}."
    if len(spans) <= MOST_TIMES:
        return f"Shots dissolve into one another {listed(spans)}."
    first, last = seconds(dissolves[0].start_s), seconds(dissolves[-1].end_s)
    return f"Shots dissolve into one another {number(len(spans))} times between {first} and {last}."


def _fades(fades: Sequence[Dissolve]) -> list[str]:
    """Those inside the clip: out and in again, mostly."""
    if not fades:
        return []
    if len(fades) > 2 * MOST_TIMES:
        first, last = seconds(fades[0].start_s), seconds(fades[-1].end_s)
        outs = sum(one.kind == "fade_out" for one in fades)
        return [f"The picture fades out and in again {number(outs)} times between {first} and {last}."]
    told: list[str] = []
    rest = list(fades)
    while rest:
        one = rest.pop(0)
        if one.kind == "fade_out" and rest and rest[0].kind == "fade_in":
            told.append(f"out and in again from {seconds(one.start_s)} to {seconds(rest.pop(0).end_s)}")
        else:
            way = "out" if one.kind == "fade_out" else "in"
            told.append(f"{way} from {seconds(one.start_s)} to {seconds(one.end_s)}")
    return [sentence(f"the picture fades {listed(told)}")]
