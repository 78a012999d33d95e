"""A clip and models of which everything is known, for tests of the whole method."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from motionsight_core.catalog import Clip
from motionsight_core.clip import DecodedClip, FrameSequence
from motionsight_core.errors import ClipError
from motionsight_core.measure import CameraPath, MotionMeasurement
from motionsight_core.mllm import Conversation, Reply
from motionsight_core.record import Box, CameraMove, ObjectTrack
from motionsight_core.referring import Detection, Mask, Trajectory, View

TIMES_S = np.array([0.0, 0.5, 1.0, 1.5, 2.0])
SIDE = 100
#: What the fake MLLM sees act, and where: it stays.
DOG = (0.25, 0.25, 0.5, 0.5)
#: What the measurement sees move, elsewhere.
MEASURED = (0.6, 0.6, 0.8, 0.8)


def known_clip(uri: str = "file:///clip.mp4") -> DecodedClip:
    """Five sampled frames of 100x100, one value each; the blurred ones are another value."""
    sampled = np.stack([np.full((SIDE, SIDE, 3), 100 + 20 * frame, np.uint8) for frame in range(5)])
    blurred = np.stack([np.full((SIDE, SIDE, 3), 10 + frame, np.uint8) for frame in range(5)])
    return DecodedClip(
        clip=Clip(uri, "1-1", 0.0, 2.5),
        width=SIDE,
        height=SIDE,
        fps=25.0,
        codec="h264",
        lost_frames=0,
        sampled=FrameSequence(sampled, TIMES_S),
        blurred=FrameSequence(blurred, TIMES_S),
        motion=known_motion(),
    )


def known_motion() -> MotionMeasurement:
    boxes = tuple(Box(float(t), *MEASURED) for t in np.arange(0.0, 2.1, 0.1))
    pairs = np.arange(0.05, 2.0, 0.1)
    still, whole = np.zeros_like(pairs), np.ones_like(pairs)
    return MotionMeasurement(
        camera_moves=(CameraMove(0.0, 2.5, "pan_right", 0.1, 0.9),),
        steadiness="smooth",
        cuts=(),
        tracks=(ObjectTrack(1, "region", 0.9, 0.0, 2.0, boxes),),
        motion_score=0.1,
        clarity=0.8,
        camera_path=CameraPath(pairs, 0.1 * whole, still, still, still, whole),
    )


class ScriptedModel:
    """Replies as it is told, by a function of the conversation's last text; keeps what it was asked."""

    name = "openai:scripted"

    def __init__(self, script: Callable[[str], str | ClipError]) -> None:
        self._script = script
        self.asked: list[Conversation] = []

    def reply(self, conversations: Sequence[Conversation]) -> list[Reply | ClipError]:
        self.asked += conversations
        return [self._one(conversation) for conversation in conversations]

    def _one(self, conversation: Conversation) -> Reply | ClipError:
        said = self._script(text_of(conversation[-1:]))
        if isinstance(said, ClipError):
            return said
        return Reply(said, prompt_tokens=100, completion_tokens=7, latency_s=0.1, complete=True)


def obliging(text: str) -> str:
    """The replies of a model that understands."""
    if "JSON" in text:
        return '{"groups": [{"action": "sits", "objects": ["a dog"]}]}'
    if "how the camera moves" in text:
        return "The camera pans right."
    if "motion of the objects" in text:
        return "A dog sits."
    return "object" if "one word" in text else "It sits."


class KnownDetector:
    """Finds the dog, if it is asked for it."""

    def __init__(self) -> None:
        self.views: list[View] = []

    def detect(self, views: Sequence[View]) -> list[list[Detection]]:
        self.views += views
        return [[Detection("dog", 0.9, DOG)] if "dog" in view.names else [] for view in views]


class KnownTracker:
    """Everything stays where it is."""

    def segment(self, clip: DecodedClip, frame: int, boxes: NDArray[np.float64]) -> list[Mask | None]:
        return [filled(box) for box in boxes]

    def track(self, clip: DecodedClip, frame: int, boxes: NDArray[np.float64]) -> list[Trajectory]:
        count = len(TIMES_S)
        return [Trajectory(np.tile(box, (count, 1)), (filled(box),) * count) for box in boxes]


def filled(box: NDArray[np.float64]) -> Mask:
    pixels = np.zeros((SIDE, SIDE), np.bool_)
    x0, y0, x1, y1 = np.rint(box * SIDE).astype(int)
    pixels[y0:y1, x0:x1] = True
    return Mask.of(pixels)


def text_of(conversation: Conversation) -> str:
    """What is said in words, sequences as [frames]."""
    return "".join(
        part if isinstance(part, str) else "[frames]" for message in conversation for part in message.parts
    )


def frames_of(conversation: Conversation) -> list[FrameSequence]:
    """The sequences shown."""
    return [part for message in conversation for part in message.parts if not isinstance(part, str)]
