"""Small files in the form of each benchmark: three labelled questions about two videos, and an unlabelled one
where the form has such."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any


def motionbench(folder: Path) -> Path:
    lines = [
        {
            "question_type": "Camera Motion",
            "video_type": "movie",
            "key": "one",
            "video_path": "one.mp4",
            "video_info": {"duration": 4.0, "fps": 30.0, "resolution": {"width": 480, "height": 270}},
            "qa": [
                {
                    "uid": 11,
                    "start": 0.0,
                    "end": 4.0,
                    "answer": "B",
                    "question": "How does the camera move?\nA. It pans left\nB. It pans right\nC. It rests",
                },
                {
                    "uid": 12,
                    "start": 1.0,
                    "end": 2.5,
                    "answer": "A",
                    "question": "Does it zoom?\nA. Yes\nB. No",
                },
            ],
        },
        {
            "question_type": "Repetition Count",
            "video_path": "two.mp4",
            "qa": [
                {"uid": 21, "answer": "C", "question": "How many jumps?\nA. 1\nB. 2\nC. 11"},
                {"uid": 22, "answer": "NA", "question": "How many claps?\nA. 1\nB. 2"},
            ],
        },
    ]
    return _lines(folder / "video_info.meta.jsonl", lines)


def favor(folder: Path) -> Path:
    videos = [
        {
            "video_name": "one.mp4",
            "questions": [
                {
                    "question": "How does the camera move?",
                    "options": ["pan left", "pan left, then zoom in", "static"],
                    "correct_answer": "pan left",
                    "task_type": "CM",
                },
                {
                    "question": "What does he do first?",
                    "options": ["run", "running", "sit down"],
                    "correct_answer": "run",
                    "task_type": "AS",
                },
            ],
        },
        {
            "video_name": "two",
            "questions": [
                {
                    "question": "How often?",
                    "options": ["1", "11"],
                    "correct_answer": "1",
                    "task_type": "SAD",
                }
            ],
        },
    ]
    return _document(folder / "video_perspective.json", videos)


def mvbench(folder: Path) -> Path:
    (folder / "json").mkdir(parents=True)
    _document(
        folder / "json" / "moving_direction.json",
        [
            {
                "video": "one.mp4",
                "question": "Where does the cube go?",
                "candidates": ["Up.", "Down."],
                "answer": "Down.",
            },
            {"video": "two.mp4", "question": "And now?", "candidates": ["Up.", "Down."], "answer": "Up."},
        ],
    )
    _document(
        folder / "json" / "action_sequence.json",
        [
            {
                "video": "two.mp4",
                "question": "What came first?",
                "candidates": ["Opened the door.", "Sat down.", "Ate."],
                "answer": "Sat down.",
                "start": 1.5,
                "end": 6.0,
            }
        ],
    )
    return folder


def tomato(folder: Path) -> Path:
    (folder / "data").mkdir(parents=True)
    asked: dict[str, Any] = {"demonstration_type": "human", "motion_type": "direction", "key": "0231-04"}
    directions = {
        "0": {"question": "Where did the hand move?", "options": ["Left.", "Right."], "answer": 1, **asked},
        "1": {
            "question": "What is the pattern of the camera's movement speed?",
            "options": ["Accelerating.", "Decelerating."],
            "answer": 0,
            **asked,
        },
    }
    _document(folder / "data" / "direction.json", directions)
    counts = {
        "0": {
            "question": "How many claps?",
            "options": ["1", "2", "3"],
            "answer": 2,
            **asked,
            "key": "0300-00",
            "demonstration_type": "simulated",
        }
    }
    _document(folder / "data" / "count.json", counts)
    return folder


def camerabench(folder: Path) -> Path:
    records = [
        {
            "Index": index,
            "Video": f"videos/{'one' if index % 2 == 0 else 'two'}.mp4",
            "Question": "Does it pan left?" if index < 2 else "Does it pan right?",
            "Question_Type": "yes_no",
        }
        for index in range(4)
    ]
    return _lines(folder / "test.jsonl", records)


def jsonl(folder: Path) -> Path:
    lines = [
        {
            "id": "first",
            "video": "clips/one.mp4",
            "question": "How does the camera move?",
            "options": ["It pans", "It zooms"],
            "answer": "B",
            "category": "camera",
            "kind": "camera_motion",
            "start": 0,
            "end": 2.5,
        },
        {
            "video": "clips/one.mp4",
            "question": "Which object moves?",
            "options": ["the ball", "the dog"],
            "answer": "the dog",
        },
        {"video": "two.mp4", "question": "Which vitamin?", "options": ["C", "B", "A"], "answer": "A"},
        {"id": "unlabelled", "video": "two.mp4", "question": "Who?", "options": ["he", "she"]},
    ]
    return _lines(folder / "mine.jsonl", lines)


EXAMPLES: dict[str, Callable[[Path], Path]] = {
    "motionbench": motionbench,
    "favor": favor,
    "mvbench": mvbench,
    "tomato": tomato,
    "camerabench": camerabench,
    "jsonl": jsonl,
}


def _lines(path: Path, records: list[dict[str, Any]]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(record) + "\n" for record in records), encoding="utf-8")
    return path


def _document(path: Path, value: Any) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(value, indent=1), encoding="utf-8")
    return path
