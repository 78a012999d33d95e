"""What a question is: its words and options, its aspect (section 3.1), its kind."""

from __future__ import annotations

from motionsight_core.questions.aspects import Aspect, aspect_by_words, aspect_of_reply, parts_of
from motionsight_core.questions.kinds import FREE_KINDS, KINDS, Kind, kind_by_words, kind_of_reply
from motionsight_core.questions.query import Query

__all__ = [
    "FREE_KINDS",
    "KINDS",
    "Aspect",
    "Kind",
    "Query",
    "aspect_by_words",
    "aspect_of_reply",
    "kind_by_words",
    "kind_of_reply",
    "parts_of",
]
