"""Questions that count: repetitions of a motion, things that move, camera moves, shots."""

from __future__ import annotations

from collections.abc import Iterable

from motionsight_core.choosing.camera import Camera
from motionsight_core.choosing.camera_claims import camera_claim
from motionsight_core.choosing.decision import LEAST_FIT, Verdict
from motionsight_core.choosing.measured import Measured, each
from motionsight_core.choosing.numbers import number_fit
from motionsight_core.choosing.phrases import phrases
from motionsight_core.choosing.question import Question
from motionsight_core.choosing.things import ANYTHING, Thing, called, subject_in, things_in
from motionsight_core.errors import Undecided
from motionsight_core.measure.samples import joints_of
from motionsight_core.measure.wording import number, seconds
from motionsight_core.record import MOVING_REGION, ObjectTrack

_COUNTS = phrases("how (?:many|often)", "number of", "count of")
_TIMES = phrases("how (?:many (?:times|repetitions|cycles)|often)", "number of (?:times|repetitions)")
_CUTS = phrases("cuts?")
_CHANGES = phrases("(?:shot|scene) (?:changes?|transitions?)", "transitions?")
_SHOTS = phrases("(?:how many|number of) (?:different |distinct )?(?:camera )?(?:shots|scenes|angles|clips)")
_COMES = phrases(
    r"enter\w*", r"appear\w*", r"leav\w+", r"exit\w*", r"turn\w*", r"stop\w*", r"paus\w+", r"change\w*"
)
_MOVES = phrases(
    r"mov\w+", r"walk\w*", r"run\w*", r"danc\w+", r"driv\w+", r"fly\w*", r"swim\w*", r"jump\w*",
    r"rid\w+", r"cross\w*", r"pass\w*", "go(?:es|ing)?",
)  # fmt: skip
#: How well a number fits that is one beside a count of repetitions, which are right within one mostly.
_BESIDE = 0.5
#: A detection of at least this score counts.
_SEEN = 0.4


def count_verdict(question: Question, measured: Measured) -> Verdict | None:
    """What was counted, for a question that counts; None for any other.

    Raises:
        Undecided: what it asks to count is not counted.
    """
    text = question.text
    if question.is_yes_no or not _COUNTS.search(text):
        return None
    if _SHOTS.search(text):
        changes = _shot_changes(measured)
        told = f"{_changes_told(measured)}, which makes {number(changes + 1)} shot{'s' if changes else ''}"
        return _verdict(question, [changes + 1], told)
    if _CUTS.search(text):
        # Who says "cuts" may mean all changes of the shot.
        return _verdict(
            question, [len(measured.motion.cuts), _shot_changes(measured)], _changes_told(measured)
        )
    if _CHANGES.search(text):
        return _verdict(question, [_shot_changes(measured)], _changes_told(measured))
    if "camera" in text:
        return _camera(question, measured)
    return _repetitions(question, measured) if _TIMES.search(text) else _things(question, measured)


def _verdict(question: Question, counts: Iterable[int], told: str, *, beside: float = 0.0) -> Verdict:
    readings = [
        tuple(number_fit(claim, count, off_by_one=beside) for claim in question.claims)
        for count in sorted(set(counts))
    ]
    return Verdict(tuple(readings), told)


def _shot_changes(measured: Measured) -> int:
    """Cuts, dissolves, and fades from one shot to another; not those at the clip's ends."""
    motion, start_s, end_s = measured.motion, measured.start_s, measured.end_s
    joints = joints_of(motion.cuts, motion.dissolves, start_s, end_s)
    return sum(start_s < joint.at_s < end_s for joint in joints)


def _changes_told(measured: Measured) -> str:
    """ "two hard cuts at 1.0 s, 2.5 s; a dissolve from 3.0 s to 3.6 s"."""
    cuts = measured.motion.cuts
    times = ", ".join(seconds(cut) for cut in cuts)
    told = [
        f"{number(len(cuts))} hard cut{'s' if len(cuts) > 1 else ''} at {times}" if cuts else "no hard cut"
    ]
    told += [
        f"a {one.kind.replace('_', '-')} from {seconds(one.start_s)} to {seconds(one.end_s)}"
        for one in measured.motion.dissolves
    ]
    return "; ".join(told)


def _camera(question: Question, measured: Measured) -> Verdict:
    camera = Camera.of(measured.motion, measured.start_s, measured.end_s)
    claimed = camera_claim(question.text).moves
    if any(move.confidence < LEAST_FIT for move in camera.moves):
        raise Undecided(
            f"The camera's moves are not certain enough to count them. Measured: {camera.told()}."
        )
    if not claimed or not _TIMES.search(question.text):
        raise Undecided(f"What the question counts is not counted of a camera. Measured: {camera.told()}.")
    return _verdict(question, [camera.count(claimed)], camera.told())


def _repetitions(question: Question, measured: Measured) -> Verdict:
    if _COMES.search(question.text):
        raise Undecided(
            "How often something comes, goes or stops is not counted; repetitions of a motion are."
        )
    tracks = measured.tracks(subject_in(question.text) or Thing("something", (ANYTHING,), 0))
    found = [(track, one) for track in tracks if (one := measured.repetition(track)) is not None]
    if not found:
        raise Undecided(
            f"No motion of {called(tracks[0])} was found to repeat at least three times, evenly; what is "
            "rarer is not counted."
        )
    texts = [
        f"repeats its motion about {number(one.count)} times, every {one.period_s:.1f} s" for _, one in found
    ]
    told = each([track for track, _ in found], texts)
    return _verdict(question, [one.count for _, one in found], told, beside=_BESIDE)


def _things(question: Question, measured: Measured) -> Verdict:
    thing = next(iter(things_in(question.text)), None)
    if thing is None:
        raise Undecided(
            "The question counts something that is not counted; ask for people, animals, vehicles or objects "
            "that move, for repetitions, or for cuts."
        )
    tracks = measured.motion.tracks
    if thing.is_named and any(track.label == MOVING_REGION for track in tracks):
        raise Undecided(
            f"Something moves that was not recognised, so that the number of {thing.word} is open."
        )
    meant = [track for track in tracks if track.label in thing.names] if thing.is_named else tracks
    counts = {len(meant), _at_once(meant)}
    told = f"tracks of {thing.word}: {number(len(meant))}, at most {number(_at_once(meant))} at once"
    if not _MOVES.search(question.text):
        # What is there may stand still, which only the detector sees.
        counts.add(_seen(thing, measured))
        told += f"; seen by the detector in one frame: at most {number(_seen(thing, measured))}"
    return _verdict(question, counts, told)


def _seen(thing: Thing, measured: Measured) -> int:
    """The most of a thing that the detector found in one frame, moving or not."""
    frames = measured.motion.detections
    if not frames or not thing.is_named:
        raise Undecided("Only what moves is counted, and what is there may stand still; ask how many move.")
    return max(
        sum(one.label in thing.names and one.score >= _SEEN for one in frame.detections) for frame in frames
    )


def _at_once(tracks: Iterable[ObjectTrack]) -> int:
    spans = [(track.start_s, track.end_s) for track in tracks]
    return max((sum(low <= start_s < high for low, high in spans) for start_s, _ in spans), default=0)
