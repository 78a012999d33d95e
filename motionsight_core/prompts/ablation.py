"""Frames left out or put out of order, so that it is known what a model answers without seeing motion."""

from __future__ import annotations

import zlib
from dataclasses import replace

import numpy as np

from motionsight_core.clip import FrameSequence
from motionsight_core.settings import Shown


def as_shown(frames: FrameSequence, shown: Shown, *, seed: str) -> FrameSequence:
    """The frames of `sampling.shown`: all of them, the first, or all in random order at times in order.

    Args:
        frames: [T, H, W, 3], under their prompt.
        shown: which; of `none` the caller shows nothing.
        seed: of the order; the same for the same text.
    """
    if shown == "first":
        return replace(frames, pixels=frames.pixels[:1], times_s=frames.times_s[:1])
    if shown == "shuffled":
        order = np.random.default_rng(zlib.crc32(seed.encode())).permutation(len(frames))
        return replace(frames, pixels=frames.pixels[order])
    return frames
