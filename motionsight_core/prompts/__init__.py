"""Visual prompts: what is done to a clip's frames before the MLLM sees them.

    import numpy as np

    from motionsight_core.prompts import spotlight

    frames = np.full((2, 90, 160, 3), 200, np.uint8)
    regions = np.array([[0.4, 0.4, 0.6, 0.6]] * 2)
    print(spotlight(frames, regions, darken_factor=0.9).shape)

One file each: a function of arrays, and the class by which it is named in `prompts.object` and
`prompts.camera`. `prompted_frames` does by name what a setting asks for.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from motionsight_core.backends import PROMPTS
from motionsight_core.clip import DecodedClip, FrameSequence, Product
from motionsight_core.prompts._base import PromptedClip, VisualPrompt
from motionsight_core.prompts.ablation import as_shown
from motionsight_core.prompts.background_blur import blur_background
from motionsight_core.prompts.crop import crop
from motionsight_core.prompts.keypoints import PoseOverlay, draw_pose
from motionsight_core.prompts.object_blur import blur_objects
from motionsight_core.prompts.spotlight import spotlight
from motionsight_core.record import ObjectTrack
from motionsight_core.referring import Trajectory
from motionsight_core.referring.focus import focus_regions
from motionsight_core.settings import Settings

__all__ = [
    "PoseOverlay",
    "PromptedClip",
    "VisualPrompt",
    "as_shown",
    "blur_background",
    "blur_objects",
    "crop",
    "draw_pose",
    "needs",
    "prompted_frames",
    "spotlight",
    "spotlit_frames",
    "uses_objects",
]


def needs(name: str) -> frozenset[Product]:
    """The decode products that a prompt is made of; referring, where it is used, has needs of its own."""
    return PROMPTS.load(name).needs


def uses_objects(name: str) -> bool:
    """Whether a prompt shows where the objects are, so that they must be referred to first."""
    return PROMPTS.load(name).uses_objects


def prompted_frames(
    name: str,
    decoded: DecodedClip,
    trajectories: Sequence[Trajectory],
    regions: NDArray[np.float64],
    settings: Settings,
    *,
    pose: PoseOverlay | None = None,
) -> FrameSequence:
    """A clip's frames under a visual prompt, as the MLLM sees them.

    Args:
        name: the prompt.
        decoded: with the products that `needs(name)` names.
        trajectories: the acting objects, for `object_blur` and `pose`.
        regions: [T, 4] focus regions of the sampled frames (`focus_regions`), for `spotlight`,
            `crop` and `background_blur`.
        settings: `prompts` and `spotlight`, and `sampling.max_pixels` for the size.
        pose: the keypoint model, for `pose`.

    Raises:
        ValueError: the clip was decoded without what the prompt is made of, or `pose` is missing.
    """
    return PROMPTS.load(name)().frames(PromptedClip(decoded, trajectories, regions, settings, pose))


def spotlit_frames(decoded: DecodedClip, tracks: Sequence[ObjectTrack], settings: Settings) -> FrameSequence:
    """The sampled frames with the light on objects that were measured or tracked (section 3.2).

    Args:
        decoded: with sampled frames.
        tracks: the acting objects, for example `decoded.motion.tracks`.
        settings: `focus` and `spotlight` are used, and `sampling.max_pixels` for the size.

    Raises:
        ValueError: the clip was decoded without sampled frames.
    """
    sampled = PromptedClip(decoded, (), np.empty((0, 4)), settings).sampled
    regions = focus_regions(tracks, sampled.times_s, settings.focus)
    return prompted_frames("spotlight", decoded, (), regions, settings)
