"""A model's reply as questions. It is hostile until read: what is no question is told, and left out."""

from __future__ import annotations

import re
import unicodedata
from typing import Any

from motionsight_core.benchmark_questions.asked import AskedQuestion
from motionsight_core.benchmark_questions.letters import OPTIONS
from motionsight_core.dialogue.replies import MAX_CHARACTERS, json_in
from motionsight_core.errors import BadReply, one_line
from motionsight_core.evaluation.motionbench import KINDS

#: A longer text is no question, and no option.
_MOST_CHARACTERS = 300
#: A right option so much longer than the longest wrong one gives itself away: a ratio, and characters more.
_LONGER, _LONGER_BY = 1.5, 12
_LETTER = re.compile(r"\(?[A-H][.):]\s+")
_OF_OPTIONS = re.compile(
    r"(?:all|none|both|any|either|neither) of (?:the|these|them)\b|\b(?:options?|answers?) [A-H]\b|"
    r"\bas described\b|\bdescriptions?\b",
    re.IGNORECASE,
)


def questions_of(reply: str, *, most: int) -> list[AskedQuestion | BadReply]:
    """The questions of a reply in its order, each as it is asked or why it is not.

    Args:
        reply: as it came.
        most: questions that were asked for.

    Raises:
        BadReply: it holds no list of questions.
    """
    if len(reply) > MAX_CHARACTERS:
        raise BadReply(f"The reply has {len(reply)} characters, too many for a list of questions.")
    for found in json_in(reply):
        asked = found.get("questions") if isinstance(found, dict) else found
        if isinstance(asked, list) and all(isinstance(one, dict) for one in asked):
            return _questions(asked, most)
    raise BadReply('There is no JSON object with a list "questions" in the reply.')


def _questions(asked: list[dict[str, Any]], most: int) -> list[AskedQuestion | BadReply]:
    found: list[AskedQuestion | BadReply] = []
    texts: set[str] = set()
    for number, one in enumerate(asked):
        try:
            if number >= most:
                raise BadReply(f"It is more than the {most} questions that were asked for.")
            question = _question(one)
            if _bare(question.text) in texts:
                raise BadReply("It is asked twice.")
            texts.add(_bare(question.text))
            found.append(question)
        except BadReply as reason:
            found.append(reason)
    return found


def _question(asked: dict[str, Any]) -> AskedQuestion:
    category = " ".join(str(asked.get("category", "")).split())
    named = {_bare(one): one for one in KINDS}.get(_bare(category))
    if named is None:
        raise BadReply(f"Its category {one_line(category, most=40)!r} is none of {', '.join(KINDS)}.")
    text = _text(asked.get("question"), "question")
    answer = _text(asked.get("answer"), "answer", is_option=True)
    wrong = asked.get("wrong")
    if not isinstance(wrong, list) or len(wrong) < OPTIONS - 1:
        raise BadReply(f"It has fewer than {OPTIONS - 1} wrong options.")
    options = (answer, *(_text(one, "wrong option", is_option=True) for one in wrong[: OPTIONS - 1]))
    if len(set(map(_bare, options))) < OPTIONS:
        raise BadReply("Two of its options are the same.")
    longest = max(map(len, options[1:]))
    if len(answer) > _LONGER * longest and len(answer) > longest + _LONGER_BY:
        raise BadReply("Its right option is so much longer than the others that it gives itself away.")
    if any(_OF_OPTIONS.search(one) for one in (text, *options)):
        raise BadReply("It speaks of its own options, or of the descriptions.")
    if _bare(answer) in _bare(text):
        raise BadReply("The question holds its right option.")
    return AskedQuestion(named, text, options, 0)


def _text(value: Any, what: str, *, is_option: bool = False) -> str:
    """One line of printable text, an option without its letter."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        value = str(value)
    if not isinstance(value, str):
        raise BadReply(f"Its {what} is no text.")
    kept = "".join(one if _belongs(one) else " " for one in value[: 10 * _MOST_CHARACTERS])
    text = " ".join(kept.split())
    if is_option:
        text = _LETTER.sub("", text, count=1) if _LETTER.match(text) else text
        text = text.removesuffix(".")
    if not any(letter.isalnum() for letter in text):
        raise BadReply(f"Its {what} is empty.")
    if len(text) > _MOST_CHARACTERS:
        raise BadReply(f"Its {what} has more than {_MOST_CHARACTERS} characters.")
    return text


def _belongs(letter: str) -> bool:
    return unicodedata.category(letter) not in ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp")


def _bare(text: str) -> str:
    return " ".join(re.sub(r"[^\w\s]", " ", text).casefold().split())
