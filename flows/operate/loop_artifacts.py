"""What people see of a turn of the loop: one summary, in Prefect's UI and on a terminal."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping

from prefect.artifacts import create_markdown_artifact

from flows.operate.artifacts import code, plain
from flows.runs.loop import AFTER, BEFORE, Comparison, TrainedStage, Turn
from motionsight_core.dataset.markdown import plural
from motionsight_core.evaluation.table import Row

LOOP_KEY = "motionsight-loop"


def show_turn(turn: Turn) -> None:
    """The artifact of a turn that has ended."""
    create_markdown_artifact(key=LOOP_KEY, markdown=summary(turn), description=headline(turn))


def headline(turn: Turn) -> str:
    """What came of it, in a line."""
    if turn.comparison is not None and turn.comparison.overall is not None:
        before, after = turn.comparison.overall
        return (
            f"{_percent(before)} % right before training, {_percent(after)} % after: "
            f"{turn.comparison.title}, {plural(turn.comparison.questions, 'question')}"
        )
    if not turn.trained:
        return f"Nothing was trained in {turn.loop.folder}"
    return f"Trained {turn.model}, which was not evaluated"


def summary(turn: Turn) -> str:
    """A turn in Markdown: what each step came to, before and after, what was skipped, and how to go on."""
    # No table: in Prefect's UI its cells do not break their lines, and what is long would be cut off.
    lines = [f"## {plain(headline(turn))}", "", *(f"- **{step}**: {said}" for step, said in _steps(turn))]
    if turn.comparison is not None:
        lines += ["", *_comparison(turn.comparison)]
    if turn.remarks:
        lines += ["", "### Skipped, or in doubt", "", *(f"- {plain(remark)}" for remark in turn.remarks)]
    if turn.trained:
        lines += ["", *_next(turn)]
    return "\n".join(lines) + "\n"


def _steps(turn: Turn) -> Iterator[tuple[str, str]]:
    annotated, data = turn.annotated, turn.data
    yield (
        "annotated",
        f"{plural(annotated.videos, 'video')} in the source; in the warehouse "
        f"{plural(annotated.clips, 'clip')} and {plural(annotated.failures, 'failure')} of the recipe "
        f"{code(annotated.recipe)}, by {code(annotated.annotator)}",
    )
    if turn.scorer is not None:
        means = "; ".join(
            f"{aspect} {tally.scored:,} of {tally.described:,}"
            + ("" if tally.mean is None else f", mean {tally.mean:.3f}")
            for aspect, tally in turn.scores.items()
        )
        yield "scored", f"{means}; by {code(turn.scorer)}"
    dropped = f"; rows left out: {_counts(data.dropped)}" if data.dropped else ""
    yield (
        "data set",
        f"{plural(data.clips, 'clip')}; questions: {_counts(data.questions)}; "
        f"{plural(data.pairs, 'pair')} to choose from, decided: {_counts(data.preferences)}{dropped}; "
        f"{code(str(turn.loop.data))}",
    )
    for stage in turn.trained:
        yield stage.stage, _training(stage)


def _training(stage: TrainedStage) -> str:
    losses = (
        f"; {name.replace('_', ' ')} {before:.4g} at step {first:,}, {now:.4g} at step {last:,}"
        for name, ((first, before), (last, now)) in sorted(stage.losses.items())
    )
    return f"{plural(stage.steps, 'step')}{''.join(losses)}; {code(str(stage.model))}"


def _counts(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{name} {count:,}" for name, count in sorted(counts.items())) or "none"


def _comparison(comparison: Comparison) -> Iterator[str]:
    yield "### Before and after"
    yield ""
    if not comparison.rows:
        yield "No question says which answer is right, so nothing is scored."
        return
    yield "| category | before, % | after, % | difference | 95 % interval | questions |"
    yield "| --- | ---: | ---: | ---: | --- | ---: |"
    before = {row.category: row for row in comparison.rows if row.arm == BEFORE}
    for row in comparison.rows:
        if row.arm == AFTER:
            yield (
                f"| {plain(row.category or '(none)')} | {_percent(before[row.category].accuracy)} | "
                f"{_percent(row.accuracy)} | {100 * (row.difference or 0):+.1f} | {_interval(row)} | "
                f"{row.questions:,} |"
            )
    yield ""
    yield (
        f"With visual prompts, by the score {comparison.score}; a question without a reply counts as wrong. "
        "The interval is a bootstrap over videos: few say little."
    )
    if comparison.plain:
        shares = ", ".join(f"{_percent(comparison.plain[name])} {name}" for name in comparison.plain)
        yield ""
        yield f"Without visual prompts: {shares}."


def _next(turn: Turn) -> Iterator[str]:
    yield "### The next turn"
    yield ""
    yield "This model annotates, in another folder:"
    yield ""
    yield "```toml"
    # What JSON and TOML write alike.
    yield f"annotator = {json.dumps(f'transformers:{turn.model}')}"
    yield ""
    if turn.mllm:
        yield "[mllm]"
        yield from (f"{name} = {json.dumps(value)}" for name, value in turn.mllm.items())
        yield ""
    yield "[loop]"
    yield f"out = {json.dumps(f'{turn.loop.folder}-next')}"
    yield "```"


def _percent(share: float) -> str:
    return f"{100 * share:.1f}"


def _interval(row: Row) -> str:
    if row.low is None or row.high is None:
        return ""
    return f"{100 * row.low:+.1f} to {100 * row.high:+.1f}"
