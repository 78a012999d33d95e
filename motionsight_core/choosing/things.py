"""Which measured tracks a word of a question means: "the dog", "people", "the vehicle", "it"."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from motionsight_core.errors import Undecided
from motionsight_core.measure.wording import MOMENT_S, listed, number
from motionsight_core.naming.vocabulary import COCO_NAMES, kind_of
from motionsight_core.naming.words import article, noun, plural
from motionsight_core.record import MOVING_REGION, ObjectTrack

#: What stands for whatever moves most.
ANYTHING = "moving object"
#: A track below this share of the first one's score, which is its prominence, is beside the question.
LEAST_SHARE = 0.35

_ANIMALS = ("bird", "cat", "dog", "horse", "sheep", "cow", "elephant", "bear", "zebra", "giraffe")
_VEHICLES = ("car", "truck", "bus", "motorcycle", "bicycle", "train", "boat", "airplane")
#: Other words for the names that tracks have. A woman is looked for as a person: of people no more is known.
_SYNONYMS: dict[str, tuple[str, ...]] = {
    r"m[ae]n|wom[ae]n|boys?|girls?|child(?:ren)?|kids?|bab(?:y|ies)|toddlers?|guys?|lad(?:y|ies)|gentlem[ae]n|"
    r"persons?|people|humans?|someone|somebody|anyone|anybody|individuals?|adults?|pedestrians?|players?|"
    r"athletes?|dancers?|runners?|walkers?|riders?|cyclists?|jugglers?|workers?|performers?|actors?|skiers?|"
    r"surfers?|skaters?|swimmers?|jumpers?|he|she|who": ("person",),
    r"animals?|pets?|creatures?": _ANIMALS,
    r"vehicles?": _VEHICLES,
    r"pupp(?:y|ies)|hounds?": ("dog",),
    r"kittens?": ("cat",),
    r"pon(?:y|ies)": ("horse",),
    r"bulls?|calf|calves|cattle": ("cow",),
    r"lambs?": ("sheep",),
    r"automobiles?|vans?|suvs?|jeeps?|tax[iy]s?|cabs?|sedans?": ("car",),
    r"pick-?ups?|lorr(?:y|ies)": ("truck",),
    r"coach(?:es)?": ("bus",),
    r"bikes?": ("bicycle", "motorcycle"),
    r"motorbikes?|scooters?": ("motorcycle",),
    r"planes?|aeroplanes?|aircrafts?|jets?": ("airplane",),
    r"ships?|sailboats?|canoes?|kayaks?|ferr(?:y|ies)": ("boat",),
    r"locomotives?|trams?": ("train",),
    r"balls?|footballs?|basketballs?|soccer balls?": ("sports ball",),
    r"phones?|smartphones?": ("cell phone",),
    r"objects?|things?|subjects?|regions?|movers?|something|anything|what is moving": (ANYTHING,),
}


def _own_words(name: str) -> str:
    words = {name, noun(name), plural(name)}
    return "|".join(re.escape(word) for word in sorted(words, key=len, reverse=True))


_WORDS: tuple[tuple[re.Pattern[str], tuple[str, ...]], ...] = (
    *((re.compile(rf"\b(?:{_own_words(name)})\b", re.IGNORECASE), (name,)) for name in COCO_NAMES),
    *((re.compile(rf"\b(?:{words})\b"), names) for words, names in _SYNONYMS.items()),
)
_IT = re.compile(r"\b(?:it|they)\b")
#: A thing that is only where somebody goes, or what somebody is with.
_BESIDE = re.compile(
    r"\b(?:towards?|to|into|onto|past|from|away from|near|behind|beside|around|across|over|under|with|of|on|"
    r"in|at|against|through|by|relative to|in front of|out of) (?:(?:the|an?|his|her|its|their) )?(?:\w+ )?$"
)
#: "The speed of the car" is about the car.
_ITS_MOTION = re.compile(
    r"\b(?:speed|pace|direction|motion|movement|path|trajectory|number) of (?:(?:the|an?) )?(?:\w+ )?$"
)


@dataclass(frozen=True, slots=True)
class Thing:
    """What a text speaks of."""

    word: str
    """As it is written."""
    names: tuple[str, ...]
    """Labels of tracks that it may be, or ANYTHING."""
    at: int
    """Where the word begins."""

    @property
    def end(self) -> int:
        """Behind its last letter."""
        return self.at + len(self.word)

    @property
    def is_named(self) -> bool:
        """Whether it is something in particular, not whatever moves."""
        return self.names != (ANYTHING,)


def things_in(text: str) -> list[Thing]:
    """The things that a text in plain lower case names, in its order; the longest word where two overlap.

    Of "an orange car" the car alone, and of "the dog's tail" nothing.
    """
    found = [
        Thing(match[0], names, match.start()) for words, names in _WORDS for match in words.finditer(text)
    ]
    found.sort(key=lambda thing: (thing.at, -len(thing.word)))
    things: list[Thing] = []
    for thing in found:
        if not things or thing.at >= things[-1].end:
            things.append(thing)
    before = {thing.at: text[: thing.at].rstrip() for thing in things}
    heads = {len(before[thing.at]) for thing in things}
    return [thing for thing in things if thing.end not in heads and text[thing.end : thing.end + 2] != "'s"]


def subject_in(text: str) -> Thing | None:
    """What a text is about: the first thing that is not just somewhere in it; None where it names none."""
    before = [(thing, text[: thing.at]) for thing in things_in(text)]
    things = [thing for thing, words in before if _ITS_MOTION.search(words) or not _BESIDE.search(words)]
    if things:
        return things[0]
    it = _IT.search(text)
    return Thing(it[0], (ANYTHING,), it.start()) if it else None


def tracks_of(thing: Thing, tracks: Sequence[ObjectTrack]) -> list[ObjectTrack]:
    """The tracks that a thing may be, the most prominent first. Each of them may be meant.

    Raises:
        Undecided: none may.
    """
    if not tracks:
        raise Undecided(
            f"The question is about {_told(thing)}, and nothing was measured that moves by itself."
        )
    if not thing.is_named:
        return _prominent(tracks)
    alike = frozenset().union(*(kind_of(name) for name in thing.names))
    found = [track for track in tracks if track.label in thing.names]
    found = found or [track for track in tracks if track.label in alike]
    if not found:
        raise Undecided(
            f"The question is about {_told(thing)}, and nothing that moves was recognised as one; there is "
            f"{_recognised(tracks)}. Ask about the object that moves, or name a multimodal LLM with "
            "annotator=... ."
        )
    # What comes where none of these is there may be one of them as well, not recognised.
    perhaps = [
        track
        for track in _prominent(tracks)
        if track.label == MOVING_REGION and not any(_are_together(track, other) for other in found)
    ]
    return [*_prominent(found), *perhaps]


def called(track: ObjectTrack) -> str:
    """ "the dog", "the moving region"."""
    return f"the {noun(track.label)}"


def _are_together(one: ObjectTrack, other: ObjectTrack) -> bool:
    return min(one.end_s, other.end_s) - max(one.start_s, other.start_s) > MOMENT_S


def _prominent(tracks: Sequence[ObjectTrack]) -> list[ObjectTrack]:
    return [track for track in tracks if track.score >= LEAST_SHARE * max(one.score for one in tracks)]


def _told(thing: Thing) -> str:
    return f"what is called {thing.word!r}" if thing.is_named else "an object"


def _recognised(tracks: Sequence[ObjectTrack]) -> str:
    names = list(dict.fromkeys(track.label for track in tracks if track.label != MOVING_REGION))
    unnamed = sum(track.label == MOVING_REGION for track in tracks)
    parts = [f"{article(noun(name))} {noun(name)}" for name in names]
    if unnamed:
        parts.append(f"{number(unnamed)} moving region{'s' if unnamed > 1 else ''} without a name")
    return listed(parts)
