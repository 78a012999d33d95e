"""A campaign of faults: runs that are disturbed, started again, and must end as an undisturbed one.

    python -m benchmarks.faults [--runs 210] [--seed 2026] [--only KIND ...] [--jobs 2]

Each trial annotates nine tiny videos (one of them broken) in shards of three, in a folder of its own, and
meanwhile kills a process, fills the disk, lets the store fail ... Then the same command runs undisturbed.
A trial is exact where

- the tables hold exactly the rows of a calm run (but for run ids and times), no clip was committed twice,
  and the numbers of each run are those of its commits;
- no process, no lock and no file outlives a run but what is staged or whole in the cache; and after the
  second run nothing at all but the warehouse and whole entries of the cache;
- no run printed a traceback.

What happens in a trial depends on its seed; what it hits, on the machine's speed as well. The seeds of
trials that were not exact are named; `--seed S --runs 1 --only KIND` repeats one. A full disk is a real
one, a tmpfs, where this program may mount; else staging meets injected errors, and the table says so.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from random import Random

from benchmarks._faults_disk import MAY_MOUNT, enter_namespace

VIDEOS = 8
NAMES = (
    "kill_parent",
    "kill_decoder",
    "kill_committer",
    "sigterm",
    "store_errors",
    "store_overwrite",
    "disk_full",
    "time_out",
    "warehouse_locked",
    "backfill_killed",
)


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a trial went."""

    kind: str
    seed: int
    ending: str
    """Of the disturbed run."""
    wrong: tuple[str, ...]
    """What did not hold."""
    log: str = ""
    """The last lines of what both runs printed, where something did not hold."""


def planned(kinds: Sequence[str], runs: int, seed: int) -> list[tuple[str, int]]:
    """Kinds with seeds, by turns."""
    return [(kinds[number % len(kinds)], seed + number // len(kinds)) for number in range(runs)]


def campaign(trials: Sequence[tuple[str, int]], *, jobs: int, mount: bool, root: Path) -> Iterator[Outcome]:
    """The outcomes of trials as they come, from so many processes that each do their share."""
    from benchmarks._faults_process import start_in_child
    from benchmarks._faults_work import Worker, render_videos

    videos = root / "videos"
    assert start_in_child(lambda: render_videos(videos, count=VIDEOS)).wait() == "exit 0"
    reading, writing = os.pipe()

    def work(number: int) -> None:
        os.close(reading)
        with Worker(root / f"worker-{number}", videos, mount=mount) as worker:
            for kind, seed in trials[number::jobs]:
                outcome = worker.outcome(kind, Random(f"{kind} {seed}"), seed)  # noqa: S311
                # So short that lines of several workers do not mix.
                os.write(writing, (json.dumps(asdict(outcome)) + "\n").encode())

    workers = [start_in_child(lambda number=number: work(number)) for number in range(jobs)]
    os.close(writing)
    with os.fdopen(reading) as lines:
        for line in lines:
            values = json.loads(line)
            yield Outcome(**(values | {"wrong": tuple(values["wrong"])}))
    for worker in workers:
        if (ending := worker.wait()) != "exit 0":
            raise RuntimeError(f"A worker of the campaign ended with {ending}.")


@contextmanager
def _folder() -> Iterator[Path]:
    """A temporary folder."""
    folder = Path(tempfile.mkdtemp(prefix="faults-"))
    try:
        yield folder
    finally:
        # Of a campaign that is interrupted something may still be at work there.
        shutil.rmtree(folder, ignore_errors=True)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--runs", type=int, default=210)
    parser.add_argument("--seed", type=int, default=2026)
    parser.add_argument("--only", choices=NAMES, nargs="+", default=NAMES)
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument(MAY_MOUNT, action="store_true", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    enter_namespace("benchmarks.faults", sys.argv[1:])
    began = time.monotonic()
    trials = planned(arguments.only, arguments.runs, arguments.seed)
    outcomes: list[Outcome] = []
    # Ctrl-C ends the campaign, and shows what it found until then.
    with _folder() as root, suppress(KeyboardInterrupt):
        jobs = min(arguments.jobs, len(trials))
        for outcome in campaign(trials, jobs=jobs, mount=arguments.may_mount, root=root):
            outcomes.append(outcome)
            if outcome.wrong:
                print(f"NOT EXACT: {outcome.kind} {outcome.seed} ({outcome.ending}): ", end="")
                print(*outcome.wrong, sep="; ")
                print(outcome.log, flush=True)
    print(f"{'kind':18} {'runs':>5} {'exact':>6}   how the disturbed runs ended")
    for kind in arguments.only:
        of_kind = [outcome for outcome in outcomes if outcome.kind == kind]
        exact = sum(not outcome.wrong for outcome in of_kind)
        endings = Counter(outcome.ending for outcome in of_kind)
        shown = ", ".join(f"{ending}: {count}" for ending, count in sorted(endings.items()))
        injected = "" if kind != "disk_full" or arguments.may_mount else " (injected: no disk to mount)"
        print(f"{kind:18} {len(of_kind):5} {exact:6}   {shown}{injected}")
    bad = [outcome for outcome in outcomes if outcome.wrong]
    print(f"{len(outcomes)} runs, {len(outcomes) - len(bad)} exact, {time.monotonic() - began:.0f} s.")
    if bad or len(outcomes) < len(trials):
        print("Not exact: " + ", ".join(f"{outcome.kind} {outcome.seed}" for outcome in bad))
        sys.exit(1)


if __name__ == "__main__":
    main()
