"""A clip with three objects of which everything is known, and a model that is told about them."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import replace

import numpy as np

from motionsight_core.clip import DecodedClip, FrameSequence
from motionsight_core.errors import ClipError
from motionsight_core.record import MOVING_REGION, Box, ObjectTrack
from motionsight_core.settings import Settings
from tests.core.method import TIMES_S, known_clip, known_motion

#: The dog runs to the right, the car stays, and what has no name goes down.
WAYS = {
    1: ("dog", (0.05, 0.1, 0.25, 0.3), (0.7, 0.1, 0.9, 0.3)),
    2: ("car", (0.1, 0.6, 0.4, 0.9), (0.1, 0.6, 0.4, 0.9)),
    3: (MOVING_REGION, (0.6, 0.4, 0.7, 0.5), (0.6, 0.8, 0.7, 0.9)),
}
#: What each is filled with on the frames: R, G, B.
FILLS = {1: (200, 40, 40), 2: (40, 200, 40), 3: (40, 40, 200)}
LOOKS = {1: "a red dog", 2: "a green car", 3: "a blue ball"}
DOES = {1: "It runs to the right.", 2: "It stays where it is.", 3: "It falls down."}

SETTINGS = Settings.load(
    environment={},
    overrides=["annotator=openai:http://localhost:1/v1#scripted", "instances.captions=true"],
)


def track(number: int, *, label: str | None = None, end_s: float = 2.0) -> ObjectTrack:
    name, first, last = WAYS[number]
    times_s = np.arange(0.0, end_s + 0.01, 0.1)
    boxes = [np.add(first, np.subtract(last, first) * t / 2.0) for t in times_s]
    told = tuple(Box(round(float(t), 3), *map(float, box)) for t, box in zip(times_s, boxes, strict=True))
    return ObjectTrack(number, label or name, 0.9, 0.0, end_s, told)


def clip_of(*tracks: ObjectTrack, uri: str = "file:///clip.mp4") -> DecodedClip:
    """The known clip with these objects drawn where their tracks are at each sampled time."""
    clip = known_clip(uri)
    assert clip.sampled is not None
    pixels = clip.sampled.pixels.copy()
    for one in tracks:
        for frame, t in enumerate(TIMES_S):
            for box in one.boxes:
                if abs(box.t_s - t) < 1e-6:
                    x0, y0, x1, y1 = (round(100 * side) for side in (box.x0, box.y0, box.x1, box.y1))
                    pixels[frame, y0:y1, x0:x1] = FILLS[one.track_id]
    motion = replace(known_motion(), tracks=tracks, objects_in_all=len(tracks))
    return replace(clip, sampled=FrameSequence(pixels, TIMES_S), motion=motion)


def three_objects(uri: str = "file:///clip.mp4") -> DecodedClip:
    return clip_of(*(track(number) for number in WAYS), uri=uri)


def understanding(
    wrong: Mapping[str, str | ClipError] | None = None,
) -> Callable[[str], str | ClipError]:
    """A script of a model that understands; `wrong` has other replies by a part of the question."""

    def script(text: str) -> str | ClipError:
        for part, reply in (wrong or {}).items():
            if part in text:
                return reply
        if "JSON" in text:
            return '{"groups": []}'
        if "how the camera moves" in text:
            return "The camera pans right."
        if "motion of the objects" in text:
            return "Things move."
        if "What is it?" in text:
            return "A ball."
        if "Describe its look" in text:
            named = {"dog": 1, "car": 2, "ball": 3}
            (name,) = re.findall(r'perhaps "(\w+)"', text)
            return LOOKS[named[name]].capitalize() + "."
        if "The light follows one object" in text:
            return DOES[number_in(text)]
        assert "Which of the numbered objects" in text, text
        return str(number_in(text))

    return script


def number_in(text: str) -> int:
    """The object whose look a question quotes."""
    (number,) = [number for number, look in LOOKS.items() if f'"{look}"' in text]
    return number
