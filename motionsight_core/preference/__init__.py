"""People's preferences: pairs of descriptions, what people choose, and how far they agree.

    from motionsight_core.preference import ChoiceLog, agreement, decided, read_pairs

    pairs = read_pairs("dataset")
    choices = ChoiceLog.read("dataset")
    print(decided(choices), agreement(choices))

The server of the page is `flows.prefer`; what is here needs no server.
"""

from __future__ import annotations

from motionsight_core.preference.agreement import Agreement, AnnotatorAgreement, agreement
from motionsight_core.preference.choices import Choice, ChoiceLog, annotator_name
from motionsight_core.preference.decisions import Decision, decided
from motionsight_core.preference.pairs import Pair, read_pairs
from motionsight_core.preference.sides import left_side, ordered

__all__ = [
    "Agreement",
    "AnnotatorAgreement",
    "Choice",
    "ChoiceLog",
    "Decision",
    "Pair",
    "agreement",
    "annotator_name",
    "decided",
    "left_side",
    "ordered",
    "read_pairs",
]
