"""Objects' names as detectors take them: one noun phrase each, though a reply may give several as one."""

from __future__ import annotations

import re

#: Longer names are sentences.
_MAX_CHARACTERS = 60


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_DETERMINER = re.compile(
    r"^(?:an?|the|some|one|two|three|four|five|several|another|his|her|its|their)\s+", re.IGNORECASE
)
#: A comma between digits belongs to a number.
_SEPARATOR = re.compile(r"[;|•、，；،]|(?<!\d),|,(?!\d)|(?<=\w\w) ?/ ?(?=\w\w)")  # noqa: RUF001 such commas are meant
_AND = re.compile(r" (?:and|or|&|\+) ", re.IGNORECASE)
_AND_FIRST = re.compile(r"^(?:and|or|&|\+) ", re.IGNORECASE)
_PARENTHESES = re.compile(r"\([^()]*\)")

#: What begins a remark on the object that was named before: "dog, with a stick".
_REMARKS = _words(
    "in on at with without of by from near under over behind beside between next to "
    "wearing holding carrying riding sitting standing walking running lying who which that"
)
#: What is no object by itself: "large, brown dog". None of them is a noun as well, as orange is.
_ADJECTIVES = _words(
    "black white red green blue yellow brown grey gray pink purple dark light bright pale colorful colourful "
    "big large small little tiny huge long short tall thin thick fat wide narrow round square flat "
    "young old new elderly wooden metallic shiny fluffy furry striped spotted blurred blurry "
    "moving running walking standing sitting left right front rear"
)


def object_names(text: str) -> list[str]:
    """The objects that one name of a reply stands for: "dog, cat and mouse" is three of them.

    A list is what has commas or the like between names. Without these, "and" joins two names only where
    both are one word ("man and dog") or have articles of their own ("a black dog and a cat"): a "salt and
    pepper shaker" is one thing.

    Returns:
        Lower-case phrases without punctuation and article, in their order; empty where there is no name.
    """
    line = " ".join(text.replace("\n", ";").split())
    line = _PARENTHESES.sub(lambda found: _SEPARATOR.sub(" ", found[0]), line)
    parts = _with_what_belongs_to_them([part.strip() for part in _SEPARATOR.split(line) if part.strip()])
    return [name for name in map(_plain, _names_in(parts)) if name]


def _names_in(parts: list[str]) -> list[str]:
    if len(parts) < 2:
        return [name for part in parts for name in _pair(part)]
    if any(map(_AND_FIRST.match, parts)):  # "dog, salt and pepper shaker, and mouse": the last is marked
        return [_AND_FIRST.sub("", part) for part in parts]
    return [*parts[:-1], *_AND.split(parts[-1])]


def _pair(phrase: str) -> list[str]:
    """The names in a phrase without commas, where it is clear that they are several."""
    sides = _AND.split(phrase)
    words = [_DETERMINER.sub("", side).split() for side in sides]
    before_remark = next((i for i, word in enumerate(words[-1]) if word.lower() in _REMARKS), len(words[-1]))
    one_word_each = all(len(side) == 1 for side in words[:-1]) and before_remark == 1
    articles_each = all(map(_DETERMINER.match, sides)) and not any(
        word.lower() in _REMARKS for side in words[:-1] for word in side
    )
    return sides if one_word_each or articles_each else [phrase]


def _with_what_belongs_to_them(parts: list[str]) -> list[str]:
    """The parts of a list that name something, adjectives and remarks put to the name that they belong to."""
    names: list[str] = []
    adjectives: list[str] = []
    for part in parts:
        words = _DETERMINER.sub("", part).lower().split()
        if words and all(word in _ADJECTIVES for word in words):
            adjectives.append(part)
        elif names and words and words[0] in _REMARKS:
            names[-1] = f"{names[-1]} {part}"
        else:
            names.append(" ".join([*adjectives, part]))
            adjectives.clear()
    if adjectives and names:  # "car, red"
        names[-1] = " ".join([*adjectives, names[-1]])
    return names or [" ".join(adjectives)]


def _plain(phrase: str) -> str:
    """Lower case, no punctuation, no article; empty where that is no name."""
    letters = "".join(c if c.isalnum() or c in "-' " else " " for c in phrase)
    name = _DETERMINER.sub("", " ".join(letters.lower().split()).strip("-' "))
    return name if len(name) <= _MAX_CHARACTERS else ""
