"""Where an object goes, in the picture and over the ground, and the words for it."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, replace

import numpy as np

from motionsight_core.choosing.decision import Fit
from motionsight_core.choosing.phrases import phrases
from motionsight_core.measure import CameraPath
from motionsight_core.measure.track_path import LONG, TrackPath

#: A way shorter than this is none, frame widths: the object moves in place.
LEAST_WAY = 0.08
#: ... and one this long surely is one.
SURE_WAY = 0.12
#: What swings and goes this far goes somewhere all the same, frame widths.
LONG_WAY = 0.3
#: Natural logarithm of a growth that surely is one.
SURE_GROWTH = math.log(1.6)
#: How well a direction fits that a swing passes through.
PASSED = 0.3


@dataclass(frozen=True, slots=True)
class Way:
    """A way from its first to its last place."""

    right: float
    """Frame widths."""
    up: float
    """Frame widths as well."""
    growth: float
    """Natural logarithm of the last size over the first, without what a zoom makes of it."""
    swing: str
    """up and down, back and forth, or nothing."""
    early: float
    """Mean speed in the first third of the time, frame widths per second."""
    late: float
    """In the last third."""
    speed: float
    """Median."""

    @property
    def length(self) -> float:
        """Frame widths."""
        return math.hypot(self.right, self.up)

    def told(self) -> str:
        """ "0.52 of the frame's width to the right and 0.10 up, growing"."""
        sides = [(abs(self.right), "to the right" if self.right > 0 else "to the left")]
        sides += [(abs(self.up), "up" if self.up > 0 else "down")]
        parts = [f"{size:.2f} {way}" for size, way in sides if size >= LEAST_WAY / 2]
        text = f"goes {' and '.join(parts)} (frame widths)" if parts else "stays in its place"
        if self.swing:
            text += f", {self.swing}"
        if abs(self.growth) >= SURE_GROWTH / 2:
            verb = "growing" if self.growth > 0 else "shrinking"
            text += f", {verb} {math.exp(abs(self.growth)):.1f} times"
        return text


def in_picture(path: TrackPath, aspect: float) -> Way:
    """How a path looks on the screen; `aspect` is the frame's width over its height."""
    return _way(path, path, aspect, zoomed=0.0)


def over_ground(path: TrackPath, camera: CameraPath, aspect: float) -> Way:
    """The same without what the camera's pan, tilt and zoom make of it."""
    if len(camera.t_s) < 2:
        return in_picture(path, aspect)
    lasting_s = camera.duration_s
    until_s = camera.t_s + lasting_s / 2
    scale = np.exp(np.cumsum(camera.zoom * lasting_s))
    right, up = (np.cumsum(rate * lasting_s / scale) for rate in (camera.pan, camera.tilt))
    scale, right, up = (np.interp(path.t_s, until_s, values) for values in (scale, right, up))
    x0, x1 = (0.5 + (x - 0.5) / scale + right for x in (path.x0, path.x1))
    y0, y1 = (0.5 + (y - 0.5) / scale - up for y in (path.y0, path.y1))
    zoomed = float(np.log(scale[-1] / scale[0]))
    return _way(replace(path, x0=x0, y0=y0, x1=x1, y1=y1), path, aspect, zoomed=zoomed)


def _way(path: TrackPath, seen: TrackPath, aspect: float, *, zoomed: float) -> Way:
    """Of a path whose size changes as it is `seen` to, but for what the camera `zoomed`, a logarithm."""
    across, down = path.way()
    growth = seen.growth()
    grown = math.log(math.prod(growth.after) / math.prod(growth.before)) / 2 if growth else 0.0
    speeds = np.hypot(np.diff(path.x), np.diff(path.y) / aspect) / np.diff(path.t_s)
    early, _, late = (float(np.mean(part)) if len(part) else 0.0 for part in np.array_split(speeds, 3))
    return Way(
        # What is as long as the frame seems to stay, wherever it goes.
        right=0.0 if seen.width > LONG else across,
        up=0.0 if seen.height > LONG else -down / aspect,
        growth=grown - zoomed if growth else 0.0,
        swing=path.swing(),
        early=early,
        late=late,
        speed=float(np.median(speeds)) if len(speeds) else 0.0,
    )


