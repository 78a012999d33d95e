"""One rule for all stores: which names of a listing are taken, and what is counted of the others."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from motionsight_core.catalog import VideoObject
from motionsight_core.video.formats import is_hidden, is_video_name, suffix_of

#: Beyond so many different suffixes, others are counted together: names may end in numbers.
_MOST_SUFFIXES = 1000
#: Under which those are counted.
OTHER_SUFFIXES = "others"


@dataclass(frozen=True, slots=True)
class Candidate:
    """An object whose name is not that of a video; its first bytes decide whether it is one."""

    uri: str
    version: str

    @property
    def object(self) -> VideoObject:
        return VideoObject(self.uri, self.version)


@dataclass(slots=True)
class PassedOver:
    """How many objects of a listing are not videos, by their names' suffixes; the empty suffix is none.

    Counts only, whose memory is bounded. Hidden names and placeholders of folders are not counted.
    """

    names: Counter[str] = field(default_factory=Counter)
    """Whose name is not that of a video, and which were not looked into."""
    contents: Counter[str] = field(default_factory=Counter)
    """Whose first bytes are not those of a video."""

    def __len__(self) -> int:
        return self.names.total() + self.contents.total()

    def add_name(self, name: str) -> None:
        """Count an object that was left out because of its name."""
        if not is_hidden(name):
            _count(self.names, suffix_of(name))

    def add_content(self, name: str) -> None:
        """Count an object that was left out because of its content."""
        _count(self.contents, suffix_of(name))


def listed_as(name: str, *, all_files: bool) -> type[VideoObject] | type[Candidate] | None:
    """What an object of this name becomes in a listing; None where it is passed over."""
    if is_video_name(name):
        return VideoObject
    return Candidate if all_files and not is_hidden(name) else None


def _count(counts: Counter[str], suffix: str) -> None:
    counts[suffix if suffix in counts or len(counts) < _MOST_SUFFIXES else OTHER_SUFFIXES] += 1
