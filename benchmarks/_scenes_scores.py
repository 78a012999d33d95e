"""The figures over all scenes, from the counts of each."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from benchmarks._scenes_matching import BOX_IOUS, Claim, SceneResult, family


@dataclass(frozen=True)
class Share:
    """A part of a whole."""

    part: int
    whole: int

    @property
    def value(self) -> float | None:
        """None of nothing."""
        return round(self.part / self.whole, 4) if self.whole else None

    def __str__(self) -> str:
        return f"{self.part / self.whole:.3f} ({self.part}/{self.whole})" if self.whole else "- (none)"


@dataclass(frozen=True)
class Bin:
    """Claims of about one confidence."""

    low: float
    high: float
    claimed: int
    right: int
    mean_confidence: float


def exact(results: Sequence[SceneResult]) -> Share:
    """Scenes whose set of moves is right."""
    return Share(sum(result.is_exact for result in results), len(results))


def _moving(results: Iterable[SceneResult]) -> list[Claim]:
    return [claim for result in results for claim in result.claims if claim.label != "static"]


def move_precision(results: Sequence[SceneResult]) -> Share:
    """Claimed moves, static apart, that are right."""
    claims = _moving(results)
    return Share(sum(claim.is_right for claim in claims), len(claims))


def move_recall(results: Sequence[SceneResult]) -> Share:
    """True moves, static apart, that were claimed."""
    true = sum(label != "static" for result in results for label in result.true)
    return Share(sum(claim.is_right for claim in _moving(results)), true)


def static_precision(results: Sequence[SceneResult]) -> Share:
    """Clips said to be static that are."""
    claims = [claim for result in results for claim in result.claims if claim.label == "static"]
    return Share(sum(claim.is_right for claim in claims), len(claims))


def static_recall(results: Sequence[SceneResult]) -> Share:
    """Static clips said to be so."""
    true = [result for result in results if "static" in result.true]
    right = sum(claim.is_right for result in true for claim in result.claims if claim.label == "static")
    return Share(right, len(true))


def box_recall(results: Sequence[SceneResult], least: float) -> Share:
    """True boxes that a claimed one overlaps by at least an IoU."""
    counts = [result.boxes[least] for result in results]
    return Share(sum(one.found for one in counts), sum(one.true for one in counts))


def box_precision(results: Sequence[SceneResult], least: float) -> Share:
    """Claimed boxes that overlap a true one by at least an IoU."""
    counts = [result.boxes[least] for result in results]
    return Share(sum(one.right for one in counts), sum(one.claimed for one in counts))


def reliability(results: Sequence[SceneResult]) -> list[Bin]:
    """The claimed moves, static apart, in tenths of confidence."""
    claims = _moving(results)
    bins = []
    for tenth in range(10):
        mine = [claim for claim in claims if min(int(claim.confidence * 10 + 1e-9), 9) == tenth]
        mean = float(np.mean([claim.confidence for claim in mine])) if mine else 0.0
        right = sum(claim.is_right for claim in mine)
        bins.append(Bin(tenth / 10, (tenth + 1) / 10, len(mine), right, round(mean, 3)))
    return bins


def calibration_error(bins: Sequence[Bin]) -> float:
    """Expected calibration error: mean distance of confidence from the share that is right."""
    total = sum(one.claimed for one in bins)
    errors = (abs(one.right - one.claimed * one.mean_confidence) for one in bins)
    return sum(errors) / total if total else 0.0


def counts_right(results: Sequence[SceneResult]) -> tuple[Share, Share]:
    """Repeating scenes whose count is within one, and other scenes of which no count is claimed."""
    repeating = [result for result in results if result.count_true is not None]
    others = [result for result in results if result.count_true is None]
    near = sum(
        result.count_said is not None and abs(result.count_said - (result.count_true or 0)) <= 1
        for result in repeating
    )
    none = sum(result.count_said is None for result in others)
    return Share(near, len(repeating)), Share(none, len(others))


def by_stressor(results: Sequence[SceneResult]) -> dict[str, list[SceneResult]]:
    """The scenes under each stressor, those under several in several lists; `none` are the plain ones."""
    names = sorted({name for result in results for name in result.stressors})
    groups = {"none": [result for result in results if not result.stressors]}
    groups |= {name: [result for result in results if name in result.stressors] for name in names}
    return {name: group for name, group in groups.items() if group}


def per_label(results: Sequence[SceneResult]) -> list[tuple[str, int, int, int]]:
    """Label up to parallax, how often true, claimed and right."""
    true = Counter(label for result in results for label in result.true)
    claims = [claim for result in results for claim in result.claims]
    claimed = Counter(family(claim.label) for claim in claims)
    right = Counter(family(claim.label) for claim in claims if claim.is_right)
    return [(label, true[label], claimed[label], right[label]) for label in sorted(true | claimed)]


def total(results: Sequence[SceneResult], name: str) -> int:
    """The sum of one count over the scenes."""
    return sum(getattr(result, name) for result in results)


def numbers(results: Sequence[SceneResult]) -> dict[str, Any]:
    """All of it for a JSON file."""
    near, none = counts_right(results)
    bins = reliability(results)
    shares = {
        "exact": exact(results),
        "move_precision": move_precision(results),
        "move_recall": move_recall(results),
        "static_precision": static_precision(results),
        "static_recall": static_recall(results),
        "counts_within_one": near,
        "no_count_elsewhere": none,
        **{f"box_recall_{least}": box_recall(results, least) for least in BOX_IOUS},
        **{f"box_precision_{least}": box_precision(results, least) for least in BOX_IOUS},
    }
    return {
        "scenes": len(results),
        **{name: {**asdict(share), "value": share.value} for name, share in shares.items()},
        "calibration_error": round(calibration_error(bins), 4),
        "reliability": [asdict(one) for one in bins],
        "labels": {label: {"true": t, "claimed": c, "right": r} for label, t, c, r in per_label(results)},
        "each": [asdict(result) for result in results],
    }
