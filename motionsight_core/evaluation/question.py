"""A benchmark's question, whichever file it was read from."""

from __future__ import annotations

from dataclasses import dataclass

from motionsight_core.questions.aspects import Aspect
from motionsight_core.questions.kinds import Kind


@dataclass(frozen=True, slots=True)
class Question:
    """One question about one video, or a part of it."""

    question_id: str
    """Unique in its annotations file."""
    video: str
    """Name of the video below the folder of the benchmark's videos, with `/` between parts."""
    text: str
    """The question alone, without its options."""
    options: tuple[str, ...] = ()
    """Texts of the options, without letters; empty for a free question."""
    answer: int | None = None
    """Position of the right option; None where the file does not say (a test split)."""
    category: str = ""
    """The benchmark's own name for what is asked, as its tables print it."""
    aspect: Aspect = "both"
    """What its category is about: the route `label` prompts the frames for it."""
    kind: Kind | None = None
    """Its category in our words, for `prompts.by_kind`; None where the benchmark has other categories."""
    start_s: float | None = None
    """Where the part of the video begins that is asked about, seconds; None: at its start."""
    end_s: float | None = None
    """Where that part ends, seconds; None: at the video's end."""
    group: str = ""
    """Questions of one group may be scored together, where a benchmark does that."""
