"""What is said to the multimodal LLM, and what is made of its replies (sections 3.1 to 3.4).

    from motionsight_core.dialogue import choice_of

    print(choice_of("The answer is B.", ["left", "right"]))  # 1

A change of a wording or of a rule changes what rows say: raise `settings.DIALOGUE_VERSION` with it, for
captions of single objects `settings.INSTANCES_VERSION`.
"""

from __future__ import annotations

from motionsight_core.dialogue.evidence import EvidencePart, evidence_of
from motionsight_core.dialogue.instances import (
    caption_appearance,
    caption_motion,
    caption_of,
    phrase_of,
    tag_object,
    tag_of,
    verdict_of,
    which_object,
)
from motionsight_core.dialogue.questions import (
    ask,
    ask_again,
    caption_camera,
    caption_objects,
    decouple,
    name_again,
    name_objects,
    section,
    shows,
)
from motionsight_core.dialogue.replies import choice_of, clean_text, names_of

__all__ = [
    "EvidencePart",
    "ask",
    "ask_again",
    "caption_appearance",
    "caption_camera",
    "caption_motion",
    "caption_objects",
    "caption_of",
    "choice_of",
    "clean_text",
    "decouple",
    "evidence_of",
    "name_again",
    "name_objects",
    "names_of",
    "phrase_of",
    "section",
    "shows",
    "tag_object",
    "tag_of",
    "verdict_of",
    "which_object",
]
