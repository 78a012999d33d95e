"""Kinds of questions about motion: the categories of the benchmarks, which may be prompted differently."""

from __future__ import annotations

from typing import Literal, TypeAlias, get_args

#: The six categories of MotionBench (arXiv 2501.02955), then those that FAVOR-Bench (arXiv 2503.14935) adds.
Kind: TypeAlias = Literal[
    "motion_recognition",
    "location_motion",
    "action_order",
    "repetition_count",
    "motion_objects",
    "camera_motion",
    "action_sequence",
    "holistic_action",
    "single_action",
    "multiple_actions",
    "non_subject_motion",
]
KINDS: tuple[Kind, ...] = get_args(Kind)
