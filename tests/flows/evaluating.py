"""Benchmarks over rendered clips, and an endpoint that replies by a known rule."""

from __future__ import annotations

import json
import shutil
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from motionsight_core.evaluation import open_benchmark
from tests.core.mllm.scripted import Answer, ScriptedEndpoint, obliging, said, says


def by_rule(request: dict[str, Any]) -> Answer:
    """A says A to all questions but those with the word camera, to which it says at length that it is B."""
    text = said(request)
    if "Reply with the letter" not in text:
        return obliging(request)
    return says("The answer is B." if "camera" in question_in(text) else "A")


def question_in(text: str) -> str:
    """The question of a multiple choice, without frames and options."""
    return text.partition("\nA. ")[0].rpartition("\n")[2]


def asked(endpoint: ScriptedEndpoint) -> Counter[str]:
    """How often each multiple choice was put to the endpoint."""
    texts = [said(request) for request in endpoint.requests]
    return Counter(question_in(text) for text in texts if "Reply with the letter" in text)


def benchmark_of(name: str, annotations: Path, clips: Iterable[Path], folder: Path) -> Path:
    """A folder with a clip where the benchmark looks for each of its videos first."""
    benchmark = open_benchmark(name)
    names = sorted({question.video for question in benchmark.read(annotations).questions})
    for video, clip in zip(names, sorted(clips), strict=False):
        place = folder / benchmark.places(video)[0]
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(clip, place)
    return folder


def own_questions(path: Path, videos: Iterable[str], *, each: int = 2, **fields: Any) -> Path:
    """Questions of the form `jsonl`, so many about each video; B is right."""
    lines = [
        {
            "id": f"{video} {number}",
            "video": video,
            "question": f"Does the camera pan in {video}, number {number}?",
            "options": ["left", "right"],
            "answer": "B",
            **fields,
        }
        for video in videos
        for number in range(each)
    ]
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return path
