"""Decoupling (section 3.1): is a question about object motion, camera motion, or both?"""

from __future__ import annotations

import re
from typing import Literal, TypeAlias

Aspect: TypeAlias = Literal["object", "camera", "both"]


def parts_of(aspect: Aspect) -> tuple[Literal["object", "camera"], ...]:
    """The single aspects of an aspect."""
    return ("object", "camera") if aspect == "both" else (aspect,)


_WORD = re.compile(r"\b(objects?|camera|both)\b", re.IGNORECASE)
#: Words by which people ask about the camera. "Shot", "view" and "frame" are not among them: they
#: stand in questions about objects just as well.
_CAMERA_WORDS = re.compile(
    r"\b(camera|cameraman|lens|zoom\w*|pan(?:s|ned|ning)?|tilt\w*|doll(?:y|ies|ying)|pedestal\w*|"
    r"truck(?:s|ed|ing) (?:left|right)|hand-?held|viewpoint|steadi\w+|shak\w+|film(?:ed|ing))\b",
    re.IGNORECASE,
)
_OBJECT_WORDS = re.compile(
    r"\b(objects?|person|people|man|men|wom[ae]n|child(?:ren)?|animals?|vehicles?|cars?|dogs?|cats?|"
    r"who|someone|something|doing|does|do|happen\w*|acts?|actions?)\b",
    re.IGNORECASE,
)


def aspect_of_reply(text: str) -> Aspect:
    """The aspect that a reply names; `both` where it names none or more than one."""
    found = {word.lower().removesuffix("s") for word in _WORD.findall(text)}
    if found == {"object"}:
        return "object"
    return "camera" if found == {"camera"} else "both"


def aspect_by_words(question: str) -> Aspect:
    """The aspect by the question's own words, where no model is there to ask."""
    if not _CAMERA_WORDS.search(question):
        return "object" if _OBJECT_WORDS.search(question) else "both"
    # "What does the camera do?" has a word for each side, and asks about the camera alone.
    rest = re.sub(r"\b(?:what|how|where|why)?\s*(?:does|do)\b", " ", question, flags=re.IGNORECASE)
    return "both" if _OBJECT_WORDS.search(_CAMERA_WORDS.sub(" ", rest)) else "camera"
