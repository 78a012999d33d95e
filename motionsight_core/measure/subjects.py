"""Who or what a sentence is about: a name or a region, with its size, told apart from those before."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from motionsight_core.measure.track_path import Growth, TrackPath, most_at_once
from motionsight_core.measure.wording import (
    MOMENT_S,
    TINY_FRACTION,
    about,
    fraction_of,
    listed,
    number,
    place,
    seconds,
    sentence,
)
from motionsight_core.naming.words import article, noun, plural

#: A thing with less than this share of the area of those told before is a smaller one.
SMALLER = 0.4
#: A region of at least so many times its width is tall ...
TALL = 2.2
#: ... and a person of at least so many: people stand mostly, and arms make them wide. Fractions of the frame.
TALL_PERSON = 1.0
#: A region shorter than this is a small one, fraction of the frame.
SMALL = 0.09

#: So many without a sentence of their own are a crowd: they are counted in all, and at once.
CROWD = 6
#: What a plural begins with.
_COUNTS = tuple(f"{number(count)} " for count in range(2, CROWD))


def subject(path: TrackPath, before: Sequence[TrackPath], growth: Growth | None) -> str:
    """ "a region about a fifth of the frame wide", "another dog", "perhaps the same person"."""
    alike = [other for other in before if other.label == path.label]
    if path.is_named and alike and not any(_together(path, other) for other in alike):
        return f"perhaps the same {noun(path.label)}"
    area = path.width * path.height
    smaller = bool(alike) and area < SMALLER * min(other.width * other.height for other in alike)
    if smaller:
        return f"a smaller {noun(path.label)}" if path.is_named else "a smaller one"
    thing = noun(path.label) if path.is_named else "region"
    determined = f"another {thing}" if alike else f"{article(thing)} {thing}"
    if growth is not None:
        return determined
    if not path.is_named and max(path.width, path.height) < SMALL:
        return determined.replace("region", "small region")
    return f"{determined} {_size(path)}".rstrip()


def told_together(
    paths: Sequence[TrackPath], before: Sequence[TrackPath], *, unknown: int = 0, at_once: int = 0
) -> str:
    """One sentence on all that have none of their own: "Two other people move in several places."

    Of a crowd it says how many there are in all and at once: "About thirty people move in several places, up
    to twelve at once."

    Args:
        paths: at least one.
        before: those of which there were sentences.
        unknown: further ones, of which no more than their number is known.
        at_once: with those, most that there are at one moment.
    """
    places = list(dict.fromkeys(place(*path.middle) for path in paths))
    where = listed(places) if len(places) <= 2 else "in several places"
    if len(paths) + unknown == 1:
        (path,) = paths
        start, end = (seconds(float(path.t_s[index])) for index in (0, -1))
        return sentence(f"{_one_more(path, before)} moves {where} from {start} to {end}")
    if len(paths) + unknown >= CROWD:
        return _crowd(paths, before, where, unknown, at_once)
    labels = list(dict.fromkeys(path.label for path in paths))
    things = [_several([path for path in paths if path.label == label], before) for label in labels]
    verb = "move" if len(things) > 1 or things[0].startswith(_COUNTS) else "moves"
    return sentence(f"{listed(things)} {verb} {where}")


def _crowd(
    paths: Sequence[TrackPath], before: Sequence[TrackPath], where: str, unknown: int, at_once: int
) -> str:
    counts = Counter(path.label for path in paths)
    most_said = counts.most_common(1)[0][0]
    counts[most_said] += unknown
    things = []
    for label, count in counts.items():
        alike = [path for path in paths if path.label == label]
        if count < CROWD:
            things.append(_several(alike, before))
            continue
        other = "other " if any(told.label == label for told in before) else ""
        things.append(f"{about(count)} {other}{plural(label) if alike[0].is_named else 'regions'}")
    at_once = at_once if unknown else _at_once(paths)
    together = f", up to {about(at_once)} at once" if at_once < len(paths) + unknown else ""
    return sentence(f"{listed(things)} move {where}{together}")


def _at_once(paths: Sequence[TrackPath]) -> int:
    return most_at_once([(float(path.t_s[0]), float(path.t_s[-1])) for path in paths])


def _one_more(path: TrackPath, before: Sequence[TrackPath]) -> str:
    alike = [other for other in before if other.label == path.label]
    if not path.is_named:
        return "another region" if alike or not before else "a region"
    if alike and not any(_together(path, other) for other in alike):
        return f"perhaps the same {noun(path.label)}"
    return f"another {noun(path.label)}" if alike else f"{article(noun(path.label))} {noun(path.label)}"


def _several(paths: Sequence[TrackPath], before: Sequence[TrackPath]) -> str:
    """All of one label; of one name as many as there are at once, as each may come back."""
    other = "other " if any(told.label == paths[0].label for told in before) else ""
    if not paths[0].is_named:
        if len(paths) == 1:
            return _one_more(paths[0], before)
        return f"{number(len(paths))} {other}regions"
    at_once = _at_once(paths)
    if at_once == 1:
        return _one_more(paths[0], before)
    return f"{number(at_once)} {other}{plural(paths[0].label)}"


def _together(one: TrackPath, other: TrackPath) -> bool:
    """Whether both are there at one time, so that they cannot be one thing that comes back."""
    return min(one.t_s[-1], other.t_s[-1]) - max(one.t_s[0], other.t_s[0]) > MOMENT_S


def _size(path: TrackPath) -> str:
    """ "about a third of the frame tall"; nothing of what is tiny."""
    tall = path.height > (TALL_PERSON if path.label == "person" else TALL) * path.width
    length, word = (path.height, "tall") if tall else (path.width, "wide")
    if length < TINY_FRACTION:
        return ""
    part = fraction_of(length)
    return f"as {word} as the frame" if part == "all of" else f"about {part} the frame {word}"
