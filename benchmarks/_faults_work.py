"""One process's share of a campaign: trial after trial, each looked at from all sides."""

from __future__ import annotations

import shutil
import time
from contextlib import ExitStack
from pathlib import Path
from random import Random

from benchmarks._faults_disk import small_disk
from benchmarks._faults_kinds import KINDS, Source, Trial, other_content
from benchmarks._faults_process import Place, adopt_orphans, files_beyond, locks_held, orphans
from benchmarks._faults_stores import BUCKET, Stores, running_stores
from benchmarks._faults_tables import (
    Tables,
    differences,
    expected_after_overwriting,
    tables_of,
    without_gone_versions,
)
from benchmarks.faults import Outcome
from motionsight_core.synthetic import render_catalog

_LOG_LINES = 12
_KEYS = (
    ("AWS_ACCESS_KEY_ID", "test"),
    ("AWS_SECRET_ACCESS_KEY", "test"),
    ("AWS_DEFAULT_REGION", "us-east-1"),
    ("AWS_EC2_METADATA_DISABLED", "true"),
)


def render_videos(folder: Path, *, count: int) -> None:
    """Tiny videos, and a file that is none."""
    render_catalog(folder, count=count, seed=3, width=128, height=72, duration_s=0.6)
    (folder / "broken.mp4").write_text("no video")


class Worker:
    """Does trials one after the other; what needs threads runs in other processes."""

    def __init__(self, folder: Path, videos: Path, *, mount: bool) -> None:
        self._folder, self._videos, self._mount = folder, videos, mount
        self._open = ExitStack()
        self._stores: Stores | None = None
        self._calm: dict[tuple[str, bool], Tables] = {}
        self._calm_s = 0.0
        self._kinds = {kind.name: kind for kind in KINDS}

    def __enter__(self) -> Worker:
        adopt_orphans()
        self._folder.mkdir()
        self._calm_tables("file")
        return self

    def __exit__(self, *exception: object) -> None:
        self._open.close()

    def outcome(self, name: str, dice: Random, seed: int) -> Outcome:
        """Do one trial."""
        kind = self._kinds[name]
        scheme = kind.schemes[seed % len(kind.schemes)]
        source = self._source(scheme)
        calm = self._calm_tables(scheme)
        small = kind.small_disk and self._mount
        place = Place(self._folder / f"{name}-{seed}")
        with ExitStack() as stack:
            if small:
                stack.enter_context(small_disk(place.folder))
            place.make()
            trial = Trial(
                dice, place, source, self._videos, self._calm_s, self._stores, small, command=kind.command
            )
            ending = kind.disturb(trial)
            wrong = self._left_behind(place, "disturbed", finished=ending.startswith("exit") and not small)
            again = trial.start().wait()
            if again != "exit 0":
                wrong.append(f"the second run ended with {again}")
            wrong += self._left_behind(place, "second", finished=True)
            wrong += self._differences(trial, scheme, calm)
            log = place.log.read_text(errors="replace")
            if "Traceback" in log:
                wrong.append("a run printed a traceback")
        shutil.rmtree(place.folder, ignore_errors=True)
        shown = "\n".join(f"    {line[:250]}" for line in log.splitlines()[-_LOG_LINES:]) if wrong else ""
        return Outcome(name, seed, ending, tuple(wrong), shown[-3000:])

    def _left_behind(self, place: Place, run: str, *, finished: bool) -> list[str]:
        known = [self._stores.pid] if self._stores else []
        found = [f"a process outlives the {run} run: {name}" for name in orphans(known)]
        found += [f"a lock outlives the {run} run: {name}" for name in locks_held(place.folder)]
        beyond = files_beyond(place, finished=finished)
        if beyond:
            found.append(f"left behind by the {run} run: {', '.join(beyond[:4])}")
        return found

    def _differences(self, trial: Trial, scheme: str, calm: Tables) -> list[str]:
        if not trial.place.warehouse.exists():
            return ["there is no warehouse"]
        found = tables_of(trial.place.warehouse)
        if trial.changed:
            changed = {f"{trial.source.address}{name}" for name in trial.changed}
            other = self._calm_tables(scheme, overwritten=True)
            found = without_gone_versions(found, calm, changed)
            calm = expected_after_overwriting(calm, other, changed)
            self._restore()
        return differences(found, calm)

    def _calm_tables(self, scheme: str, *, overwritten: bool = False) -> Tables:
        """What an undisturbed run gives; with every object's other content, if so asked."""
        if (scheme, overwritten) not in self._calm:
            source = self._source(scheme)
            place = Place(self._folder / f"calm-{scheme}-{overwritten}")
            place.make()
            if overwritten:
                self._overwrite_all()
            trial = Trial(Random(0), place, source, self._videos, 0.0, self._stores, small=False)  # noqa: S311
            began = time.monotonic()
            ending = trial.start().wait()
            assert ending == "exit 0", f"{ending}\n{place.log.read_text()}"
            self._calm_s = self._calm_s or time.monotonic() - began
            self._calm[scheme, overwritten] = tables_of(place.warehouse)
            if overwritten:
                self._restore()
            assert not self._calm[scheme, overwritten].contradictions
            shutil.rmtree(place.folder)
        return self._calm[scheme, overwritten]

    def _source(self, scheme: str) -> Source:
        if scheme == "file":
            return Source(str(self._videos))
        if self._stores is None:
            self._stores = self._open.enter_context(running_stores(self._videos))
        endpoint = f"stores.{scheme}_endpoint={self._stores.addresses[scheme]}"
        return Source(f"{scheme}://{BUCKET}/", (endpoint,), _KEYS)

    def _overwrite_all(self) -> None:
        assert self._stores is not None
        videos = sorted(self._videos.glob("*.mp4"))
        for video in videos:
            self._stores.put(video.name, other_content(videos, video))

    def _restore(self) -> None:
        """The same bytes have the same version again."""
        assert self._stores is not None
        for video in self._videos.glob("*.mp4"):
            self._stores.put(video.name, video)
