"""Pose overlay (compared in section 3.2): the objects' skeletons drawn on the frames."""

from __future__ import annotations

from motionsight_core.clip import FrameSequence
from motionsight_core.prompts._base import PromptedClip


class Pose:
    """The prompt `pose`."""

    needs = frozenset({"sampled"})
    uses_objects = True
    told = "Frames of the clip with the poses of the acting objects drawn over them as lines and dots."

    def frames(self, clip: PromptedClip) -> FrameSequence:
        """See `VisualPrompt.frames`."""
        sampled = clip.sampled.pixels
        if clip.pose is None:
            raise ValueError("the prompt 'pose' needs a keypoint model; give pose=PoseOverlay(settings)")
        return clip.with_pixels(clip.pose.draw(sampled, clip.seen, clip.trajectories))
