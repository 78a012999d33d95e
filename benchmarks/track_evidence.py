"""What is known of each measured track of rendered scenes, and whether it is right: to fit a probability on.

    python -m benchmarks.track_evidence --count 300 --seed 61 --stressed 0.4 --jobs 2 --out tracks.jsonl

Writes one JSON object a line for each track: the scene and its stressors, the track's score, the features of
`TrackEvidence`, `right` (the share of its boxes that overlap a true one by at least 0.3) and `beside` (the
share that is of something incidental, which is neither right nor wrong). Seeds as in
`benchmarks/motion_scenes.py`.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import tempfile
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks._scenes_drawn import Draw, rendered_and_measured
from benchmarks._scenes_matching import BOX_IOUS, box_iou, is_of


def tracks_of(draw: Draw, folder: Path, index: int) -> list[dict[str, Any]]:
    """The tracks of one scene."""
    truth, measurement = rendered_and_measured(draw, index, folder)
    (folder / truth.file).unlink()
    meant = [box for track in truth.objects if not track.incidental for box in track.boxes]
    besides = [box for track in truth.objects if track.incidental for box in track.boxes]
    rows = []
    for track, evidence in zip(measurement.tracks, measurement.track_evidence, strict=True):
        right = [any(box_iou(box, other) >= BOX_IOUS[0] for other in meant) for box in track.boxes]
        beside = [any(is_of(box, other) for other in besides) for box in track.boxes]
        rows.append(
            {
                "scene": Path(truth.file).stem,
                "stressors": truth.stressors,
                "score": track.score,
                "right": round(sum(right) / len(right), 3),
                "beside": round(sum(beside) / len(beside), 3),
                **asdict(evidence),
            }
        )
    return rows


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--count", type=int, default=100, help="scenes")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--stressed", type=float, default=0.4, metavar="SHARE")
    parser.add_argument("--jobs", type=int, default=1, help="processes")
    parser.add_argument("--out", type=Path, required=True, metavar="FILE")
    options = parser.parse_args()
    with (
        tempfile.TemporaryDirectory() as folder,
        multiprocessing.get_context("spawn").Pool(options.jobs, maxtasksperchild=25) as pool,
        options.out.open("w", encoding="utf-8") as out,
    ):
        job = partial(tracks_of, Draw(options.seed, options.stressed), Path(folder))
        for rows in pool.imap(job, range(options.count)):
            out.writelines(f"{json.dumps(row)}\n" for row in rows)


if __name__ == "__main__":
    main()
