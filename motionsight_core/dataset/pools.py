"""What a model is asked in SFT: pools of questions, of which a hash chooses (supplementary material S3).

The paper has ten questions about object motion, ten about camera motion and four about both; the wording here
is our own.
"""

from __future__ import annotations

from typing import Literal, TypeAlias

from motionsight_core.dataset.hashing import share
from motionsight_core.settings import DatasetSettings

Asked: TypeAlias = Literal["object", "camera", "mixed"]

OBJECT = (
    "What do the objects in this video do? Describe how each of them moves.",
    "Describe the motion of the people and things in this clip.",
    "Which things move in this video, and how?",
    "Tell me step by step what moves here and in which direction.",
    "How do the main subjects of this video move from its beginning to its end?",
    "What actions can be seen in this clip? Ignore what the camera does.",
    "Give a detailed account of the object motion in this video.",
    "What changes its place or pose in this video, and in what way?",
    "Watch the subjects closely: how do they move, how fast, and where to?",
    "Describe every movement of the objects in this clip in the order in which it happens.",
)
CAMERA = (
    "How does the camera move in this video?",
    "Describe the camera work of this clip.",
    "What does the camera do from the beginning to the end of this video?",
    "Does the camera pan, tilt, zoom, roll, travel or stay still here? Describe it.",
    "Tell me in order which camera movements this video was shot with.",
    "Ignore the objects: how does the viewpoint change in this clip?",
    "In which direction and how fast does the camera move?",
    "Give a detailed account of the camera motion in this video.",
    "Is the camera steady or does it move? Explain what you see.",
    "How was this shot filmed, as far as the motion of the camera is concerned?",
)
MIXED = (
    "Describe both what the objects do and how the camera moves in this video.",
    "What moves in this clip? Tell the motion of the subjects and that of the camera apart.",
    "Give a full account of the motion in this video: first the objects, then the camera.",
    "How do the subjects move, and what does the camera do meanwhile?",
)


def question(asked: Asked, clip_id: str, settings: DatasetSettings) -> str:
    """The question that a clip is asked: a hash of clip and seed chooses, so that a rebuild asks the same."""
    pool = {
        "object": settings.object_questions or OBJECT,
        "camera": settings.camera_questions or CAMERA,
        "mixed": settings.mixed_questions or MIXED,
    }[asked]
    return pool[int(share("question", settings.seed, asked, clip_id) * len(pool))]


def is_asked_both(clip_id: str, settings: DatasetSettings) -> bool:
    """Whether a clip is asked about both motions at once as well."""
    return share("mixed", settings.seed, clip_id) < settings.mixed
