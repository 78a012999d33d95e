"""Which clips get pictures where not all can: those to look at first, then one of every sort."""

from __future__ import annotations

from collections.abc import Sequence

from motionsight_core.report._selection import Row

#: About 200 KB each: a file that can be mailed.
FEW_CLIPS = 48
#: Agreement of text and measurement below which a row is in doubt.
DOUBTFUL = 0.5


def few(rows: Sequence[Row], count: int = FEW_CLIPS) -> list[Row]:
    """Up to `count` rows: at most a half of them doubtful ones, the others as different as they come."""
    doubtful = sorted(filter(_in_doubt, rows), key=_agreement)[: max(1, count // 2)]
    chosen = {id(row) for row in doubtful}
    groups: dict[tuple[str, ...], list[Row]] = {}
    for row in rows:
        if id(row) not in chosen:
            groups.setdefault(_sort(row), []).append(row)
    places = [group[::-1] for group in groups.values()]
    while len(chosen) < count and places:
        for group in places:
            if len(chosen) < count:
                chosen.add(id(group.pop()))
        places = [group for group in places if group]
    return [row for row in rows if id(row) in chosen]


def _in_doubt(row: Row) -> bool:
    return _agreement(row) < DOUBTFUL or bool(row.get("notes"))


def _agreement(row: Row) -> float:
    agreement = row.get("camera_agreement")
    return 1.0 if agreement is None else float(agreement)


def _sort(row: Row) -> tuple[str, ...]:
    """What makes two clips alike: their moves, their steadiness, whether something moves in them."""
    labels = sorted({move["label"] for move in row["camera_moves"] or []})
    return (*labels, row["steadiness"] or "", "objects" if row["object_tracks"] else "")
