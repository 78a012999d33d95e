"""A chart of lines as one SVG, which Prefect's UI shows where Markdown has it as an image."""

from __future__ import annotations

import base64
import math
from collections.abc import Mapping, Sequence
from html import escape
from typing import TypeAlias

#: x and y; x rises.
Points: TypeAlias = Sequence[tuple[float, float]]

_WIDTH, _HEIGHT = 480, 280
_LEFT, _RIGHT, _TOP, _BOTTOM = 52, 20, 36, 48
_COLOURS = ("#3b5bdb", "#e8590c", "#2b8a3e", "#862e9c")
#: Of a line; more are not told apart at this width.
_MOST_POINTS = 600


def line_chart(lines: Mapping[str, Points], *, x: str) -> str:
    """An SVG of lines over one axis, on white, so that it can be read in a light and in a dark page.

    Args:
        lines: by name; one at least has a point.
        x: what the axis of x counts.
    """
    thinned = {name: _thinned(points) for name, points in lines.items() if points}
    xs = [point[0] for points in thinned.values() for point in points]
    ys = [point[1] for points in thinned.values() for point in points]
    x_ticks, y_ticks = _ticks(min(xs), max(xs)), _ticks(min(ys), max(ys))
    x_range = (min(*xs, x_ticks[0]), max(*xs, x_ticks[-1], min(xs) + 1))
    y_range = (min(*ys, y_ticks[0]), max(*ys, y_ticks[-1]))

    def place(point: tuple[float, float]) -> str:
        across = (point[0] - x_range[0]) / (x_range[1] - x_range[0])
        up = (point[1] - y_range[0]) / (y_range[1] - y_range[0])
        return (
            f"{_LEFT + across * (_WIDTH - _LEFT - _RIGHT):.1f},"
            f"{_HEIGHT - _BOTTOM - up * (_HEIGHT - _TOP - _BOTTOM):.1f}"
        )

    drawn = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{_WIDTH}" height="{_HEIGHT}" '
        f'viewBox="0 0 {_WIDTH} {_HEIGHT}" font-family="sans-serif" font-size="15" fill="#343a40">',
        f'<rect width="{_WIDTH}" height="{_HEIGHT}" fill="#fff"/>',
    ]
    for tick in y_ticks:
        _, _, y = place((x_range[0], tick)).partition(",")
        drawn += [
            f'<line x1="{_LEFT}" x2="{_WIDTH - _RIGHT}" y1="{y}" y2="{y}" stroke="#dee2e6"/>',
            f'<text x="{_LEFT - 8}" y="{y}" dy="0.35em" text-anchor="end">{tick:.4g}</text>',
        ]
    for tick in x_ticks:
        across, _, _ = place((tick, y_range[0])).partition(",")
        drawn.append(
            f'<text x="{across}" y="{_HEIGHT - _BOTTOM + 18}" text-anchor="middle">{tick:,.4g}</text>'
        )
    drawn.append(f'<text x="{_WIDTH // 2}" y="{_HEIGHT - 8}" text-anchor="middle">{escape(x)}</text>')
    for number, (name, points) in enumerate(thinned.items()):
        colour, legend = _COLOURS[number % len(_COLOURS)], _LEFT + 150 * number
        drawn += [
            f'<polyline points="{" ".join(map(place, points))}" fill="none" stroke="{colour}" '
            'stroke-width="2" stroke-linejoin="round"/>',
            f'<circle cx="{legend + 5}" cy="18" r="5" fill="{colour}"/>',
            f'<text x="{legend + 16}" y="18" dy="0.35em">{escape(name)}</text>',
        ]
        if len(points) == 1:  # which draws no line
            cx, _, cy = place(points[0]).partition(",")
            drawn.append(f'<circle cx="{cx}" cy="{cy}" r="3" fill="{colour}"/>')
    return "".join([*drawn, "</svg>"])


def as_markdown(svg: str, described: str) -> str:
    """An SVG as an image that is in the Markdown itself; Prefect's UI drops SVG as HTML."""
    return f"![{described}](data:image/svg+xml;base64,{base64.b64encode(svg.encode()).decode()})"


def _thinned(points: Points) -> Points:
    """At most so many of the points, the first and the last among them."""
    if len(points) <= _MOST_POINTS:
        return points
    last = len(points) - 1
    return [points[round(number * last / (_MOST_POINTS - 1))] for number in range(_MOST_POINTS)]


def _ticks(low: float, high: float) -> list[float]:
    """About five round numbers around a range."""
    if low == high:
        low, high = low - 0.5, high + 0.5
    rough = (high - low) / 5
    size = 10 ** math.floor(math.log10(rough))
    step = next(size * factor for factor in (1, 2, 5, 10) if size * factor >= rough)
    return [step * number for number in range(math.floor(low / step), math.ceil(high / step) + 1)]
