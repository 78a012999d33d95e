"""One multiple-choice question, before its options have letters."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class AskedQuestion:
    """A question about a video, with its right option among wrong ones."""

    category: str
    """One of MotionBench's kinds of questions."""
    text: str
    options: tuple[str, ...]
    """As they were put together, mostly four: the file has them in an order of its own."""
    right: int
    """Position of the right one."""

    def ordered(self, position: int, others: tuple[int, ...]) -> tuple[str, ...]:
        """The options as they are listed.

        Args:
            position: of the right one in the list.
            others: positions in `options` of the wrong ones, in the list's order.
        """
        listed = [self.options[other] for other in others]
        listed.insert(position, self.options[self.right])
        return tuple(listed)
