"""Questions about objects: which way they go, how fast, and which of them is faster."""

from __future__ import annotations

import re
from collections.abc import Sequence

from motionsight_core.choosing.decision import Fit, Verdict
from motionsight_core.choosing.measured import Measured, each
from motionsight_core.choosing.question import Question
from motionsight_core.choosing.speed_words import change_fits, speaks_of_change, speaks_of_speed, speed_fits
from motionsight_core.choosing.things import Thing, called, subject_in, things_in
from motionsight_core.choosing.ways import LEAST_WAY, Way, way_fit, ways_in
from motionsight_core.errors import Undecided
from motionsight_core.measure.wording import OBJECT_SPEEDS
from motionsight_core.record import ObjectTrack

#: Words of going somewhere.
_GOES = (
    r"mov(?:es?|ed|ing|ements?)|motion|go(?:es|ing)?|went|walk\w*|run(?:s|ning)?|ran|travel\w*|driv(?:es?|ing)|"
    r"drove|fl(?:y|ies|ying|ew)|swim\w*|rid(?:es?|ing)|rode|slid\w*|cross\w*|head(?:s|ed|ing)|roll\w*|drift\w*|"
    r"com(?:es?|ing)|came|jump\w*|leap\w*|sail\w*|float\w*|fall\w*|ris\w+|climb\w*|pass(?:es|ed|ing)?|proceed\w*|"
    r"approach\w*|march\w*|crawl\w*|skat\w+|glid\w+|trajector\w+"
)
_MOTION = re.compile(rf"\b(?:{_GOES})\b")
_DIRECTION = re.compile(r"\b(?:which|what) (?:way|direction)|\bdirections?\b|\bwhere(?: to)?\b")
#: Parts of a body, and what is done in place: their direction is not the track's.
_OF_PARTS = re.compile(
    r"\b(?:hands?|arms?|legs?|feet|foot|heads?|face[sd]?|facing|eyes?|look\w*|gaz\w+|fingers?|tail|point\w*|turn\w*|"
    r"rotat\w+|spin\w*|throw\w*|kick\w*|hit\w*|wav\w+|side of|lean\w*|bend\w*)\b"
)
_IN_PICTURE = re.compile(r"\b(?:in|of|on|across) the (?:frame|picture|screen|image|video frame)\b")
_FASTER = re.compile(r"\b(?:fast(?:er|est)|quick(?:er|est)|slow(?:er|est)|more (?:quickly|slowly|rapidly))\b")
_SLOWER = re.compile(r"\bslow(?:er|est|ly)\b")
_SAME = re.compile(r"\b(?:same|equal\w*|both|no difference)\b")
#: Ratio of two speeds from which on one is surely the higher.
_SURE_RATIO = 1.6


def comparison_verdict(question: Question, measured: Measured) -> Verdict | None:
    """Which of several things is faster; None for any other question.

    Raises:
        Undecided: one of the things is not among those measured.
    """
    if question.is_yes_no or not _FASTER.search(question.text):
        return None
    named = [_named(claim) for claim in question.claims]
    if sum(thing is not None for thing in named) < 2:
        return None
    if len({thing.names for thing in named if thing}) < 2:
        raise Undecided(
            "The options name things that are not told apart by what is measured: people, animals, vehicles."
        )
    speeds = [None if thing is None else _speeds(measured.tracks(thing), measured) for thing in named]
    known = [speed for speed in speeds if speed is not None]
    sign = -1 if _SLOWER.search(question.text) else 1
    fits: list[Fit] = []
    for index, speed in enumerate(speeds):
        if speed is None:
            fits.append(None)
            continue
        others = [one for one in known if one is not speed]
        # Against every other thing, whichever of its tracks is meant.
        ratios = [(a / max(b, 1e-6)) ** sign for other in others for a in speed for b in other]
        fits.append(max(0.0, min(1.0, 0.5 + 0.5 * (min(ratios) - 1) / (_SURE_RATIO - 1))))
        fits[index] = fits[index]
    told = "; ".join(
        f"the {thing.word} moves at {', '.join(f'{one:.2f}' for one in speed)} frame widths per second"
        for thing, speed in zip(named, speeds, strict=True)
        if thing is not None and speed is not None
    )
    return Verdict((tuple(fits),), told)


