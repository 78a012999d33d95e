"""A question that is put to the method, with what is known of it beforehand."""

from __future__ import annotations

from dataclasses import dataclass
from string import ascii_uppercase

from motionsight_core.errors import UsageError
from motionsight_core.questions.aspects import Aspect
from motionsight_core.questions.kinds import Kind


@dataclass(frozen=True, slots=True)
class Query:
    """One question about a clip.

    Raises:
        UsageError: it is a multiple choice of one option, or of more than there are letters.
    """

    text: str
    """The question alone, in plain words."""
    options: tuple[str, ...] = ()
    """Of a multiple choice, 2 to 26, without their letters; a free question if empty."""
    aspect: Aspect | None = None
    """What it is about, where that is known; None: the model is asked (decoupling, section 3.1)."""
    kind: Kind | None = None
    """Its category for `prompts.by_kind`, where that is known."""
    is_verbatim: bool = False
    """Whether the text states the form of its answer, so that no word is added to it."""

    def __post_init__(self) -> None:
        if self.options and not 2 <= len(self.options) <= len(ascii_uppercase):
            raise UsageError(
                f"A multiple choice has 2 to {len(ascii_uppercase)} options, got {len(self.options)}."
            )
