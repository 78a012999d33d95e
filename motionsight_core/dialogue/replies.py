"""What is made of the MLLM's replies. A reply is hostile until read: it may be anything, and stays data."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from contextlib import suppress
from string import ascii_uppercase
from typing import Any

from json_repair import repair_json

from motionsight_core.dialogue.object_names import object_names
from motionsight_core.errors import BadReply

#: A description is a paragraph; what is longer than this is a model that ran away.
MAX_CHARACTERS = 20_000
#: More names are a list of everything in the picture.
_MAX_NAMES = 24
#: Deeper nesting than any right reply has; parsers recurse.
_MAX_BRACKETS = 2_000

#: What models that think aloud write before the answer.
_THOUGHTS = re.compile(r"\s*<think>.*?</think>", re.DOTALL)
_FENCE = re.compile(r"```(?:json\w*)?\s*\n(.*?)```", re.DOTALL | re.IGNORECASE)
_COMMENT = re.compile(r"^\s*(?://|#).*$|/\*.*?\*/|(?<=[\s,\]}])//[^\n\"]*$", re.MULTILINE | re.DOTALL)


def clean_text(text: str) -> str:
    """A description as it goes into a row: printable text, lines kept, without thoughts aloud.

    Raises:
        BadReply: nothing is left, or it is longer than any description.
    """
    if len(text) > MAX_CHARACTERS:
        raise BadReply(f"The reply has {len(text)} characters; a description has at most {MAX_CHARACTERS}.")
    plain = _THOUGHTS.sub("", text).replace("\r\n", "\n")
    kept = "".join(character for character in plain if _belongs(character))
    lines = [" ".join(line.split()) for line in kept.split("\n")]
    cleaned = re.sub(r"\n{2,}", "\n", "\n".join(lines)).strip()
    if not any(character.isalnum() for character in cleaned):
        raise BadReply("The reply is empty." if not cleaned else f"The reply has no word: {cleaned[:40]!r}.")
    return cleaned


def _belongs(character: str) -> bool:
    """No control characters, no invisible formatting (bidirectional overrides), no lone surrogates."""
    return character in "\n\t" or unicodedata.category(character) not in ("Cc", "Cf", "Cs", "Co", "Cn")


def names_of(text: str) -> tuple[str, ...]:
    """The acting objects of an action-group reply, each once, in its order; empty where nothing acts.

    Read tolerantly: fenced, with comments or trailing commas, with prose around it.

    Raises:
        BadReply: there are no groups in it.
    """
    if len(text) > MAX_CHARACTERS:
        raise BadReply(f"The reply has {len(text)} characters, too many for a list of objects.")
    reason = BadReply("There is no JSON in the reply.")
    for found in json_in(text):
        try:
            return _names_in(found)
        except BadReply as error:
            reason = error
    raise reason


def _names_in(found: Any) -> tuple[str, ...]:
    groups = found.get("groups", found.get("action_groups")) if isinstance(found, dict) else found
    if isinstance(found, dict) and groups is None and "objects" in found:
        groups = [found]
    if not isinstance(groups, list):
        raise BadReply('There is no JSON object with "groups" in it.')
    names: dict[str, None] = {}
    for group in groups:
        objects = group.get("objects") if isinstance(group, dict) else group
        if isinstance(objects, str):
            objects = [objects]
        if not isinstance(objects, list):
            raise BadReply('A group has no list "objects".')
        for item in objects:
            said = item.get("name") if isinstance(item, dict) else item
            if isinstance(said, str):
                names.update(dict.fromkeys(object_names(said)))
    return tuple(names)[:_MAX_NAMES]


def json_in(text: str) -> Iterator[Any]:
    """The JSON values that a reply may hold: in its fence, its first object, its first list.

    Raises:
        BadReply: it is nested more deeply than any right reply.
    """
    text = _THOUGHTS.sub("", text)
    if sum(map(text.count, "{[")) > _MAX_BRACKETS:
        raise BadReply("The JSON in the reply is nested too deeply.")
    fenced = _FENCE.search(text)
    for body in (fenced[1] if fenced else "", text):
        end = max(body.rfind("}"), body.rfind("]"))
        for start in map(body.find, "{["):
            if 0 <= start < end:
                with suppress(ValueError, RecursionError):  # damaged beyond repair is as good as none
                    yield repair_json(_COMMENT.sub("", body[start : end + 1]), return_objects=True)


def choice_of(text: str, options: Sequence[str]) -> int:
    """Which option a reply chose, strictly: a letter by itself, "the answer is B", or an option's own text.

    Returns:
        Position in `options`.

    Raises:
        BadReply: it names no option, or more than one.
    """
    said = re.sub(r"[*_`]", "", _THOUGHTS.sub("", text[:MAX_CHARACTERS])).strip()
    letters = ascii_uppercase[: len(options)]
    alone = re.match(rf"^[(\[]?([{letters}{letters.lower()}])(?:[)\].:,]|$)", said)
    answers = re.findall(rf"(?i:\banswer\s*(?:is\s*:?|:)\s*(?:option\s*)?)[(\[]?([{letters}])(?![\w'])", said)
    texts = [position for position, option in enumerate(options) if _bare(said) == _bare(option)]
    chosen = {letters.index(letter) for letter in answers}
    if not chosen and alone:
        others = re.findall(rf"(?<![\w'])[(\[]?([{letters}])(?:[)\].:,]|$)", said[alone.end() :])
        chosen = {letters.index(alone[1].upper()), *map(letters.index, others)}
    chosen = chosen or set(texts)
    if len(chosen) != 1:
        raise BadReply(f"The reply names {'no' if not chosen else 'more than one'} option: {said[:80]!r}.")
    return chosen.pop()


def _bare(text: str) -> str:
    return " ".join(re.sub(r"[^\w\s]", " ", text).casefold().split())
