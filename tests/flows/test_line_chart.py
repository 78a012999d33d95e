"""The chart of a training run's losses."""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest

from flows.operate.line_chart import Points, line_chart
from flows.operate.training_artifacts import losses_in_markdown
from motionsight_core.training.losses import LossFile

SVG = "{http://www.w3.org/2000/svg}"


def drawn(svg: str) -> list[list[tuple[float, float]]]:
    """The points of each line, pixels from the left and from the top."""
    lines = ElementTree.fromstring(svg).iter(f"{SVG}polyline")  # noqa: S314 ours
    return [
        [(float(x), float(y)) for x, y in (point.split(",") for point in line.attrib["points"].split())]
        for line in lines
    ]


def test_lines_share_their_axes_and_lower_is_lower() -> None:
    loss, validation = drawn(line_chart({"loss": [(0, 8), (100, 2)], "<b>": [(50, 5), (100, 2)]}, x="step"))

    assert loss[-1] == validation[-1]
    assert loss[0][1] < validation[0][1] < loss[-1][1]
    assert loss[0][0] < validation[0][0] < loss[-1][0]


@pytest.mark.parametrize("points", [[(1, 0.5)], [(1, 0.5), (2, 0.5)], [(7, -3.0), (8, 1e9)]])
def test_one_point_and_an_even_line_are_drawn_within_the_picture(points: Points) -> None:
    svg = line_chart({"loss": points}, x="step")
    size = ElementTree.fromstring(svg).attrib  # noqa: S314 ours

    (line,) = drawn(svg)

    assert len(line) == len(points)
    assert all(0 <= x <= float(size["width"]) and 0 <= y <= float(size["height"]) for x, y in line)


def test_a_long_run_is_thinned_and_keeps_its_ends() -> None:
    points = [(float(step), 1 / (1 + step)) for step in range(100_000)]

    (line,) = drawn(line_chart({"loss": points}, x="step"))

    (short,) = drawn(line_chart({"loss": [points[0], points[-1]]}, x="step"))
    assert len(line) < 1_000
    assert (line[0], line[-1]) == (short[0], short[-1])


def test_the_table_has_the_steps_of_validations_with_the_loss_of_then() -> None:
    lines = [{"step": step, "steps": 30, "loss": 1 / step} for step in (1, 10, 20, 30)]
    lines.insert(2, {"step": 10, "steps": 30, "validation_loss": 0.5, "validation_accuracy": 0.75})
    lines.append({"step": 30, "steps": 30, "validation_loss": 0.25, "validation_accuracy": 1.0})

    told = losses_in_markdown(lines, LossFile(Path("/data/a|b")))

    assert "| step | loss | validation loss | validation accuracy |" in told
    assert "| 10 | 0.1 | 0.5 | 0.75 |\n| 30 | 0.03333 | 0.25 | 1 |" in told
    assert "](data:image/svg+xml;base64," in told
