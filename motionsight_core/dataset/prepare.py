"""From rows to clips: version, licence, selection, contamination, near-duplicates, splits, grades."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from motionsight_core.catalog import Clip
from motionsight_core.dataset.clips import SelectedClip, graded_clips
from motionsight_core.dataset.drops import Drop, Stage
from motionsight_core.dataset.duplicates import drop_duplicates
from motionsight_core.dataset.grades import chosen_scorer
from motionsight_core.dataset.rows import Choice, Instance, Row, Rows
from motionsight_core.dataset.selection import Thresholds, newest_versions, select, thresholds
from motionsight_core.dataset.sources import Sources, drop_research_only
from motionsight_core.dataset.splits import splits_of
from motionsight_core.settings import DatasetSettings

#: Which cluster of near-duplicates each clip_id is in, of fingerprints by clip_id and a distance.
Clustering = Callable[[Mapping[str, str], float], Mapping[str, int]]
#: Why a clip must not be in the data set, by clip_id, of fingerprints by clip_id.
Contamination = Callable[[Mapping[str, str]], Mapping[str, str]]
#: Why a clip must not be in the data set, by clip_id, of clips that are looked at.
TextSearch = Callable[[Sequence[Clip]], Mapping[str, str]]
_NOT_COMPARED = (
    "It has no fingerprint, so whether it shows one of the benchmark's videos cannot be told; "
    "`motionsight fingerprint` makes those that are missing."
)


@dataclass(frozen=True, slots=True)
class Prepared:
    """What a data set will be made of, before its clips are files."""

    clips: tuple[SelectedClip, ...]
    drops: tuple[Drop, ...]
    limits: Thresholds
    scorer: str | None
    """Whose scores graded; None where nobody scored."""
    fingerprinted: int
    """Clips that were compared with others."""
    instances: tuple[Instance, ...]
    choices: tuple[Choice, ...]

    def without(self, reasons: Mapping[str, str]) -> Prepared:
        """The same without the clips that could not be made files, by clip_id and with the reason."""
        lost = [clip for clip in self.clips if clip.clip_id in reasons]
        drops = [Drop(row, "media", reasons[row.clip_id]) for clip in lost for row in clip.rows]
        kept = tuple(clip for clip in self.clips if clip.clip_id not in reasons)
        return replace(self, clips=kept, drops=(*self.drops, *drops))


def prepare(
    rows: Rows,
    settings: DatasetSettings,
    *,
    cluster: Clustering,
    contaminated: Contamination | None = None,
    with_text: TextSearch | None = None,
) -> Prepared:
    """Select, deduplicate, split and grade.

    Raises:
        UsageError: a clip belongs to no source, a source lacks a threshold, or it is not clear whose scores
            count.
    """
    scorer = chosen_scorer(rows.scores, settings)
    sources = Sources(settings, required=scorer is not None)
    drops: list[Drop] = []
    left, dropped = newest_versions(rows.motion)
    drops += dropped
    left, dropped = drop_research_only(left, sources, settings)
    drops += dropped
    limits = thresholds(left, settings)
    left, dropped = select(left, limits, settings)
    drops += dropped
    fingerprints = _of(left, rows.fingerprints)
    if contaminated is not None:
        unknown = {row.clip_id: _NOT_COMPARED for row in left if row.clip_id not in fingerprints}
        left, dropped = _dropped(left, "contamination", unknown | dict(contaminated(fingerprints)))
        drops += dropped
        fingerprints = _of(left, fingerprints)
    clusters = cluster(fingerprints, settings.duplicate_distance) if fingerprints else {}
    # Of all that is similar, also of what is dropped next: two clips whose link it was must not part.
    splits = splits_of(left, clusters, settings)
    if settings.duplicates == "drop":
        left, dropped = drop_duplicates(left, clusters)
        drops += dropped
    if with_text is not None:
        looked_at = list({row.clip_id: row.clip for row in left}.values())
        left, dropped = _dropped(left, "text", with_text(looked_at))
        drops += dropped
    clips, dropped = graded_clips(left, rows.scores, scorer, sources, clusters, splits, settings)
    drops += dropped
    return Prepared(
        clips=tuple(clips),
        drops=tuple(drops),
        limits=limits,
        scorer=scorer,
        fingerprinted=len(fingerprints),
        instances=rows.instances,
        choices=rows.choices,
    )


def _of(rows: Sequence[Row], fingerprints: Mapping[str, str]) -> dict[str, str]:
    """The fingerprints of these rows, by clip_id in order."""
    clip_ids = {row.clip_id for row in rows}
    return {clip_id: bits for clip_id, bits in fingerprints.items() if clip_id in clip_ids}


def _dropped(rows: Sequence[Row], stage: Stage, reasons: Mapping[str, str]) -> tuple[list[Row], list[Drop]]:
    """What is kept, and what is left out, of the clips that have a reason."""
    kept = [row for row in rows if row.clip_id not in reasons]
    drops = [Drop(row, stage, reasons[row.clip_id]) for row in rows if row.clip_id in reasons]
    return kept, drops
