"""Questions about one object: which way it goes, at which edge it comes or leaves, how fast it is."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from motionsight_core.choosing.camera_phrases import has_unread_words
from motionsight_core.choosing.decision import LEAST_FIT, Fit, Verdict
from motionsight_core.choosing.measured import Measured, each
from motionsight_core.choosing.phrases import phrases
from motionsight_core.choosing.question import Question
from motionsight_core.choosing.speed_words import change_fits, speaks_of_change, speaks_of_speed, speed_fits
from motionsight_core.choosing.things import called, subject_in, things_in
from motionsight_core.choosing.ways import LEAST_WAY, Way, way_fit, ways_in, without_ways
from motionsight_core.errors import Undecided
from motionsight_core.measure.track_path import TrackPath
from motionsight_core.measure.wording import OBJECT_SPEEDS
from motionsight_core.record import ObjectTrack

#: Words of going somewhere.
_GOES = phrases(
    "mov(?:es?|ed|ing|ements?)", "motion", "go(?:es|ing)?", "get(?:s|ting)?", "went", r"walk\w*",
    "run(?:s|ning)?", "ran", r"travel\w*", "driv(?:es?|ing)", "drove", "fl(?:y|ies|ying|ew)",
    r"swim\w*", "rid(?:es?|ing)", "rode",
    r"slid\w*", r"cross\w*", "head(?:s|ed|ing)", r"roll\w*", r"drift\w*", "com(?:es?|ing)", "came",
    r"jump\w*", r"leap\w*", r"sail\w*", r"float\w*", r"fall\w*", r"ris\w+", r"climb\w*",
    "pass(?:es|ed|ing)?", r"proceed\w*", r"approach\w*", r"march\w*", r"crawl\w*", r"skat\w+", r"glid\w+",
    r"trajector\w+",
)  # fmt: skip
_DIRECTION = phrases("(?:which|what) (?:way|direction)", "directions?", "where(?: to)?")
#: What is only a part of a body, or done in place: its direction is not the track's.
_OF_PARTS = phrases(
    "hands?", "arms?", "legs?", "feet", "foot", "heads?(?= of|$)", "face[sd]?", "facing", "eyes?",
    r"look\w*", r"gaz\w+", "fingers?", "tail", r"point\w*", r"turn\w*", r"rotat\w+", r"spin\w*",
    r"throw\w*", r"kick\w*", r"hit\w*", r"wav\w+", "side of", r"lean\w*", r"bend\w*",
    r"(?:pick|stand|get|sit|lie|lay|put|set|show|catch|make)\w* (?:up|down)",
)  # fmt: skip
#: A part of the time. What a track does in it is not looked at.
_IN_TIME = phrases(
    "first", "second", "then", "initially", "finally", "last", "after", "before", "when", "until",
    "at the (?:start|beginning|end)", "in the end",
)  # fmt: skip
_IN_PICTURE = phrases("(?:in|of|on|across) the (?:frame|picture|screen|image|video frame)")
_JUST_MOVES = re.compile(r"(?:is|are|does|do) (?:the |this |that )?\w+(?: \w+)? mov(?:e|ing)")
_ENTERS = phrases("enter(?:s|ing)?", "appear(?:s|ing)?", "com(?:es?|ing) in(?:to)?")
_LEAVES = phrases("leav(?:es?|ing)", "exit(?:s|ing)?", "go(?:es|ing)? out")
_EDGES = {
    "left": phrases("left"),
    "right": phrases("right"),
    "top": phrases("top", "above", "upper"),
    "bottom": phrases("bottom", "below", "lower"),
}


def edge_verdict(question: Question, measured: Measured) -> Verdict | None:
    """From which side something enters, or at which it leaves; None for any other question.

    Raises:
        Undecided: it is not among what was measured, or comes and goes elsewhere.
    """
    enters, leaves = bool(_ENTERS.search(question.text)), bool(_LEAVES.search(question.text))
    edges = [_edge_in(claim) for claim in question.claims]
    if question.is_yes_no or enters == leaves or sum(edge is not None for edge in edges) < 2:
        return None
    tracks = _subject_tracks(question, measured)
    paths = [TrackPath.of(track) for track in tracks]
    found = [path.exit_edge() if leaves else path.entry_edge() for path in paths]
    verb = "leaves at" if leaves else "enters at"
    told = each(
        tracks, [f"{verb} {f'the {edge} edge' if edge else 'no edge of the frame'}" for edge in found]
    )
    if not all(found):
        raise Undecided(
            f"The question is about an edge at which {called(tracks[0])} comes or leaves. Measured: {told}."
        )
    readings = [tuple(None if edge is None else float(edge == one) for edge in edges) for one in found]
    return Verdict(tuple(readings), told)


def object_verdict(question: Question, measured: Measured) -> Verdict | None:
    """Which way, or how fast, the subject of a question goes; None for any other question.

    Raises:
        Undecided: its subject is not among what was measured, or the question is about a part of the time.
    """
    is_speed = _is_about_speed(question)
    if _OF_PARTS.search(question.text) or not (is_speed or _goes(question)):
        return None
    ways = [_ways_in(claim) for claim in question.claims]
    if not is_speed and sum(map(bool, ways)) < min(2, len(ways)) and not _JUST_MOVES.fullmatch(question.text):
        return None
    if in_time := _IN_TIME.search(question.text):
        raise Undecided(
            f"The question is about a part of the time ({in_time[0]!r}); of objects the whole time is "
            "measured. Cut the clip, or name a multimodal LLM with annotator=... ."
        )
    tracks = _subject_tracks(question, measured)
    gone = [(track, way) for track in tracks for way in _ways(question, track, measured)]
    if is_speed:
        return _speed(question, gone)
    readings = tuple(tuple(way_fit(claimed, way) for claimed in ways) for _, way in gone)
    if question.is_yes_no and not ways[0]:
        readings = ((1.0,),)  # a track is of what moves
    if question.is_yes_no and has_unread_words(_read(question.text)):
        # That a part of a claim is true does not make it true.
        readings = tuple((None if fit is None or fit >= LEAST_FIT else fit,) for (fit,) in readings)
    return Verdict(readings, _told(gone))


def _read(text: str) -> str:
    """A question but for the things and their ways in it, with a word before each thing."""
    for thing in reversed(things_in(text)):
        text = re.sub(r"\w+ $", "", text[: thing.at]) + text[thing.end :]
    return _GOES.sub(" ", without_ways(text))


def _goes(question: Question) -> bool:
    """Whether a question, or some of its options, are about going somewhere."""
    options = [claim for claim in question.claims if _GOES.search(claim) and _ways_in(claim)]
    return bool(_GOES.search(question.text) or _DIRECTION.search(question.text)) or len(options) > 1


def _is_about_speed(question: Question) -> bool:
    if question.is_yes_no:
        return speaks_of_speed(question.text) and not ways_in(question.text)
    asked = speaks_of_speed(question.text) or all(speaks_of_speed(claim) for claim in question.claims)
    return asked and not any(ways_in(claim) - {"still"} for claim in question.claims)


def _subject_tracks(question: Question, measured: Measured) -> list[ObjectTrack]:
    subject = subject_in(question.text)
    if subject is None:
        raise Undecided(
            "The question names nothing that can be recognised; ask about a person, an animal, a vehicle or "
            "the object that moves."
        )
    return measured.tracks(subject)


def _ways_in(text: str) -> frozenset[str]:
    """The directions that a text claims; none where they are those of a part of a body."""
    return frozenset() if _OF_PARTS.search(text) else ways_in(text)


def _ways(question: Question, track: ObjectTrack, measured: Measured) -> list[Way]:
    """A track's way in the picture, and that over the ground where either can be meant."""
    seen = measured.in_picture(track)
    if _IN_PICTURE.search(question.text):
        return [seen]
    gone = measured.over_ground(track)
    # What the camera follows stays in the picture, and goes for everybody who looks at it.
    return [gone] if seen.length < LEAST_WAY <= gone.length else [seen, gone]


def _speed(question: Question, gone: Sequence[tuple[ObjectTrack, Way]]) -> Verdict:
    if speaks_of_change((*question.claims, question.text)):
        readings = [change_fits(question.claims, way.early, way.late) for _, way in gone]
        texts = [f"moves at {way.early:.2f} at first and {way.late:.2f} at last" for _, way in gone]
    else:
        limits = [limit for limit, _ in OBJECT_SPEEDS]
        readings = [speed_fits(question.claims, way.speed, limits) for _, way in gone]
        texts = [f"moves at {way.speed:.2f}" for _, way in gone]
    told = each([track for track, _ in gone], texts)
    return Verdict(_as_tuples(readings), f"{told} (frame widths per second)")


def _as_tuples(readings: Iterable[Sequence[Fit]]) -> tuple[tuple[Fit, ...], ...]:
    return tuple(map(tuple, readings))


def _told(gone: Sequence[tuple[ObjectTrack, Way]]) -> str:
    return each([track for track, _ in gone], [way.told() for _, way in gone])


def _edge_in(text: str) -> str | None:
    found = [edge for edge, words in _EDGES.items() if words.search(text)]
    return found[0] if len(found) == 1 else None
