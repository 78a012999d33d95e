"""How right the weightless measurement is, on random rendered scenes whose motion is known.

    python -m benchmarks.motion_scenes --count 60 --seed 1
    python -m benchmarks.motion_scenes --count 300 --seed 7 --stressed 0.4 --jobs 2 --json figures.json

Prints precision, recall and exact label sets of the camera's moves (a move counts when its label is right
and it covers at least half of the true span), the static clips, rates, boundaries, cuts, dissolves,
steadiness, the moving regions at IoU 0.3 and 0.5, tracks per object, counts of repetition, how far confidence
is a probability, each stressor by itself, and the scenes that came out worst. truck, pedestal and dolly are
counted as the pan, tilt and zoom that they look like, except in the line on parallax labels.

`--stressed 0.4` makes four of ten scenes stressed ones (`motionsight_core.synthetic.stressed`), and shows
half of the others over backgrounds that the measurement was not tuned on. Seeds 1 to 999 are for development;
seeds 5000 to 5999 are for tests alone: nothing is tuned on what they show.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from functools import partial
from pathlib import Path

from benchmarks._scenes_drawn import Draw, pictures_in, rendered_and_measured
from benchmarks._scenes_matching import SceneResult, result_of
from benchmarks._scenes_report import report
from benchmarks._scenes_scores import numbers
from motionsight_core.synthetic import KINDS, SceneTruth, write_truth
from motionsight_core.synthetic.stressed import STRESSORS

_SCENES_PER_PROCESS = 25
"""A process is then replaced, so that memory stays bounded."""


def compared(draw: Draw, index: int, folder: Path, *, keep: bool) -> tuple[SceneTruth, SceneResult]:
    """One scene from its number to its counts."""
    truth, measurement = rendered_and_measured(draw, index, folder)
    if not keep:
        (folder / truth.file).unlink()
    return truth, result_of(Path(truth.file).stem, draw.kind(index), truth, measurement)


def _all(
    draw: Draw, indices: Sequence[int], folder: Path, *, keep: bool, jobs: int
) -> Iterator[tuple[SceneTruth, SceneResult]]:
    job = partial(_job, draw, folder, keep)
    # Not an executor of concurrent.futures: replacing its processes may hang (python/cpython#115634).
    with multiprocessing.get_context("spawn").Pool(jobs, maxtasksperchild=_SCENES_PER_PROCESS) as pool:
        for done, pair in enumerate(pool.imap(job, indices), start=1):
            yield pair
            if sys.stderr.isatty() or done % 50 == 0:
                print(f"{done} of {len(indices)}", end="\r" if sys.stderr.isatty() else "\n", file=sys.stderr)


def _job(draw: Draw, folder: Path, keep: bool, index: int) -> tuple[SceneTruth, SceneResult]:
    return compared(draw, index, folder, keep=keep)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--count", type=int, default=60, help="scenes")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument(
        "--stressed", type=float, default=0.0, metavar="SHARE", help="0 to 1; none by default"
    )
    parser.add_argument("--kinds", nargs="*", choices=sorted(KINDS), help="of plain scenes; all by default")
    parser.add_argument("--stressors", nargs="*", choices=sorted(STRESSORS), help="all by default")
    parser.add_argument("--pictures", type=Path, metavar="DIR", help="JPEG or PNG files as some backgrounds")
    parser.add_argument("--jobs", type=int, default=1, help="processes")
    parser.add_argument("--only", type=int, nargs="*", metavar="NUMBER", help="these scenes of the set alone")
    parser.add_argument("--keep", type=Path, metavar="DIR", help="leave the videos and truth.json there")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there as well")
    return parser.parse_args()


def main() -> None:
    """The command line."""
    options = _options()
    draw = Draw(
        options.seed,
        options.stressed,
        tuple(options.kinds or KINDS),
        tuple(options.stressors or STRESSORS),
        tuple(pictures_in(options.pictures)),
    )
    indices = options.only or range(options.count)
    with ExitStack() as stack:
        folder = options.keep or Path(stack.enter_context(tempfile.TemporaryDirectory()))
        folder.mkdir(parents=True, exist_ok=True)
        pairs = list(_all(draw, indices, folder, keep=options.keep is not None, jobs=options.jobs))
    results = [result for _, result in pairs]
    if options.keep:
        write_truth(options.keep, [truth for truth, _ in pairs])
    if options.json:
        settings = {"seed": options.seed, "count": len(results), "stressed": options.stressed}
        options.json.write_text(json.dumps({**settings, **numbers(results)}, indent=1) + "\n")
    print(report(results))


if __name__ == "__main__":
    main()
