"""Kinds of questions about motion: the categories of the benchmarks, which may be prompted differently."""

from __future__ import annotations

import re
from typing import Literal, TypeAlias, get_args

from motionsight_core.questions.aspects import aspect_by_words

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

#: What a free question can be, each with what it asks in a few words.
FREE_KINDS: dict[Kind, str] = {
    "motion_recognition": "what motion or action is seen",
    "location_motion": "where, from where or to where something moves",
    "action_order": "in which order things happen",
    "repetition_count": "how many times a motion is repeated",
    "motion_objects": "which object or person moves or acts",
    "camera_motion": "how the camera moves",
}
#: The first that matches decides; what matches none asks what motion is seen.
_BY_WORDS: dict[Kind, str] = {
    "repetition_count": r"\bhow (?:many times|often|many (?:[\w-]+ ){1,3}(?:are|is|were|does|do|did))\b",
    "action_order": r"\b(?:order|sequence|first|last|before|after|then|finally|next)\b",
    "location_motion": r"\b(?:where|direction|which way|towards?|side|position|path|trajectory)\b",
    "motion_objects": r"\b(?:who|whose|(?:which|what) (?:object|person|people|animal|vehicle|thing))\b",
}


def kind_by_words(question: str) -> Kind:
    """The kind of a question by its own words, one of MotionBench's six."""
    if aspect_by_words(question) == "camera":
        return "camera_motion"
    for kind, words in _BY_WORDS.items():
        if re.search(words, question, re.IGNORECASE):
            return kind
    return "motion_recognition"


def kind_of_reply(text: str) -> Kind | None:
    """The one kind that a reply names, with spaces or underscores; None where it names none or several."""
    said = re.sub(r"[\s_-]+", " ", text.casefold())
    named: list[Kind] = [kind for kind in FREE_KINDS if kind.replace("_", " ") in said]
    return named[0] if len(named) == 1 else None