def object_verdict(question: Question, measured: Measured) -> Verdict | None:
    """Which way, or how fast, the subject of a question goes; None for any other question.

    Raises:
        Undecided: its subject is not among what was measured, or cannot be told.
    """
    is_speed = speaks_of_speed(question.text) or (
        not question.is_yes_no and all(speaks_of_speed(claim) for claim in question.claims)
    )
    goes = bool(_MOTION.search(question.text) or _DIRECTION.search(question.text))
    if _OF_PARTS.search(question.text) or not (is_speed or goes):
        return None
    if is_speed and not (question.is_yes_no or any(ways_in(claim) - {"still"} for claim in question.claims)):
        return _speed(question, _subject_tracks(question, measured), measured)
    if question.is_yes_no:
        return _yes_no(question, measured)
    claimed = [_claimed(claim) for claim in question.claims]
    if sum(bool(ways) for ways in claimed) < 2:
        return None
    tracks = _subject_tracks(question, measured)
    readings = [
        tuple(way_fit(ways, way) for ways in claimed)
        for track in tracks
        for way in _ways(question, track, measured)
    ]
    return Verdict(tuple(readings), _told(tracks, question, measured))


def _named(claim: str) -> Thing | None:
    return next(iter(things_in(claim)), None) if not _SAME.search(claim) else None


def _subject_tracks(question: Question, measured: Measured) -> list[ObjectTrack]:
    subject = subject_in(question.text)
    if subject is None:
        raise Undecided(
            "The question names nothing that is recognised or measured; ask about a person, an animal, a vehicle "
            "or the object that moves."
        )
    return measured.tracks(subject)


def _claimed(text: str) -> frozenset[str]:
    """The directions of an option; none where they are those of a part of a body."""
    return frozenset() if _OF_PARTS.search(text) else ways_in(text)


def _ways(question: Question, track: ObjectTrack, measured: Measured) -> list[Way]:
    """A track's way in the picture, and that over the ground where both can be meant."""
    seen = measured.in_picture(track)
    if _IN_PICTURE.search(question.text):
        return [seen]
    gone = measured.over_ground(track)
    # What the camera follows stays in the picture, and goes for everybody who looks at it.
    return [gone] if seen.length < LEAST_WAY <= gone.length else [seen, gone]


def _yes_no(question: Question, measured: Measured) -> Verdict | None:
    claimed = _claimed(question.text)
    moves = _MOTION.search(question.text)
    if is_change := speaks_of_change([question.text]):
        claimed = frozenset()
    if not claimed and not moves and not is_change:
        return None
    tracks = _subject_tracks(question, measured)
    readings: list[tuple[Fit, ...]] = []
    for track in tracks:
        for way in _ways(question, track, measured):
            if is_change:
                readings.append(tuple(change_fits([question.text], way.early, way.late)))
            elif claimed:
                readings.append((way_fit(claimed, way),))
            elif re.search(r"\b(?:is|are|does|do) (?:the )?\w+(?: \w+)? (?:mov\w+)$", question.text):
                readings.append((1.0,))  # a track is of what moves
            else:
                return None
    return Verdict(tuple(readings), _told(tracks, question, measured))


def _told(tracks: Sequence[ObjectTrack], question: Question, measured: Measured) -> str:
    texts = []
    for track in tracks:
        ways = _ways(question, track, measured)
        text = ways[0].told()
        if len(ways) > 1 and ways[1].told() != text:
            text += f" in the picture, and {ways[1].told()} without the camera's motion"
        texts.append(text)
    return each(tracks, texts)


def _speed(question: Question, tracks: Sequence[ObjectTrack], measured: Measured) -> Verdict:
    ways = [(track, way) for track in tracks for way in _ways(question, track, measured)]
    limits = [limit for limit, _ in OBJECT_SPEEDS]
    if speaks_of_change((*question.claims, question.text)):
        readings = [tuple(change_fits(question.claims, way.early, way.late)) for _, way in ways]
        told = "; ".join(
            f"{called(track)} moves at {way.early:.2f} at first and at {way.late:.2f} at last (frame widths per second)"
            for track, way in ways
        )
    else:
        readings = [tuple(speed_fits(question.claims, way.speed, limits)) for _, way in ways]
        told = "; ".join(
            f"{called(track)} moves at {way.speed:.2f} frame widths per second" for track, way in ways
        )
    return Verdict(tuple(readings), told)


def _speeds(tracks: Sequence[ObjectTrack], measured: Measured) -> list[float]:
    return [measured.over_ground(track).speed for track in tracks]
