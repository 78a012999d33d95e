"""Visual prompts: what is done to a clip's frames before the MLLM sees them.

    import numpy as np

    from motionsight_core.prompts import spotlight

    frames = np.full((2, 90, 160, 3), 200, np.uint8)
    regions = np.array([[0.4, 0.4, 0.6, 0.6]] * 2)
    print(spotlight(frames, regions, darken_factor=0.9).shape)

One file each, as functions of arrays; `prompted_frames` does by name what a setting asks for
(`prompts.object`, `prompts.camera`), always at the size that the MLLM sees.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from motionsight_core.clip import DecodedClip, FrameSequence, Product
from motionsight_core.prompts.background_blur import blur_background
from motionsight_core.prompts.crop import crop
from motionsight_core.prompts.object_blur import blur_objects
from motionsight_core.prompts.pose import PoseOverlay, draw_pose
from motionsight_core.prompts.spotlight import spotlight
from motionsight_core.record import ObjectTrack
from motionsight_core.referring import Trajectory
from motionsight_core.referring.focus import focus_regions
from motionsight_core.settings import PromptName, Settings
from motionsight_core.video.pixels import reduced

__all__ = [
    "PoseOverlay",
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

_PRODUCTS: dict[PromptName, frozenset[Product]] = {
    "spotlight": frozenset({"sampled"}),
    "crop": frozenset({"sampled"}),
    "background_blur": frozenset({"sampled"}),
    "object_blur": frozenset({"sampled", "blurred"}),
    "pose": frozenset({"sampled"}),
    "motion_blur": frozenset({"blurred"}),
    "none": frozenset({"sampled"}),
}


def needs(name: PromptName) -> frozenset[Product]:
    """The decode products that a prompt is made of; referring, where it is used, has needs of its own."""
    return _PRODUCTS[name]


def uses_objects(name: PromptName) -> bool:
    """Whether a prompt shows where the objects are, so that they must be referred to first."""
    return name not in ("motion_blur", "none")


def prompted_frames(
    name: PromptName,
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
    max_pixels = settings.sampling.max_pixels
    if name == "motion_blur":
        return _product(decoded, "blurred")
    sampled = _product(decoded, "sampled")
    match name:
        case "none":
            pixels = reduced(sampled.pixels, max_pixels=max_pixels)
        case "spotlight":
            seen = reduced(sampled.pixels, max_pixels=max_pixels)
            pixels = spotlight(seen, regions, darken_factor=settings.spotlight.darken_factor)
        case "crop":
            # Cut first: what is left is reduced less, and the object keeps more of its pixels.
            pixels = crop(sampled.pixels, regions, max_pixels=max_pixels)
        case "background_blur":
            seen = reduced(sampled.pixels, max_pixels=max_pixels)
            pixels = blur_background(seen, regions, sigma=settings.prompts.background_sigma)
        case "object_blur":
            pixels = blur_objects(sampled.pixels, _product(decoded, "blurred").pixels, trajectories)
        case "pose":
            if pose is None:
                raise ValueError("the prompt 'pose' needs a keypoint model; give pose=PoseOverlay(settings)")
            seen = reduced(sampled.pixels, max_pixels=max_pixels)
            pixels = pose.draw(sampled.pixels, seen, trajectories)
    return FrameSequence(pixels, sampled.times_s)


def spotlit_frames(decoded: DecodedClip, tracks: Sequence[ObjectTrack], settings: Settings) -> FrameSequence:
    """The sampled frames with the light on objects that were measured or tracked (section 3.2).

    Args:
        decoded: with sampled frames.
        tracks: the acting objects, for example `decoded.motion.tracks`.
        settings: `focus` and `spotlight` are used, and `sampling.max_pixels` for the size.

    Raises:
        ValueError: the clip was decoded without sampled frames.
    """
    regions = focus_regions(tracks, _product(decoded, "sampled").times_s, settings.focus)
    return prompted_frames("spotlight", decoded, (), regions, settings)


def _product(decoded: DecodedClip, product: Product) -> FrameSequence:
    frames = decoded.sampled if product == "sampled" else decoded.blurred
    if frames is None:
        raise ValueError(f"the clip was decoded without {product} frames; ask for the product '{product}'")
    return frames
