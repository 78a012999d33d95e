"""A data set that is ready to be written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from pathlib import Path

from motionsight_core.dataset.clips import SelectedClip
from motionsight_core.dataset.files_of_clips import media_address, media_name, media_paths
from motionsight_core.dataset.grounding import InstanceQuestion, instance_questions
from motionsight_core.dataset.pairs import Pair, Preference, candidates, preferences
from motionsight_core.dataset.prepare import Prepared
from motionsight_core.dataset.sft import Question, questions
from motionsight_core.settings import DatasetSettings, MediaKind, MediaSettings, Settings


@dataclass(frozen=True)
class DataSet:
    """Clips with their media, and what is asked about them."""

    prepared: Prepared
    settings: DatasetSettings
    media_settings: MediaSettings
    """What the media are, and where."""
    where: str | None
    """The condition by which rows were chosen."""
    media: Mapping[str, tuple[str, ...]]
    """Files of each clip_id as views name them, or the uri of its source."""
    questions: Sequence[Question]
    pairs: Sequence[Pair]
    preferences: Sequence[Preference]
    instances: Sequence[InstanceQuestion]
    """Questions about single objects."""

    @cached_property
    def newest(self) -> datetime | None:
        """When the newest of its rows was written: the only date in a data set, so that it can be rebuilt."""
        return max((row.annotated_at for clip in self.clips for row in clip.rows), default=None)

    @property
    def clips(self) -> tuple[SelectedClip, ...]:
        return self.prepared.clips

    @property
    def kind(self) -> MediaKind:
        return self.media_settings.kind

    def medium(self, clip: SelectedClip) -> str:
        """The column `media` of tables: a file, a folder of frames, or the uri of the source."""
        return media_address(clip.rows[0].clip, self.media_settings)

    def name_in_folder(self, clip: SelectedClip) -> str:
        """The same for views, whose paths are all relative to the data set's folder."""
        return media_name(clip.rows[0].clip, self.media_settings)


def assemble(prepared: Prepared, settings: Settings, where: str | None, folder: Path) -> DataSet:
    """Ask, pair and look up what people prefer; the media of `prepared` are in the folder."""
    pairs = candidates(prepared.clips)
    return DataSet(
        prepared=prepared,
        settings=settings.dataset,
        media_settings=settings.media,
        where=where,
        media=media_paths(folder, (clip.rows[0].clip for clip in prepared.clips), settings),
        questions=questions(prepared.clips, pairs, settings.dataset),
        pairs=pairs,
        preferences=preferences(pairs, prepared.choices),
        instances=instance_questions(prepared.clips, prepared.instances, settings.dataset),
    )
