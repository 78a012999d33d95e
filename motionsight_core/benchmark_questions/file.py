"""The file of questions, in the form of MotionBench's `video_info.meta.jsonl`.

Source of the form: the benchmark's repository THUDM/MotionBench; `evaluation.motionbench` reads it.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from string import ascii_uppercase
from typing import Any


@dataclass(frozen=True, slots=True)
class AskedVideo:
    """What a line says of the video that is asked about."""

    key: str
    """Its name in the benchmark."""
    path: str
    """Its file, below the folder of videos."""
    kind: str
    """Where it comes from, such as `rendered`."""
    duration_s: float
    fps: float
    width: int
    """Pixels, like `height`."""
    height: int


def question_line(
    video: AskedVideo, *, uid: str, category: str, text: str, options: Sequence[str], position: int
) -> dict[str, Any]:
    """One line, about one question.

    Args:
        video: which is asked about, all of it.
        uid: the question's identifier.
        category: one of MotionBench's six.
        text: the question alone, in one line.
        options: in their order, without letters, each in one line.
        position: of the right one.
    """
    listed = [f"{letter}. {option}" for letter, option in zip(ascii_uppercase, options, strict=False)]
    return {
        "question_type": category,
        "video_type": video.kind,
        "key": video.key,
        "video_path": video.path,
        "video_info": {
            "duration": video.duration_s,
            "fps": video.fps,
            "resolution": {"width": video.width, "height": video.height},
        },
        "qa": [
            {
                "uid": uid,
                "start": 0.0,
                "end": video.duration_s,
                "answer": ascii_uppercase[position],
                "question": "\n".join([text, *listed]),
            }
        ],
    }


def as_json_lines(lines: Iterable[dict[str, Any]]) -> str:
    """The file's text."""
    return "".join(f"{json.dumps(line, ensure_ascii=False)}\n" for line in lines)
