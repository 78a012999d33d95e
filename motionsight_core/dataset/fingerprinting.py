"""Fingerprints of clips that were annotated before there were any, and of a benchmark's videos."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from itertools import islice

from motionsight_core.catalog import Clip
from motionsight_core.dataset.clusters import contaminated
from motionsight_core.errors import ClipError, Corrupt, UsageError
from motionsight_core.guarded.pool import shared_decoder
from motionsight_core.planning.plan import clips_of
from motionsight_core.settings import Settings
from motionsight_core.warehouse import Warehouse


def fingerprints_of(clips: Iterable[Clip], settings: Settings) -> Iterator[tuple[Clip, str | ClipError]]:
    """Each clip with its fingerprint, or with why it has none; in order, decoded side by side.

    Of each clip eight frames are looked at, in the guarded processes of `settings.runtime.decode_processes`.
    """
    decoder, waiting = shared_decoder(settings), iter(clips)

    def taken(clip: Clip) -> tuple[Clip, str | ClipError]:
        try:
            found = decoder.decode(clip, products=("fingerprint",)).fingerprint
        except ClipError as error:
            return clip, error
        return clip, found or Corrupt("Not one frame of the clip can be decoded.")

    at_once = 8 * settings.runtime.decode_processes
    with ThreadPoolExecutor(settings.runtime.decode_processes) as threads:
        while batch := list(islice(waiting, at_once)):
            yield from threads.map(taken, batch)


def clips_without(warehouse: Warehouse, where: str | None, *, most: int, after: str = "") -> dict[str, Clip]:
    """The next clips of rows of `motion` that have no fingerprint, by clip_id and in its order.

    Args:
        warehouse: with the table `fingerprints`.
        where: SQL over the columns of `motion`; all rows if unset.
        most: how many.
        after: a clip_id: only what comes after it.

    Raises:
        UsageError: the condition is not valid.
        NoWarehouse: nothing was written there yet.
    """
    rows = warehouse.query(
        f"""
        SELECT DISTINCT clips.clip_id, clips.uri, clips.version, clips.start_s, clips.end_s
        FROM {_selected(where)} AS clips
        LEFT JOIN (SELECT clip_id AS known FROM fingerprints) AS taken ON taken.known = clips.clip_id
        WHERE taken.known IS NULL AND clips.clip_id > '{after}'
        ORDER BY clips.clip_id LIMIT {most}
        """  # noqa: S608 - a clip_id is hex digits
    ).rows
    return {clip_id: Clip(*clip) for clip_id, *clip in rows}


def count_without(warehouse: Warehouse, where: str | None) -> tuple[int, int]:
    """How many clips the rows are of, and how many of these have no fingerprint; see `clips_without`."""
    ((clips, taken),) = warehouse.query(
        f"""
        SELECT count(DISTINCT clips.clip_id), count(DISTINCT taken.known)
        FROM {_selected(where)} AS clips
        LEFT JOIN (SELECT clip_id AS known FROM fingerprints) AS taken ON taken.known = clips.clip_id
        """  # noqa: S608
    ).rows
    return clips, clips - taken


def _selected(where: str | None) -> str:
    # On a line of its own: a comment at the end of the condition must not hide the bracket.
    condition = f" WHERE (\n{where}\n)" if where else ""
    return f"(SELECT clip_id, uri, version, start_s, end_s FROM motion{condition})"  # noqa: S608


class Benchmark:
    """The videos of a benchmark, which no training clip may show.

    Args:
        source: where they are: a file, a directory, a glob, gs:// or s3://.
        settings: of which `clips` should be the catalog's: a video is looked at in the same pieces, and
            whole.
        distance: as in `clusters.clusters_of`.

    Raises:
        UsageError: there is no video at all.
        ClipError: one of the videos cannot be read: whether a clip shows it could not be told.
    """

    def __init__(self, source: str, settings: Settings, *, distance: float) -> None:
        self._distance = distance
        self.fingerprints: dict[str, str] = {}
        """By the video's address, with the span of a part."""
        parts = clips_of(source, settings)
        whole = clips_of(source, settings.model_copy(update={"clips": type(settings.clips)()}))
        for clip, found in fingerprints_of(dict.fromkeys([*whole, *parts]), settings):
            if isinstance(found, ClipError):
                raise found.with_message(f"{clip.uri}: {found}")
            span = "" if clip in whole else f" from {clip.start_s:g} s to {clip.end_s:g} s"
            self.fingerprints[f"{clip.uri}{span}"] = found
        if not self.fingerprints:
            raise UsageError(f"{source} holds no video; name the folder of the benchmark's videos.")

    def shown_by(self, fingerprints: Mapping[str, str]) -> dict[str, str]:
        """Of the clips that show one of the videos, by clip_id: a sentence that names it."""
        near = contaminated(fingerprints, self.fingerprints, distance=self._distance)
        return {clip: f"It shows what {video} shows." for clip, video in near.items()}