_SIDE = r"(?:the )?(?:far |upper |lower )?(?:left|right|top|bottom)(?:[- ]hand)?(?: side| edge| corner)?"
_FROM_TO = re.compile(rf"\b(?:from )?{_SIDE}(?: (?:of|in) the \w+)?[- ](?:to|towards?)[- ](?={_SIDE})")
_TOWARD_SIDE = re.compile(rf"\btowards? (?={_SIDE})")
_NO_WAY = phrases(r"(?:speed|slow)\w* (?:up|down)")
_VIEWER = r"(?:the )?(?:camera|viewer|lens|us|observer|screen|foreground)"
#: The words of a way are taken out of a text before the next one's are looked for.
_WORDS: dict[str, re.Pattern[str]] = {
    "swing": phrases(
        "back and forth", "to and fro", "side to side", "up and down", "left and right", "right and left",
        "forwards? and backwards?",
    ),
    "toward": phrases(
        rf"towards? {_VIEWER}", rf"(?:closer|nearer)(?: to {_VIEWER})?", rf"approach\w* {_VIEWER}",
        "approach(?:es|ing)",
    ),
    "away": phrases(
        rf"away(?: from {_VIEWER})?", "farther", "further", "into the (?:distance|background)", r"reced\w+",
    ),
    "still": phrases(
        "in (?:its |one |the same )?place", "on the spot", r"station\w+", r"still(?! \w+ing)", "motionless",
        "static",
        r"(?:does not|doesn't|not|never) mov\w+", "no (?:movement|motion)",
    ),
    # Not "left the room" and "right behind".
    "left": phrases(r"left(?:wards?|-hand)?(?! the \w+)"),
    "right": phrases("right(?:wards?|-hand)?(?! (?:away|now|behind|before|after|next))"),
    "up": phrases("up(?:wards?|per|hill)?", "ris(?:es?|ing)", r"ascend\w*", r"climb\w*", "top"),
    "down": phrases(
        "down(?:wards?|hill)?", "lower", "fall(?:s|ing)?", r"descend\w*", r"sink\w*", "drop(?:s|ping)?",
        "bottom",
    ),
    "sideways": phrases("sideways", "horizontal(?:ly)?", "across"),
    "upright": phrases("vertical(?:ly)?"),
}  # fmt: skip
_ALONG = {"left": (-1.0, 0.0), "right": (1.0, 0.0), "up": (0.0, 1.0), "down": (0.0, -1.0)}


def ways_in(text: str) -> frozenset[str]:
    """The directions that a text in plain lower case claims: of "from left to right" the right alone.

    Returns:
        Of left, right, up, down, toward and away (the camera), still, swing, sideways and upright.
    """
    text = _NO_WAY.sub(" ", _TOWARD_SIDE.sub("to ", _FROM_TO.sub("to ", text)))
    found = set()
    for way, words in _WORDS.items():
        text, count = words.subn(" ", text)
        if count:
            found.add(way)
    return frozenset(found)


def without_ways(text: str) -> str:
    """A text in plain lower case but for the directions in it."""
    text = _TOWARD_SIDE.sub("to ", _FROM_TO.sub("to ", text))
    for words in _WORDS.values():
        text = words.sub(" ", text)
    return text


def way_fit(claimed: frozenset[str], way: Way) -> Fit:
    """How well a way is as it is claimed to be."""
    if not claimed or {"left", "right"} <= claimed or {"up", "down"} <= claimed:
        return None
    goes = min(way.length / SURE_WAY, 1.0) * (PASSED if way.swing and way.length < LONG_WAY else 1.0)
    fits: list[float] = []
    sides = [_ALONG[side] for side in sorted(claimed) if side in _ALONG]
    if sides:
        sums = [sum(side) for side in zip(*sides, strict=True)]
        right, up = (one / math.hypot(*sums) for one in sums)
        fits.append(goes * _along(way, right, up))
    if "sideways" in claimed:
        fits.append(goes * max(_along(way, 1.0, 0.0), _along(way, -1.0, 0.0)))
    if "upright" in claimed:
        fits.append(goes * max(_along(way, 0.0, 1.0), _along(way, 0.0, -1.0)))
    for word, sign in (("toward", 1), ("away", -1)):
        if word in claimed:
            fits.append(min(max(sign * way.growth / SURE_GROWTH, 0.0), 1.0))
    if "swing" in claimed:
        fits.append(1.0 if way.swing else 0.0)
    if "still" in claimed:
        fits.append((1 - goes) * (PASSED if way.swing else 1.0))
    return min(fits)


def _along(way: Way, right: float, up: float) -> float:
    """Cosine of the angle between a way and a direction, at least 0."""
    return max((way.right * right + way.up * up) / max(way.length, 1e-9), 0.0)
