"""Questions that count: repetitions of a motion, things that move, camera moves, shots."""

from __future__ import annotations

import re
from collections.abc import Sequence

from motionsight_core.choosing.camera import Camera
from motionsight_core.choosing.camera_claims import camera_claim
from motionsight_core.choosing.decision import Verdict
from motionsight_core.choosing.measured import Measured, each
from motionsight_core.choosing.numbers import number_fit
from motionsight_core.choosing.question import Question
from motionsight_core.choosing.things import ANYTHING, Thing, subject_in, things_in
from motionsight_core.errors import Undecided
from motionsight_core.measure.wording import number, seconds
from motionsight_core.record import MOVING_REGION, ObjectTrack

_COUNTS = re.compile(r"\bhow (?:many|often)\b|\bnumber of\b|\bcount of\b")
_TIMES = re.compile(
    r"\bhow (?:many (?:times|repetitions|cycles)|often)\b|\bnumber of (?:times|repetitions)\b"
)
_CUTS = re.compile(r"\b(?:cuts?|(?:shot|scene) (?:changes?|transitions?)|transitions?)\b")
_SHOTS = re.compile(
    r"\bhow many (?:different |distinct )?(?:camera )?(?:shots|scenes|angles|clips)\b|\bnumber of (?:shots|scenes)\b"
)
_COMES = re.compile(r"\b(?:enter\w*|appear\w*|leav\w+|exit\w*|turn\w*|stop\w*|paus\w+|change\w*)\b")
_MOVES = re.compile(
    r"\b(?:mov\w+|walk\w*|run\w*|danc\w+|driv\w+|fly\w*|swim\w*|jump\w*|rid\w+|cross\w*|pass\w*|go(?:es|ing)?)\b"
)

#: How well a number fits that is one beside a count of repetitions: nine of ten such counts are right within one.
BESIDE = 0.5
#: A detection that counts, score of the detector.
SEEN = 0.4


def count_verdict(question: Question, measured: Measured) -> Verdict | None:
    """What was counted, for a question that counts; None for any other.

    Raises:
        Undecided: what it asks to count is not counted, or the counts differ.
    """
    if question.is_yes_no or not _COUNTS.search(question.text):
        return None
    text = question.text
    if _SHOTS.search(text):
        cuts = len(measured.motion.cuts)
        return _verdict(question, [cuts + 1], f"{_cuts_told(measured)}, so {number(cuts + 1)} shots", 0.0)
    if _CUTS.search(text):
        return _verdict(question, [len(measured.motion.cuts)], _cuts_told(measured), 0.0)
    if re.search(r"\bcamera\b", text):
        return _camera(question, measured)
    if _TIMES.search(text):
        return _repetitions(question, measured)
    return _things(question, measured)


def _verdict(question: Question, counts: Sequence[int], told: str, beside: float) -> Verdict:
    readings = {
        tuple(number_fit(claim, count, off_by_one=beside) for claim in question.claims) for count in counts
    }
    return Verdict(tuple(readings), told)


def _cuts_told(measured: Measured) -> str:
    cuts = measured.motion.cuts
    if not cuts:
        return "no hard cut"
    times = ", ".join(seconds(cut) for cut in cuts)
    return f"{number(len(cuts))} hard cut{'s' if len(cuts) > 1 else ''} at {times}"


def _camera(question: Question, measured: Measured) -> Verdict:
    camera = Camera.of(measured.motion, measured.start_s, measured.end_s)
    claimed = camera_claim(question.text).moves
    if any(move.confidence < 0.5 for move in camera.moves):
        raise Undecided(
            f"The camera's moves are not certain enough to count them. Measured: {camera.told()}."
        )
    if not claimed or not _TIMES.search(question.text):
        raise Undecided(f"What the question counts is not counted of a camera. Measured: {camera.told()}.")
    return _verdict(question, [camera.count(claimed)], camera.told(), 0.0)


def _repetitions(question: Question, measured: Measured) -> Verdict:
    subject = subject_in(question.text)
    if _COMES.search(question.text):
        raise Undecided(
            "How often something comes, goes or stops is not counted; repetitions of a motion are."
        )
    tracks = measured.tracks(subject or Thing("something", (ANYTHING,), 0))
    found = [(track, one) for track in tracks if (one := measured.repetition(track)) is not None]
    if not found:
        raise Undecided(
            f"No motion of {each(tracks[:1], [''])}was found to repeat at least three times, evenly; what is rarer is "
            "not counted."
        )
    told = each(
        [track for track, _ in found],
        [f"repeats its motion about {number(one.count)} times from {seconds(one.start_s)} to {seconds(one.end_s)}, "
         f"confidence {one.confidence:.2f}" for _, one in found],
    )  # fmt: skip
    return _verdict(question, [one.count for _, one in found], told, BESIDE)


def _things(question: Question, measured: Measured) -> Verdict:
    things = things_in(question.text)
    if not things:
        raise Undecided(
            "The question counts something that is not counted; ask for people, animals, vehicles or objects."
        )
    tracks = measured.motion.tracks
    names = things[0].names
    meant = [track for track in tracks if track.label in names] if names != (ANYTHING,) else list(tracks)
    if names != (ANYTHING,) and any(track.label == MOVING_REGION for track in tracks):
        raise Undecided(
            "Something moves that was not recognised, so that the number of things with a name is open."
        )
    counts = {_at_once(meant), len(meant)}
    told = f"{number(len(meant))} of them move, at most {number(_at_once(meant))} at once"
    if not _MOVES.search(question.text):
        seen = [
            sum(one.label in names and one.score >= SEEN for one in frame.detections)
            for frame in measured.motion.detections
        ]
        if not seen:
            raise Undecided(f"Only what moves is counted; ask how many move. Measured: {told}.")
        counts.add(max(seen))
        told += f", and the detector saw at most {number(max(seen))} in a frame"
    return _verdict(question, sorted(counts), told, 0.0)


def _at_once(tracks: Sequence[ObjectTrack]) -> int:
    return max(
        (sum(one.start_s <= track.start_s < one.end_s for one in tracks) for track in tracks), default=0
    )
