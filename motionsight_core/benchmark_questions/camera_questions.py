"""Questions about the camera, from what is certain of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from motionsight_core.benchmark_questions.asked import AskedQuestion
from motionsight_core.benchmark_questions.camera_facts import CameraFacts, is_other_axis
from motionsight_core.benchmark_questions.chance import Counts, by_hash, one_in_four, one_of
from motionsight_core.benchmark_questions.drafts import Draft
from motionsight_core.benchmark_questions.source_clips import Siblings, SourceClip
from motionsight_core.benchmark_questions.wording import (
    CAMERA_FIRST,
    CAMERA_LAST,
    CAMERA_ORDER,
    HOW_CAMERA,
    how_often_camera,
    noun,
    opposite,
    order,
    sentence,
)
from motionsight_core.dataset.hashing import share

CATEGORY = "Camera Motion"
#: What is offered where siblings do not move in another way.
_USUAL = ("pan_left", "tilt_up", "zoom_in", "roll_cw")


@dataclass(frozen=True, slots=True)
class _Asked:
    """Which clips are asked what."""

    rest: frozenset[str]
    """Of the camera that rests."""
    rest_offered: frozenset[str]
    """Of one move, with a rest as a wrong option."""
    counted: frozenset[str]
    """How often it moves, and nothing else of the camera: that would tell how it moves."""


def camera_drafts(
    facts: Mapping[str, CameraFacts],
    clips: Sequence[SourceClip],
    siblings: Siblings,
    labels: Mapping[str, frozenset[str]],
    *,
    seed: int,
) -> Iterator[Draft]:
    """The questions about each clip's camera, in the order of the clips.

    Args:
        facts: by clip_id, of the clips whose camera is certain.
        clips: all of the data set.
        siblings: where moves of wrong options come from.
        labels: the moves of each clip, by clip_id, certain or not.
        seed: of what a hash chooses.
    """
    asked = _chosen(facts, seed)
    numbers = Counts("count camera", seed)
    for clip in clips:
        found = facts.get(clip.clip_id)
        if found is None:
            continue
        sibling_labels = [label for one in siblings.of(clip) for label in sorted(labels[one.clip_id])]
        writing = _Writing(clip, found, sibling_labels, seed)
        if clip.clip_id in asked.counted:
            yield writing.count(numbers)
        elif found.form == "rest":
            if clip.clip_id in asked.rest:
                yield writing.rest()
        elif found.form == "one":
            yield writing.one_or_rest() if clip.clip_id in asked.rest_offered else writing.one()
        elif found.form == "together":
            yield writing.together()
        elif found.form == "in_order":
            yield from writing.in_order()


def _chosen(facts: Mapping[str, CameraFacts], seed: int) -> _Asked:
    several = [name for name, one in facts.items() if one.form == "many" and _most_often(one) >= 2]
    ones = [name for name, one in facts.items() if one.form == "one" and one.counts]
    # As many are right with one as with more: else "1" would nearly always be right.
    single = by_hash(ones, "count camera", seed)[: min(len(several), len(ones) // 2)]
    rests = [name for name, one in facts.items() if one.form == "rest"]
    others = [name for name, one in facts.items() if one.form == "one" and name not in set(single)]
    rest, offered = one_in_four(rests, others, "rest", seed)
    return _Asked(rest, offered, frozenset((*several, *single)))


def _most_often(facts: CameraFacts) -> int:
    return max((count for _, count in facts.counts), default=0)


@dataclass(frozen=True, slots=True)
class _Writing:
    clip: SourceClip
    facts: CameraFacts
    sibling_labels: Sequence[str]
    seed: int

    def rest(self) -> Draft:
        other = self._other(())
        third = self._other((other,))
        return self._draft("camera_rest", [("static",), (other,), (opposite(other),), (third,)], 0)

    def one(self) -> Draft:
        (label,) = self.facts.labels
        other = self._other(self.facts.labels)
        offered = [(label,), (opposite(label),), (other,), (opposite(other),)]
        return self._draft("camera_move", offered, 0)

    def one_or_rest(self) -> Draft:
        """Of one move and its opposite, or of the one that stands alone, each is right equally often."""
        (label,) = self.facts.labels
        other = self._other(self.facts.labels)
        alone = share("alone", self.seed, self.clip.clip_id) < 1 / 3
        last = [(other,), (opposite(other),)] if alone else [(opposite(label),), (other,)]
        return self._draft("camera_rest", [(label,), ("static",), *last], 0)

    def together(self) -> Draft:
        one, other = self.facts.labels
        offered = [(first, second) for first in (one, opposite(one)) for second in (other, opposite(other))]
        return self._draft("camera_together", offered, 0)

    def in_order(self) -> Iterator[Draft]:
        """As of rendered cameras: each move is the first of one option and the last of another."""
        one, other = self.facts.labels
        contrary = opposite(one), opposite(other)
        if one in contrary:
            third = self._other(self.facts.labels)
            contrary = third, opposite(third)
        orders = [(one, other), (other, one), contrary, contrary[::-1]]
        nouns = tuple(noun(label) for label in (one, other, *contrary))
        yield self._written("camera_order", CAMERA_ORDER, tuple(order(*labels) for labels in orders), 0)
        yield self._written("camera_first", CAMERA_FIRST, nouns, 0)
        yield self._written("camera_last", CAMERA_LAST, nouns, 1)

    def count(self, numbers: Counts) -> Draft:
        most = max(count for _, count in self.facts.counts)
        axes = [axis for axis, count in self.facts.counts if count == most]
        axis = one_of(axes, "count axis", self.seed, self.clip.clip_id)
        offered, right = numbers.offered(self.clip.clip_id, most, step=1, least=0)
        return self._written("camera_count", how_often_camera(axis), tuple(map(str, offered)), right)

    def _other(self, taken: Sequence[str]) -> str:
        """A move along another axis: a sibling's, or a usual one; one way or the other."""
        labels = (*self.facts.labels, *taken)
        for label in self.sibling_labels:
            if is_other_axis(label, labels):
                return label
        usual = [label for label in _USUAL if is_other_axis(label, labels)]
        label = one_of(usual, "axis", self.seed, self.clip.clip_id, *taken)
        return one_of((label, opposite(label)), "way", self.seed, self.clip.clip_id, *taken)

    def _draft(self, sort: str, offered: Sequence[tuple[str, ...]], right: int) -> Draft:
        return self._written(sort, HOW_CAMERA, tuple(sentence(labels) for labels in offered), right)

    def _written(self, sort: str, text: str, options: tuple[str, ...], right: int) -> Draft:
        asked = AskedQuestion(CATEGORY, text, options, right)
        return Draft(self.clip, sort, asked, "measured", f"Measured: {self.facts.told}.")
