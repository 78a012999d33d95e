"""How likely a camera move or a track is right: a logistic function of its evidence.

`benchmarks/calibrate.py` fits it on rendered scenes whose motion is known, and writes `calibration.json`.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from dataclasses import asdict
from functools import partial
from itertools import combinations
from pathlib import Path
from typing import Any, Literal

from motionsight_core.camera_motion import CAMERA_MOTIONS, CameraLabel
from motionsight_core.measure.move_evidence import MoveEvidence
from motionsight_core.measure.types import TrackEvidence

FILE = Path(__file__).with_name("calibration.json")
"""The fitted numbers: for `moves` and `tracks` an `intercept`, and `weights` by feature."""

# Read with the module: the decoding process opens no file once it holds a video.
_NUMBERS: dict[str, Any] = json.loads(FILE.read_text(encoding="utf-8"))

Row = Mapping[str, Any]
Features = Mapping[str, Callable[[Row], float]]

#: Shortest time and smallest ratio whose logarithm is taken.
LEAST = 1e-2
#: So many times the threshold is beyond doubt.
MOST_OVER = 20.0
#: Rendered scenes show next to none of what is told by flow alone for more than this share of its frames, so
#: that nothing could be fitted: it is more likely there than not.
BY_FLOW, UNFITTED = 0.5, 0.6
#: An unsteadiness above this says no more.
MOST_UNSTEADY = 3.0


def _log(value: float) -> float:
    return math.log(max(value, LEAST))


#: Of the label and the fields of MoveEvidence.
MOVE_FEATURES: Features = {
    "over_threshold": lambda row: _log(min(row["over_threshold"], MOST_OVER)),
    "inliers": lambda row: row["inliers"],
    "texture": lambda row: row["texture"],
    "still": lambda row: row["still"],
    "duration": lambda row: _log(row["duration_s"]),
    "share": lambda row: row["share"],
    "unsteadiness": lambda row: min(row["unsteadiness"], MOST_UNSTEADY),
    "halves": lambda row: row["halves"],
    "shake": lambda row: row["shake"],
    "depth": lambda row: row["depth"],
    "turns": lambda row: float(row["turns"] > 0),
    "arc": lambda row: float(CAMERA_MOTIONS[row["label"]].axis == "arc"),
}

#: Features of tracks of which nothing is multiplied: rendered scenes show too few things that the camera
#: follows or that pass between two layers, and what products say of these did not hold for others.
ALONE = ("along", "still", "layered")


def _product(one: Callable[[Row], float], other: Callable[[Row], float], row: Row) -> float:
    return one(row) * other(row)


def _with_products(features: Features) -> Features:
    """The features and the products of any two: what one of them says may depend on another."""
    products = {
        f"{one} * {other}": partial(_product, features[one], features[other])
        for one, other in combinations([name for name in features if name not in ALONE], 2)
    }
    return {**features, **products}


#: Of the fields of TrackEvidence; with products, since how far something gets, for instance, says the more
#: the smaller it is.
TRACK_FEATURES = _with_products(
    {
        "strength": lambda row: _log(row["strength"]),
        "presence": lambda row: row["presence"],
        "boxes": lambda row: _log(row["boxes"]),
        "filled": lambda row: row["filled"],
        "solid": lambda row: _log(row["strength"] * row["filled"]),
        "size": lambda row: _log(row["size"]),
        "way": lambda row: row["way"],
        "drift": lambda row: _log(100 * row["drift"]),
        "along": lambda row: row["along"],
        "slip": lambda row: _log(100 * row["slip"]),
        "edge": lambda row: row["edge"],
        "still": lambda row: row["still"],
        "off_ground": lambda row: min(row["off_ground"], 2.0),
        "layered": lambda row: row["layered"],
        "named": lambda row: row["named"],
    }
)


def probability_of_move(label: CameraLabel, evidence: MoveEvidence) -> float:
    """How likely a move is right, 0 to 1, to three decimals."""
    return _probability("moves", MOVE_FEATURES, {"label": label, **asdict(evidence)})


def probability_of_track(evidence: TrackEvidence) -> float:
    """How likely a track is of a thing that moves, and is where it is said to be; 0 to 1, three decimals."""
    if evidence.by_flow > BY_FLOW:
        return UNFITTED
    return _probability("tracks", TRACK_FEATURES, asdict(evidence))


def _probability(kind: Literal["moves", "tracks"], features: Features, row: Row) -> float:
    numbers = _NUMBERS[kind]
    weights = numbers["weights"]
    logit = numbers["intercept"] + sum(weights[name] * feature(row) for name, feature in features.items())
    return round(1 / (1 + math.exp(-logit)), 3)
