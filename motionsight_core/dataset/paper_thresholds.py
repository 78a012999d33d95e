"""The paper's thresholds of C_H, for the sources of MotionVid-QA (arXiv 2506.01674, table 15)."""

from __future__ import annotations

from motionsight_core.dataset.rows import Aspect

#: By source and motion; set by looking at samples, for the scores of the authors' scorer alone.
PAPER_THRESHOLDS: dict[str, dict[Aspect, float]] = {
    "Kinetics-700": {"object": 0.75, "camera": 0.70},
    "ActivityNet": {"object": 0.75, "camera": 0.72},
    "Charades": {"object": 0.72, "camera": 0.70},
    "Charades-Ego": {"object": 0.72, "camera": 0.70},
    "SSV2": {"object": 0.68, "camera": 0.68},
    "OpenVid-1M": {"object": 0.70, "camera": 0.70},
}


def paper_threshold(source: str, aspect: Aspect) -> float | None:
    """The threshold of a source that the paper knows, in whichever case and with or without hyphens.

    Args:
        source: its name.
        aspect: what the description is about.
    """
    return _BY_LETTERS.get(_letters(source), {}).get(aspect)


def _letters(name: str) -> str:
    return "".join(filter(str.isalnum, name)).casefold()


_BY_LETTERS = {_letters(name): thresholds for name, thresholds in PAPER_THRESHOLDS.items()}
