"""The compressors of video tokens beside each other: what they cost, and what small ones learn.

    python -m benchmarks.compressors --count
    python -m benchmarks.compressors [--k 4] [--seeds 0 1 2] [--steps 800] [--methods te kangaroo]

--count prints decoder tokens, parameters and operations on a tower of the size of SigLIP so400m/14, with
16 frames of 224x224 and tokens 4096 wide; it takes half a minute and little memory.

Otherwise each method is trained on rendered clips of an object that hops (`benchmarks/_hops.py`), from one
small tower that has learned to find the object on single frames, and is scored on clips held back. All get
the same number of decoder tokens, and so k times as many frames as no fusion. The default takes about an hour
of one core; with --results each training is kept in a file, and a second run trains only what it lacks.

The scores show what a mechanism can carry after so many steps, and say nothing of gains on real videos.
"""

from __future__ import annotations

import argparse
import json
import os
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from statistics import mean, stdev
from typing import Any

import torch
from transformers import SiglipVisionConfig, SiglipVisionModel

from benchmarks._compressors_trained import image_tower, trained_score
from benchmarks._hops import MOMENTS, backgrounds, hops
from motionsight_core.compressors.counts import Counts, count
from motionsight_core.compressors.methods import METHODS

RATIOS = (2, 4, 8, 16)
BACKGROUNDS = 60
COUNTED_FRAMES = 16
#: The hidden size of the paper's decoder, GLM-4-9B.
COUNTED_OUT = 4096


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--count", action="store_true", help="print what the methods cost, and train nothing")
    parser.add_argument("--methods", nargs="+", choices=METHODS, default=list(METHODS))
    parser.add_argument("--k", type=int, choices=RATIOS, default=4, help="frames of a group")
    parser.add_argument(
        "--groups", type=int, choices=(1, 2, 4), default=4, help="each has four decoder tokens"
    )
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--steps", type=int, default=800, help="of training, 48 clips each")
    parser.add_argument("--clips", type=int, default=6000, help="to train on; a sixth as many are held back")
    parser.add_argument("--results", type=Path, help="JSON lines, one for each training")
    chosen = parser.parse_args()
    if chosen.count:
        print(count_table())
        return
    if chosen.k * chosen.groups > MOMENTS:
        parser.error(f"A clip has {MOMENTS} frames: --k times --groups may not be more.")
    torch.set_num_threads(int(os.environ.get("OMP_NUM_THREADS", "1")))
    print(score_table(list(trainings(chosen)), chosen.methods))


def count_table() -> str:
    """What each method costs at each k, on a tower of real size."""
    ratios = (1, *RATIOS)
    with torch.device("meta"):
        tower = sum(parameter.numel() for parameter in large_tower().parameters())
        costs = {
            (method, k): count(METHODS[method](large_tower(), k=k, out=COUNTED_OUT), COUNTED_FRAMES)
            for method in METHODS
            for k in ratios
            if (k == 1) == (method == "none")
        }
    tokens = {k: cost.tokens for (_, k), cost in costs.items()}
    lines = [
        f"Tower {tower / 1e6:.0f} M, {COUNTED_FRAMES} frames: parameters beside the tower; operations.\n",
        "| method | " + " | ".join(f"k = {k}" for k in ratios) + " |",
        "| --- " * (1 + len(ratios)) + "|",
        "| decoder tokens | " + " | ".join(str(tokens[k]) for k in ratios) + " |",
    ]
    for method in METHODS:
        cells = (_cost(costs[method, k], tower) if (method, k) in costs else "" for k in ratios)
        lines.append(f"| {method} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def _cost(counts: Counts, tower: int) -> str:
    return f"{(counts.parameters - tower) / 1e6:.0f} M; {counts.flops / 1e12:.2f} T"


def large_tower() -> SiglipVisionModel:
    """Of the size of SigLIP so400m/14 at 224x224, without its pooling head."""
    return SiglipVisionModel(
        SiglipVisionConfig(
            hidden_size=1152,
            intermediate_size=4304,
            num_hidden_layers=27,
            num_attention_heads=16,
            image_size=224,
            patch_size=14,
            vision_use_head=False,
        )
    )


def trainings(chosen: argparse.Namespace) -> Iterator[dict[str, Any]]:
    """One result for each method and seed, from the file where it is there."""
    lines = chosen.results.read_text().splitlines() if chosen.results and chosen.results.exists() else []
    known = [json.loads(line) for line in lines]
    settings = {"groups": chosen.groups, "steps": chosen.steps, "clips": chosen.clips}
    wanted = [
        {"method": method, "k": 1 if method == "none" else chosen.k, "seed": seed, **settings}
        for seed in chosen.seeds
        for method in chosen.methods
    ]
    done = [row for row in known if {key: row[key] for key in wanted[0]} in wanted]
    yield from done
    missing = [want for want in wanted if want not in ({key: row[key] for key in want} for row in done)]
    if not missing:
        return
    pictures = backgrounds(BACKGROUNDS, seed=10_000)
    kept = BACKGROUNDS * 4 // 5
    clips = hops(chosen.clips, pictures[:kept], seed=1)
    held_back = hops(chosen.clips // 6, pictures[kept:], seed=2)
    tower = image_tower(clips, steps=2 * chosen.steps)
    for want in missing:
        method, k, seed = want["method"], want["k"], want["seed"]
        got = trained_score(
            method, tower, clips, held_back, k=k, groups=chosen.groups, steps=chosen.steps, seed=seed
        )
        print(f"{method} k={k} seed={seed}: direction {got.direction:.3f}, {got.cpu_s:.0f} CPU s", flush=True)
        row = want | asdict(got)
        if chosen.results:
            with chosen.results.open("a") as results:
                results.write(json.dumps(row) + "\n")
        yield row


def score_table(rows: list[dict[str, Any]], methods: list[str]) -> str:
    """Mean and standard deviation over the seeds."""
    lines = [
        "| method | k | frames | tokens | seeds | direction told | error while hopping, px |",
        "| --- | --- | --- | --- | --- | --- | --- |",
    ]
    for method in methods:
        mine = [row for row in rows if row["method"] == method]
        k, groups = mine[0]["k"], mine[0]["groups"]
        told, error = (_spread([row[key] for row in mine], digits) for key, digits in _SCORES.items())
        lines.append(f"| {method} | {k} | {k * groups} | {4 * groups} | {len(mine)} | {told} | {error} |")
    return "\n".join(lines)


_SCORES = {"direction": 3, "hopping_px": 2}


def _spread(values: list[float], digits: int) -> str:
    spread = f" ± {stdev(values):.{digits}f}" if len(values) > 1 else ""
    return f"{mean(values):.{digits}f}{spread}"


if __name__ == "__main__":
    main()
