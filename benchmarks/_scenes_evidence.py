"""What speaks for each claimed camera move, and whether it is right: data to fit confidence on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from benchmarks._scenes_matching import Claim, SceneResult
from motionsight_core.measure import MotionMeasurement


def claims_with_evidence(
    index: int, seed: int, result: SceneResult, measurement: MotionMeasurement
) -> list[dict[str, Any]]:
    """One row for each claimed move of a scene but `static`, ready for JSON.

    A row has the seed and the scene's number and kind, the label, the confidence as it is now, whether the
    label is right up to parallax (`is_right`) and with its very name (`is_exact`), and all of MoveEvidence.
    """
    if not measurement.move_evidence:
        return []
    claims: Sequence[Claim] = result.claims
    return [
        {
            "seed": seed,
            "scene": index,
            "kind": result.kind,
            "stressors": list(result.stressors),
            "label": claim.label,
            "confidence": claim.confidence,
            "is_right": claim.is_right,
            "is_exact": claim.is_exact,
            **asdict(evidence),
        }
        for claim, evidence in zip(claims, measurement.move_evidence, strict=True)
    ]
