"""Which clips get pictures."""

from __future__ import annotations

from typing import Any

from motionsight_core.report._choice import few


def row(name: str, label: str = "static", agreement: float | None = None) -> dict[str, Any]:
    return {
        "name": name, "camera_moves": [{"label": label}], "steadiness": "smooth", "object_tracks": [],
        "camera_agreement": agreement, "notes": [],
    }  # fmt: skip


def names(rows: list[dict[str, Any]]) -> list[str]:
    return [row["name"] for row in rows]


def test_a_catalog_that_is_small_enough_is_shown_whole_and_in_order() -> None:
    rows = [row(str(number)) for number in range(10)]
    assert few(rows, 10) == rows


def test_every_sort_of_clip_is_among_the_few() -> None:
    rows = [row(f"common {number}") for number in range(50)] + [
        row("zoom", "zoom_in"),
        row("roll", "roll_cw"),
    ]
    assert {"zoom", "roll", "common 0"} <= set(names(few(rows, 4)))
    assert len(few(rows, 4)) == 4


def test_doubtful_rows_come_first_but_take_no_more_than_half() -> None:
    rows = [row(f"sure {number}") for number in range(20)]
    rows += [row(f"doubtful {number}", "pan_left", agreement=0.01 * number) for number in range(20)]
    chosen = names(few(rows, 10))
    assert {f"doubtful {number}" for number in range(5)} <= set(chosen)
    assert len([name for name in chosen if name.startswith("sure")]) >= 2
