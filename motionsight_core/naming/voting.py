"""From detections in a few frames to the name of a track.

A single frame misleads, so each frame votes for every name with its best box of that name: by the
detector's score times how well that box fits the track's. A name's support is the mean over the frames, and
its score how far it lies above that of any name that speaks against it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field

import numpy as np

from motionsight_core.measure.corners import Corners, area, common_area
from motionsight_core.naming.types import Detection
from motionsight_core.naming.vocabulary import contradicts, kind_of

#: A box that fits the track's less well has nothing to do with it.
LEAST_FIT = 0.3
#: Frames that must agree on a name.
LEAST_FRAMES = 3
#: A name of a lower score is not said.
LEAST_SCORE = 0.2


@dataclass(frozen=True, slots=True)
class Verdict:
    """The name that the frames speak for most, said or not."""

    name: str
    score: float
    """Its support above that of the strongest name against it, 0 to 1."""
    frames: int
    """Frames that agree on it: none of its rivals has a stronger vote there."""

    @property
    def is_sure(self) -> bool:
        """Whether it may be said."""
        return self.frames >= LEAST_FRAMES and self.score >= LEAST_SCORE


@dataclass(slots=True)
class Ballot:
    """The votes on one track."""

    weights: list[float] = field(default_factory=list)
    """Of the frames: how well each shows the track."""
    votes: list[dict[str, float]] = field(default_factory=list)
    """In each frame, for each name that was found there."""

    def __len__(self) -> int:
        return len(self.votes)

    def add(self, box: Corners, detections: Iterable[Detection], weight: float) -> None:
        """The vote of one frame.

        Args:
            box: of the track.
            detections: in the whole frame.
            weight: how well the frame shows the track, above 0.
        """
        votes: dict[str, float] = {}
        for detection in detections:
            fit = fit_of(detection.box, box)
            if fit >= LEAST_FIT:
                vote = detection.score * fit
                votes[detection.label] = max(votes.get(detection.label, 0.0), vote)
        self.weights.append(weight)
        self.votes.append(votes)

    def verdict(self, unsayable: Collection[str]) -> Verdict | None:
        """The name with the highest score, of those that may be said; None where no frame votes for one."""
        names = {name for votes in self.votes for name in votes}
        support = {name: self._support(kind_of(name)) for name in names}
        found = [self._verdict(name, support) for name in sorted(names) if name not in unsayable]
        if not found:
            return None
        # Among names that mean the same, the one that is said more often.
        return max(found, key=lambda one: (one.score, self._support({one.name})))

    def strongest(self, unsayable: Collection[str]) -> float:
        """The highest support that a name has which may be said, whatever contradicts it; 0 to 1."""
        names = {name for votes in self.votes for name in votes}.difference(unsayable)
        return max((self._support(kind_of(name)) for name in names), default=0.0)

    def _verdict(self, name: str, support: Mapping[str, float]) -> Verdict:
        rivals = [other for other in support if contradicts(other, name)]
        against = max((support[rival] for rival in rivals), default=0.0)
        frames = sum(_vote(votes, kind_of(name)) > _vote(votes, rivals) for votes in self.votes)
        return Verdict(name, max(0.0, support[name] - against), frames)

    def _support(self, names: Collection[str]) -> float:
        """The mean of the frames' votes for any of these names."""
        votes = [_vote(votes, names) for votes in self.votes]
        return float(np.average(votes, weights=self.weights))


def _vote(votes: Mapping[str, float], names: Collection[str]) -> float:
    return max((votes.get(name, 0.0) for name in names), default=0.0)


def fit_of(one: Corners, other: Corners) -> float:
    """How well two boxes fit, 0 to 1: what they share over the geometric mean of their areas.

    Unlike IoU it is kind to a box inside the other: what is measured of a person may be an arm, or the person
    and a mower.
    """
    return common_area(one, other) / float(np.sqrt(area(one) * area(other)))
