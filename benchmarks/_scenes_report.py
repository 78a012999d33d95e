"""The tables of `motion_scenes`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np

from benchmarks._scenes_matching import BOX_IOUS, SceneResult
from benchmarks._scenes_scores import (
    box_precision,
    box_recall,
    by_stressor,
    calibration_error,
    counts_right,
    exact,
    move_precision,
    move_recall,
    per_label,
    reliability,
    static_precision,
    static_recall,
    total,
)

_WORST = 40


def report(results: Sequence[SceneResult]) -> str:
    """Everything, as text."""
    parts = [_overall(results), _labels(results), _reliability(results)]
    if any(result.stressors for result in results):
        parts.append(_stressors(results))
    return "\n\n".join([*parts, _kinds(results), _steadiness(results), _worst(results)])


def _overall(results: Sequence[SceneResult]) -> str:
    rates = [error for result in results for error in result.rate_errors] or [0.0]
    boundaries = [error for result in results for error in result.boundary_errors] or [0.0]
    found, objects = total(results, "cuts_found"), total(results, "objects")
    claimed, fades = total(results, "cuts_claimed"), total(results, "cuts_in_dissolves")
    near, none = counts_right(results)
    lines = [
        f"scenes               {len(results)}",
        f"exact label sets     {exact(results)}",
        f"move precision       {move_precision(results)}",
        f"move recall          {move_recall(results)}",
        f"static precision     {static_precision(results)}",
        f"static recall        {static_recall(results)}",
        f"opposite direction   {total(results, 'opposite')}",
        f"parallax labels      {total(results, 'places_right')} of {total(results, 'places_true')} right, "
        f"{total(results, 'places_false')} claimed without parallax",
        f"rate error, median   {np.median(rates):.3f} (relative)",
        f"boundary error       {np.median(boundaries):.3f} s median, "
        f"{np.percentile(boundaries, 90):.3f} s 90th percentile",
        f"cuts                 {found} of {total(results, 'cuts_true')} found, {claimed} claimed, "
        f"{fades} of these in a dissolve or fade",
        f"dissolves and fades  {total(results, 'dissolves_found')} of {total(results, 'dissolves_true')} "
        f"found, {total(results, 'dissolves_claimed')} claimed",
    ]
    for least in BOX_IOUS:
        lines += [
            f"boxes recall     {least} {box_recall(results, least)}",
            f"boxes precision  {least} {box_precision(results, least)}",
        ]
    lines += [
        f"tracks per object    {total(results, 'fragments') / max(objects, 1):.2f} ({objects} objects)",
        f"counts within one    {near}",
        f"no count elsewhere   {none}",
    ]
    return "\n".join(lines)


def _labels(results: Sequence[SceneResult]) -> str:
    lines = ["label        true  claimed  right  precision  recall"]
    for label, true, claimed, right in per_label(results):
        precision, recall = (f"{right / whole:.2f}" if whole else "-" for whole in (claimed, true))
        lines.append(f"{label:<12} {true:4} {claimed:8} {right:6} {precision:>10} {recall:>7}")
    return "\n".join(lines)


def _reliability(results: Sequence[SceneResult]) -> str:
    bins = reliability(results)
    lines = ["confidence   claimed  right  share  mean confidence"]
    for one in bins:
        share = f"{one.right / one.claimed:.2f}" if one.claimed else "-"
        span = f"{one.low:.1f} to {one.high:.1f}"
        lines.append(f"{span:<12} {one.claimed:7} {one.right:6} {share:>6} {one.mean_confidence:16.2f}")
    return "\n".join([*lines, f"expected calibration error {calibration_error(bins):.3f}"])


def _stressors(results: Sequence[SceneResult]) -> str:
    lines = ["stressor         scenes  exact  move precision, recall  boxes recall, precision (IoU 0.3)"]
    for name, group in by_stressor(results).items():
        shares = [exact(group), move_precision(group), move_recall(group)]
        shares += [box_recall(group, 0.3), box_precision(group, 0.3)]
        values = [f"{share.value:.2f}" if share.value is not None else "-" for share in shares]
        lines.append(
            f"{name:<16} {len(group):6} {values[0]:>6} {values[1]:>12} {values[2]:>10} "
            f"{values[3]:>12} {values[4]:>10}"
        )
    return "\n".join(lines)


def _kinds(results: Sequence[SceneResult]) -> str:
    lines = ["kind              exact  of"]
    for kind, count in sorted(Counter(result.kind for result in results).items()):
        right = sum(result.is_exact for result in results if result.kind == kind)
        lines.append(f"{kind:<16} {right:6} {count:3}")
    return "\n".join(lines)


def _steadiness(results: Sequence[SceneResult]) -> str:
    lines = ["steadiness   true -> measured"]
    for (true, said), count in sorted(Counter(result.steadiness for result in results).items()):
        lines.append(f"{true:>12} -> {said:<9} {count}")
    return "\n".join(lines)


def _worst(results: Sequence[SceneResult]) -> str:
    wrong = sorted((one for one in results if one.problems), key=lambda one: -one.badness)
    lines = [f"worst of {len(wrong)} scenes with errors (render one with --only NUMBER --keep DIR)"]
    lines += [f"{one.name} [{' '.join(one.stressors)}]: {'; '.join(one.problems)}" for one in wrong[:_WORST]]
    return "\n".join(lines)
