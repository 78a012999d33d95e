"""Errors as another package defines them; its decoder is loaded in decoding processes."""

from motionsight_core.errors import ClipError, Corrupt


class FlakyPlugin(ClipError):
    """Not to last."""

    permanent = False


class BrokenSlice(Corrupt):
    """A kind of a kind of ClipError."""


class _Internal(BrokenSlice):
    """One that nobody was to see."""


class Detailed(ClipError):
    """One that a message alone does not make."""

    def __init__(self, part, *, code):
        super().__init__(f"{part} failed with {code}")
        self.permanent = code > 5
