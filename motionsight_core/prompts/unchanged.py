"""The prompts that do nothing to the frames here: as they were sampled, and as decoding has blurred them."""

from __future__ import annotations

from motionsight_core.clip import FrameSequence
from motionsight_core.prompts._base import PromptedClip


class Unchanged:
    """The prompt `none`."""

    needs = frozenset({"sampled"})
    uses_objects = False
    told = "Frames of the clip, as filmed."

    def frames(self, clip: PromptedClip) -> FrameSequence:
        """See `VisualPrompt.frames`."""
        return clip.with_pixels(clip.seen)


class MotionBlur:
    """The prompt `motion_blur` (section 3.3, eq. 5)."""

    needs = frozenset({"blurred"})
    uses_objects = False
    told = (
        "Frames of the clip, each blended with the frames just before it: what moves in the picture is "
        "smeared along its way, and when the camera moves, everything is."
    )

    def frames(self, clip: PromptedClip) -> FrameSequence:
        """See `VisualPrompt.frames`."""
        return clip.blurred
