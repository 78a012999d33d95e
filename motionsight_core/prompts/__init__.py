"""Visual prompts: what is done to a clip's frames before the MLLM sees them."""

from __future__ import annotations

from collections.abc import Sequence

from motionsight_core.decoding import DecodedClip, FrameSequence
from motionsight_core.focus import focus_regions
from motionsight_core.pixels import reduced
from motionsight_core.prompts.spotlight import spotlight
from motionsight_core.record import ObjectTrack
from motionsight_core.settings import Settings

__all__ = ["spotlight", "spotlit_frames"]


def spotlit_frames(decoded: DecodedClip, tracks: Sequence[ObjectTrack], settings: Settings) -> FrameSequence:
    """The sampled frames as the MLLM sees them, with the light on the acting objects (section 3.2).

    Args:
        decoded: with sampled frames.
        tracks: the acting objects, for example `decoded.motion.tracks`.
        settings: `focus` and `spotlight` are used, and `sampling.max_pixels` for the size.

    Raises:
        ValueError: the clip was decoded without sampled frames.
    """
    if decoded.sampled is None:
        raise ValueError("the clip was decoded without sampled frames; ask for the product 'sampled'")
    regions = focus_regions(tracks, decoded.sampled.times_s, settings.focus)
    seen = reduced(decoded.sampled.pixels, max_pixels=settings.sampling.max_pixels)
    lit = spotlight(seen, regions, darken_factor=settings.spotlight.darken_factor)
    return FrameSequence(lit, decoded.sampled.times_s)
