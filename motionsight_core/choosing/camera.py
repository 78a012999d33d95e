"""How well what was measured of the camera bears out what is claimed of it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from motionsight_core.camera_motion import CAMERA_MOTIONS
from motionsight_core.choosing.camera_claims import CameraClaim, Claimed, Step, camera_claim
from motionsight_core.choosing.decision import Fit
from motionsight_core.measure import MotionMeasurement
from motionsight_core.measure.wording import listed, seconds
from motionsight_core.record import CameraMove

#: How likely a move is that was not measured.
ABSENT = 0.05
#: A measured move of less confidence is a guess: it says neither that there is one nor that there is none.
GUESS = 0.5
#: How much a measured move that an option leaves out counts, beside one that it claims.
LEFT_OUT = 0.5
#: A rest this long is one, seconds.
REST_S = 0.4
#: One move comes after another if they share at most this part of the shorter one's time.
OVERLAP = 0.5
#: How much moves count that come one after the other, where a text says that they happen at once.
APART = 0.4
#: How likely shaking is, by what is measured of the whole clip.
SHAKEN = {"shaky": 0.95, "unsteady": 0.5, "smooth": ABSENT, "static": ABSENT}
#: How well the words pan, tilt and zoom fit where parallax shows that the camera goes somewhere.
OTHER_PLACE = 0.3


@dataclass(frozen=True, slots=True)
class Camera:
    """What was measured of the camera, in the part of the clip that a question is about."""

    moves: tuple[CameraMove, ...]
    """But static ones, in order of time."""
    certain: float
    """How certain it is that nothing else moves, 0 to 1."""
    steadiness: str
    start_s: float
    """The part's span, source seconds."""
    end_s: float

    @classmethod
    def of(cls, motion: MotionMeasurement, start_s: float, end_s: float) -> Camera:
        """In a whole clip."""
        moves = [move for move in motion.camera_moves if move.label != "static"]
        static = [move.confidence for move in motion.camera_moves if move.label == "static"]
        return cls(
            tuple(sorted(moves, key=lambda move: (move.start_s, move.end_s))),
            max(static, default=1.0),
            motion.steadiness,
            start_s,
            end_s,
        )

    def fits(self, claims: Sequence[str], *, exact: bool) -> list[Fit]:
        """Of each claim, in plain lower case.

        Args:
            claims: what is claimed of the camera.
            exact: whether a claim is all that the camera does, as an option is, or a part of it.
        """
        read = [camera_claim(claim) for claim in claims]
        # Where options differ by "pan" and "truck" the words count; elsewhere people say either of both.
        says_place = len({claim.changes_place for claim in read} - {None}) > 1
        return [self._fit(claim, exact=exact, says_place=says_place) for claim in read]

    def count(self, claimed: Collection[Claimed]) -> int:
        """How often it moves in one of the claimed ways, a rest or another way between."""
        return sum(any(is_as_claimed(move, pair) for pair in claimed) for move in self.moves)

    def told(self) -> str:
        """ "pan left from 0.4 s to 2.1 s, confidence .97"."""
        shake = f", {self.steadiness}" if self.steadiness in ("shaky", "unsteady") else ""
        if not self.moves:
            return f"no camera move from {seconds(self.start_s)} to {seconds(self.end_s)}{shake}"
        return listed([told(move) for move in self.moves]) + shake

    def _fit(self, claim: CameraClaim, *, exact: bool, says_place: bool) -> Fit:
        if not claim.says_anything:
            return None
        fits: list[float] = []
        if claim.steps:
            fits.append(self._of_steps(claim.steps) if exact else self._of_parts(claim.steps))
            if claim.is_exact and not exact:
                fits.append(1 - self._left_out(claim.moves))
            if says_place and claim.changes_place is not None:
                fits[0] *= self._place(claim.moves, claim.changes_place)
        if claim.is_shaky is not None:
            shaken = SHAKEN[self.steadiness]
            fits.append(shaken if claim.is_shaky else 1 - shaken)
        return min(fits)

    def _of_steps(self, steps: Sequence[Step]) -> float:
        """How far the claimed moves, in their order, are those that were measured."""
        if all(step.is_static for step in steps):
            return self._at_rest()
        claimed = sum(step.size for step in steps)
        right, used = self._matched(steps, None)
        left_out = {_pair(move): move for move in self.moves if _pair(move) not in used}
        unsaid = LEFT_OUT * sum(move.confidence for move in left_out.values())
        return right / (claimed + unsaid)

    def _of_parts(self, steps: Sequence[Step]) -> float:
        """How likely all of the claimed moves are, in their order, whatever else the camera does."""
        fits = [self._likely(pair) for step in steps for pair in step.moves]
        fits += [1 - self._likely(pair) for step in steps for pair in step.denied]
        fits += [self._at_rest() for step in steps if step.is_static]
        if len(steps) > 1:
            # One that is missing, or at another place in the order, leaves nothing of two.
            right, _ = self._matched(steps, None)
            fits.append(max(2 * right / sum(step.size for step in steps) - 1, 0.0))
        return min(fits)

    def _left_out(self, claimed: Collection[Claimed]) -> float:
        """Confidence of the likeliest measured move that the option leaves out."""
        others = [move for move in self.moves if not any(is_as_claimed(move, pair) for pair in claimed)]
        return max(map(_confidence, others), default=ABSENT)

    def _likely(self, claimed: Claimed) -> float:
        """How likely some move is that is as claimed."""
        found = [max(move.confidence, GUESS) for move in self.moves if is_as_claimed(move, claimed)]
        return max(found, default=absent(self.certain))

    def _at_rest(self) -> float:
        """How likely it is that the camera does not move at all."""
        rest = self.certain if not self.moves else 1.0
        for move in self.moves:
            rest *= 1 - max(move.confidence, GUESS)
        return rest * (1 - SHAKEN[self.steadiness] / 2)

    def _matched(self, steps: Sequence[Step], after: CameraMove | None) -> tuple[float, frozenset[Claimed]]:
        """The most of what the steps claim that measured moves bear out, in order, and the moves it takes."""
        if not steps:
            return 0.0, frozenset()
        step, rest = steps[0], steps[1:]
        if step.is_static:
            right, used = self._matched(rest, after)
            return right + self._rests(after, is_last=not rest), used
        denied = sum(1 - self._likely(pair) for pair in step.denied)
        later = [move for move in self.moves if after is None or comes_after(move, after)]
        found = {pair: [move for move in later if is_as_claimed(move, pair)] for pair in step.moves}
        best = [max(moves, key=_confidence) for moves in found.values() if moves]
        missing = absent(self.certain) * len(step.moves)
        right, used = self._matched(rest, after)
        # Without this step's moves, or with them and the rest after one of them.
        ways = [(right + missing, used)]
        apart = step.is_at_once and any(comes_after(one, other) for one in best for other in best)
        here = sum(map(_confidence, best)) * (APART if apart else 1.0) + ABSENT * (len(found) - len(best))
        alike = [move for moves in found.values() for move in moves]
        for last in alike:
            right, used = self._matched(rest, last)
            ways.append((right + here, used.union(map(_pair, alike))))
        right, used = max(ways, key=lambda way: way[0])
        return right + denied, used

    def _rests(self, after: CameraMove | None, *, is_last: bool) -> float:
        """How likely a rest is after a move, or at the beginning."""
        if not self.moves:
            return self.certain
        start_s = self.start_s if after is None else after.end_s
        later = [
            move.start_s for move in self.moves if move.end_s > start_s + REST_S / 2 and move is not after
        ]
        if after is None or not is_last:
            next_s = min(later, default=self.end_s)
            return 1 - ABSENT if next_s - start_s >= REST_S else ABSENT
        return 1 - ABSENT if not later and self.end_s - start_s >= REST_S else ABSENT

    def _place(self, claimed: frozenset[Claimed], changes_place: bool) -> float:
        """How well words of going, or of turning, fit the moves that they are about.

        Only parallax tells the two apart. Where it showed nothing, both fit.
        """
        about = [move for move in self.moves if any(is_as_claimed(move, pair) for pair in claimed)]
        if not any(CAMERA_MOTIONS[move.label].changes_place for move in about):
            return 1.0
        return 1.0 if changes_place else OTHER_PLACE


