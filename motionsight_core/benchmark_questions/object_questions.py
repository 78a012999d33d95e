"""Questions about what moves, from what is certain of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from motionsight_core.benchmark_questions.asked import AskedQuestion
from motionsight_core.benchmark_questions.chance import Counts, by_hash, one_in_four, one_of
from motionsight_core.benchmark_questions.drafts import Draft
from motionsight_core.benchmark_questions.object_facts import ObjectFacts
from motionsight_core.benchmark_questions.source_clips import Siblings, SourceClip
from motionsight_core.benchmark_questions.wording import (
    CONTRARY,
    DIRECTIONS,
    EDGES,
    HOW_MANY_MOVE,
    SPEEDS,
    WAYS,
    WHICH_MOVES,
    capital,
    change_of_speed,
    edge,
    how_moves,
    how_often,
    moves,
    ways_in_order,
    where_enters,
    where_leaves,
    which_direction,
    which_order,
)
from motionsight_core.dataset.hashing import share
from motionsight_core.naming.vocabulary import COCO_NAMES, MOVERS, kind_of
from motionsight_core.naming.words import noun

RECOGNITION, LOCATION, ORDER, REPETITION, OBJECTS = (
    "Motion Recognition",
    "Location-related Motion",
    "Action Order",
    "Repetition Count",
    "Motion-related Objects",
)
#: A count of repetitions is right within one, mostly: options further apart than that.
_STEP = 2
_WAYS = {
    "To the right": "to the right",
    "To the left": "to the left",
    "Upward": "up",
    "Downward": "down",
}
_KIND_OF_NOUN = {noun(name): kind_of(name) for name in COCO_NAMES}


@dataclass(frozen=True, slots=True)
class _Asked:
    """Which clips are asked what; each other question about a clip would tell the answer to these."""

    counted: frozenset[str]
    named: frozenset[str]
    swings: frozenset[str]
    swing_offered: frozenset[str]


def object_drafts(
    facts: Mapping[str, ObjectFacts],
    clips: Sequence[SourceClip],
    siblings: Siblings,
    names: Mapping[str, frozenset[str]],
    *,
    seed: int,
) -> Iterator[Draft]:
    """The questions about each clip's objects, in the order of the clips.

    Args:
        facts: by clip_id, of the clips whose objects are certain.
        clips: all of the data set.
        siblings: where names of wrong options come from.
        names: nouns of all that was recognised in each clip, by clip_id, certain or not.
        seed: of what a hash chooses.
    """
    asked = _chosen(facts, seed)
    things, repetitions = Counts("count things", seed), Counts("count repetitions", seed)
    for clip in clips:
        found = facts.get(clip.clip_id)
        if found is None:
            continue
        writing = _Writing(clip, found, seed)
        if clip.clip_id in asked.counted:
            yield writing.how_many(things)
        elif clip.clip_id in asked.named:
            others = [name for one in siblings.of(clip) for name in sorted(names[one.clip_id])]
            yield writing.which(others, names[clip.clip_id])
        elif found.thing:
            swings = clip.clip_id in asked.swings or clip.clip_id in asked.swing_offered
            yield from writing.recognised() if swings else writing.located()
            yield from writing.others(repetitions)


def _chosen(facts: Mapping[str, ObjectFacts], seed: int) -> _Asked:
    several = [name for name, one in facts.items() if (one.moving or 0) > 1 and not one.thing]
    ones = by_hash((name for name, one in facts.items() if one.moving == 1), "count things", seed)
    # As many are right with one as with more: else "1" would nearly always be right.
    counted = frozenset((*several, *ones[: len(several)]))
    left = {name: one for name, one in facts.items() if name not in counted}
    named = frozenset(
        name for name, one in left.items() if len(one.names) == 1 and share("which", seed, name) < 0.5
    )
    left = {name: one for name, one in left.items() if name not in named}
    swings, offered = one_in_four(
        (name for name, one in left.items() if one.swing),
        (name for name, one in left.items() if one.direction),
        "swing",
        seed,
    )
    return _Asked(counted, named, swings, offered)


@dataclass(frozen=True, slots=True)
class _Writing:
    clip: SourceClip
    facts: ObjectFacts
    seed: int

    def how_many(self, numbers: Counts) -> Draft:
        right = self.facts.moving or 0
        offered, place = numbers.offered(self.clip.clip_id, right, step=1, least=0)
        told = f"{right} thing{'s' if right > 1 else ''} that move{'' if right > 1 else 's'}"
        return self._draft("object_count", OBJECTS, HOW_MANY_MOVE, tuple(map(str, offered)), place, told)

    def which(self, others: Sequence[str], there: frozenset[str]) -> Draft:
        """The name of what moves, among those of siblings, and then of others that move by themselves."""
        (name,) = self.facts.names
        kinds = [_kind(one) for one in {name, *there}]
        usual = by_hash(map(noun, sorted(MOVERS)), "names", self.seed, self.clip.clip_id)
        offered = [name]
        for other in (*others, *usual):
            if len(offered) < 4 and not any(_kind(other) & kind for kind in kinds):
                offered.append(other)
                kinds.append(_kind(other))
        options = tuple(capital(one) for one in offered)
        return self._draft("which_object", OBJECTS, WHICH_MOVES, options, 0, f"{name}, recognised")

    def located(self) -> Iterator[Draft]:
        """Of a direction and of the edges where it comes and goes one is asked: each tells of the others."""
        facts, thing = self.facts, self.facts.thing
        sorts = [sort for sort in ("direction", "enters", "leaves") if getattr(facts, sort)]
        if not sorts:
            return
        sort = one_of(sorts, "location", self.seed, self.clip.clip_id)
        if sort == "direction":
            options, right = tuple(DIRECTIONS), list(DIRECTIONS).index(facts.direction)
            text = which_direction(thing)
        else:
            options, right = tuple(map(edge, EDGES)), EDGES.index(getattr(facts, sort))
            text = where_enters(thing) if sort == "enters" else where_leaves(thing)
        yield self._draft(f"object_{sort}", LOCATION, text, options, right)

    def recognised(self) -> Iterator[Draft]:
        """What swings, among directions; or what goes in one, among others and a swing."""
        clip_id = self.clip.clip_id
        ways = list(CONTRARY)
        if self.facts.swing:
            way = one_of(ways, "way", self.seed, clip_id)
            offered = [self.facts.swing, way, CONTRARY[way], self._third(way)]
        else:
            way = _WAYS[self.facts.direction]
            swing = one_of(("up and down", "back and forth"), "swing", self.seed, clip_id)
            third = self._third(way)
            alone = share("alone", self.seed, clip_id) < 1 / 3
            offered = [way, swing, third, CONTRARY[third if alone else way]]
        options = tuple(map(moves, offered))
        yield self._draft("object_motion", RECOGNITION, how_moves(self.facts.thing), options, 0)

    def others(self, numbers: Counts) -> Iterator[Draft]:
        facts, thing = self.facts, self.facts.thing
        if facts.speed:
            options, right = tuple(SPEEDS), SPEEDS.index(facts.speed)
            yield self._draft("object_speed", RECOGNITION, change_of_speed(thing), options, right)
        if facts.in_order:
            first, second = (WAYS[way] for way in facts.in_order)
            contrary = CONTRARY[first], CONTRARY[second]
            orders = [(first, second), (second, first), contrary, contrary[::-1]]
            options = tuple(ways_in_order(*ways) for ways in orders)
            yield self._draft("object_order", ORDER, which_order(thing), options, 0)
        if facts.repetitions:
            offered, right = numbers.offered(self.clip.clip_id, facts.repetitions, step=_STEP, least=1)
            options = tuple(map(str, offered))
            told = f"{facts.repetitions} repetitions"
            yield self._draft("repetition", REPETITION, how_often(thing), options, right, told)

    def _third(self, way: str) -> str:
        """A way along the other axis."""
        across = [one for one in CONTRARY if one not in (way, CONTRARY[way])]
        return one_of(across, "third", self.seed, self.clip.clip_id)

    def _draft(
        self, sort: str, category: str, text: str, options: tuple[str, ...], right: int, told: str = ""
    ) -> Draft:
        evidence = f"Measured: {told or f'the {self.facts.thing} {self.facts.told}'}."
        return Draft(self.clip, sort, AskedQuestion(category, text, options, right), "measured", evidence)


def _kind(name: str) -> frozenset[str]:
    """Nouns and names that may be said of the same thing."""
    return _KIND_OF_NOUN.get(name, frozenset({name}))
