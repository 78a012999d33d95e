"""Names of things as English nouns: with an article, and in the plural."""

from __future__ import annotations

#: Names that do not read as nouns for one thing.
_NOUNS = {
    "broccoli": "piece of broccoli",
    "hair drier": "hair dryer",
    "mouse": "computer mouse",
    "remote": "remote control",
    "scissors": "pair of scissors",
    "skis": "pair of skis",
    "sports ball": "ball",
    "tv": "TV",
}
_PLURALS = {
    "computer mouse": "computer mice",
    "knife": "knives",
    "pair of scissors": "pairs of scissors",
    "pair of skis": "pairs of skis",
    "person": "people",
    "piece of broccoli": "pieces of broccoli",
    "sheep": "sheep",
}
#: Letters that are spoken unlike they are written, at the beginning of a word.
_SPOKEN_AS_CONSONANT = ("uni", "use", "usu", "eu", "one")
_SPOKEN_AS_VOWEL = ("heir", "hono", "hour")


def noun(name: str) -> str:
    """The noun for one of what is called so, such as "ball" of "sports ball"."""
    return _NOUNS.get(name, name)


def plural(name: str) -> str:
    """The noun for several, such as "people" of "person"."""
    one = noun(name)
    if one in _PLURALS:
        return _PLURALS[one]
    if one.endswith(("s", "sh", "ch", "x", "z")):
        return f"{one}es"
    return f"{one}s"


def article(text: str) -> str:
    """a or an, as the text begins."""
    start = text.lower()
    if start.startswith(_SPOKEN_AS_VOWEL):
        return "an"
    vowel = start[:1] in tuple("aeiou") and not start.startswith(_SPOKEN_AS_CONSONANT)
    return "an" if vowel else "a"