def absent(certain: float) -> float:
    """How likely a move is that was not measured, where so much is certain of what was."""
    return max(ABSENT, (1 - certain) / 2)


def told(move: CameraMove) -> str:
    """ "pan left from 0.4 s to 2.1 s, confidence .97"."""
    noun = CAMERA_MOTIONS[move.label].noun
    span = f"from {seconds(move.start_s)} to {seconds(move.end_s)}"
    return f"{noun} {span}, confidence {told_share(move.confidence)}"


def told_share(value: float) -> str:
    """A share of one, such as ".97"."""
    return f"{value:.2f}".removeprefix("0")


def _confidence(move: CameraMove) -> float:
    return move.confidence


def _pair(move: CameraMove) -> Claimed:
    motion = CAMERA_MOTIONS[move.label]
    return motion.axis, motion.direction


def is_as_claimed(move: CameraMove, claimed: Claimed) -> bool:
    """Whether a measured move has the axis and, where one is claimed, the direction."""
    axis, direction = _pair(move)
    return claimed[0] in ("any", axis) and claimed[1] in ("", direction)


def comes_after(move: CameraMove, other: CameraMove) -> bool:
    """Whether a measured move is the later one, and does not just last longer."""
    if move is other or move.start_s + move.end_s <= other.start_s + other.end_s:
        return False
    common_s = min(move.end_s, other.end_s) - max(move.start_s, other.start_s)
    return common_s <= OVERLAP * min(move.end_s - move.start_s, other.end_s - other.start_s)
