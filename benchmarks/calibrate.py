"""Fits the probabilities that camera moves and tracks are right, on rendered scenes whose motion is known.

    python -m benchmarks.calibrate --seeds 301 302 303 --check 304 --jobs 2

Writes `motionsight_core/measure/calibration.json`: a logistic function of the evidence for moves, and one for
tracks, with the seeds they come from. Of the scenes that are rendered four fifths are stressed; they weigh so
that the sum is that of a set of which two fifths are. Prints how far both hold on the seeds of `--check`, on
which nothing was fitted. Seeds 5000 to 5999 are refused: they are for tests.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import tempfile
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from benchmarks._scenes_drawn import Draw, rendered_and_measured
from benchmarks._scenes_evidence import moves_with_evidence, tracks_with_evidence
from benchmarks._scenes_matching import result_of
from motionsight_core.measure.calibration import FILE, MOVE_FEATURES, TRACK_FEATURES
from motionsight_core.settings import MeasureSettings, Settings

Floats = NDArray[np.float64]

STRESSED, MEANT = 0.8, 0.4
"""Share of stressed scenes that are rendered, and that the figures are meant for."""
PENALTY = {"moves": 3.0, "tracks": 10.0}
"""Of the squared weights of standardised features, in claims; tracks have many more of these."""
_ALL_MOVES = Settings(measure=MeasureSettings(least_confidence=0.0))
TESTS = range(5000, 6000)
"""Seeds that nothing may be fitted on."""


def rows_of(seed: int, count: int, jobs: int) -> dict[str, list[dict[str, Any]]]:
    """All moves and tracks that are claimed of a seed's scenes."""
    with (
        tempfile.TemporaryDirectory() as folder,
        multiprocessing.get_context("spawn").Pool(jobs, maxtasksperchild=25) as pool,
    ):
        found = pool.map(partial(_rows_of_scene, Draw(seed, STRESSED), Path(folder)), range(count), 1)
    return {kind: [row for scene in found for row in scene[kind]] for kind in ("moves", "tracks")}


def _rows_of_scene(draw: Draw, folder: Path, index: int) -> dict[str, list[dict[str, Any]]]:
    truth, measurement = rendered_and_measured(draw, index, folder, _ALL_MOVES)
    (folder / truth.file).unlink()
    weight = MEANT / STRESSED if draw.is_stressed(index) else (1 - MEANT) / (1 - STRESSED)
    result = result_of(Path(truth.file).stem, draw.kind(index), truth, measurement)
    found = {
        "moves": moves_with_evidence(result, measurement),
        "tracks": tracks_with_evidence(truth, measurement),
    }
    return {kind: [{**row, "weight": weight} for row in rows] for kind, rows in found.items()}


def fitted(features: Floats, right: Floats, weight: Floats, penalty: float) -> tuple[float, Floats]:
    """Intercept and weights [F] of the logistic function of features [N, F] that fits best."""
    mean, deviation = features.mean(axis=0), features.std(axis=0) + 1e-9
    standard = (features - mean) / deviation

    def loss(parameters: Floats) -> tuple[float, Floats]:
        logit = parameters[0] + standard @ parameters[1:]
        error = weight * (1 / (1 + np.exp(-logit)) - right)
        value = float(np.sum(weight * (np.logaddexp(0, logit) - right * logit)))
        value += penalty / 2 * float(np.sum(parameters[1:] ** 2))
        return value, np.concatenate([[error.sum()], standard.T @ error + penalty * parameters[1:]])

    found = minimize(loss, np.zeros(1 + features.shape[1]), jac=True, method="L-BFGS-B").x
    weights = found[1:] / deviation
    return float(found[0] - weights @ mean), np.asarray(weights, np.float64)


def told(name: str, probability: Floats, right: Floats, weight: Floats) -> str:
    """The reliability of probabilities [N], and the expected calibration error."""
    lines, error = [f"{name}: {len(right)} claimed, {np.average(right, weights=weight):.3f} right"], 0.0
    for low in np.arange(0, 1, 0.1):
        chosen = (probability >= low) & (probability < low + 0.1 + 1e-9 * (low > 0.85))
        if chosen.any():
            said, is_right = (
                float(np.average(values[chosen], weights=weight[chosen])) for values in (probability, right)
            )
            error += abs(said - is_right) * float(weight[chosen].sum() / weight.sum())
            span = f"{low:.1f} to {low + 0.1:.1f}"
            lines.append(f"  {span}  {chosen.sum():5d}  said {said:.3f}  right {is_right:.3f}")
    return "\n".join([*lines, f"  expected calibration error {error:.3f}"])


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--seeds", type=int, nargs="+", required=True)
    parser.add_argument("--check", type=int, nargs="*", default=[])
    parser.add_argument("--count", type=int, default=200, help="scenes of each seed")
    parser.add_argument("--jobs", type=int, default=1, help="processes")
    parser.add_argument("--rows", type=Path, metavar="FILE", help="keep the evidence there")
    options = parser.parse_args()
    if any(seed in TESTS for seed in (*options.seeds, *options.check)):
        parser.error(f"seeds {TESTS.start} to {TESTS.stop - 1} are for tests")
    rows: dict[str, dict[str, list[dict[str, Any]]]] = {}
    if options.rows and options.rows.exists():
        rows = json.loads(options.rows.read_text())
    for seed in (*options.seeds, *options.check):
        if str(seed) not in rows:
            rows[str(seed)] = rows_of(seed, options.count, options.jobs)
            if options.rows:
                options.rows.write_text(json.dumps(rows))
    kinds = {"moves": MOVE_FEATURES, "tracks": TRACK_FEATURES}
    found: dict[str, Any] = {"seeds": options.seeds, "scenes": options.count * len(options.seeds)}
    for kind, features in kinds.items():
        intercept, weights = fitted(*_table(rows, options.seeds, kind), PENALTY[kind])
        found[kind] = {
            "claims": sum(len(rows[str(seed)][kind]) for seed in options.seeds),
            "intercept": round(intercept, 4),
            "weights": dict(zip(features, weights.round(4).tolist(), strict=True)),
        }
        for name, seeds in (("fitted on", options.seeds), ("checked on", options.check)):
            if seeds:
                table, right, weight = _table(rows, seeds, kind)
                probability = 1 / (1 + np.exp(-(intercept + table @ weights)))
                print(told(f"{kind}, {name} {', '.join(map(str, seeds))}", probability, right, weight))
    FILE.write_text(json.dumps(found, indent=1) + "\n")


def _table(
    rows: dict[str, dict[str, list[dict[str, Any]]]], seeds: Sequence[int], kind: str
) -> tuple[Floats, Floats, Floats]:
    """Features [N, F], whether each claim is right [N], and its weight [N]."""
    features = {"moves": MOVE_FEATURES, "tracks": TRACK_FEATURES}[kind]
    chosen = [row for seed in seeds for row in rows[str(seed)][kind]]
    table = np.array([[feature(row) for feature in features.values()] for row in chosen])
    right, weight = (np.array([float(row[name]) for row in chosen]) for name in ("right", "weight"))
    return table, right, weight


if __name__ == "__main__":
    main()
