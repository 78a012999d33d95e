"""The whole method on a real video, with real models in every form that weights come in, tiny and random."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import torch

from motionsight_core import Clip, MotionRecord, MotionSight, Settings, clips_of, decode
from motionsight_core.errors import BadReply
from motionsight_core.mllm import ScoringModel
from motionsight_core.models.loaded import Models
from motionsight_core.prompts import spotlit_frames
from motionsight_core.record import Failure
from motionsight_core.scoring import vqa_scores
from motionsight_core.synthetic import catalog, render
from tests.checkpoints.vitpose import tiny_vitpose
from tests.core.mllm.scripted import ScriptedEndpoint, obliging, said, shown_videos

torch.set_num_threads(1)


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Clip:
    """A ball rolls, and the camera stands."""
    scene = catalog(count=2, seed=0, width=240, height=136, duration_s=2.0)[1]
    path = tmp_path_factory.mktemp("scene") / f"{scene.name}.mp4"
    render(scene, path)
    return clips_of(str(path))[0]


@pytest.fixture
def endpoint() -> Iterator[ScriptedEndpoint]:
    with ScriptedEndpoint() as running:
        running.answers = [obliging]
        yield running


def shown(request: dict[str, Any]) -> list[np.ndarray[Any, Any]]:
    """The frames of a request, decoded."""
    urls = [
        part["image_url"]["url"] for part in request["messages"][-1]["content"] if part["type"] == "image_url"
    ]
    return [
        np.asarray(
            cv2.imdecode(np.frombuffer(base64.b64decode(url.partition(",")[2]), np.uint8), cv2.IMREAD_COLOR)
        )
        for url in urls
    ]


@pytest.mark.in_gate("spotlight-groundingdino-sam2")
@pytest.mark.parametrize(
    ("detector", "tracker"), [("groundingdino", "sam2"), ("transformers", "transformers")]
)
@pytest.mark.parametrize("prompt", ["spotlight", "object_blur"])
@pytest.mark.usefixtures("small_pictures")
def test_named_objects_are_found_followed_and_shown(
    clip: Clip,
    endpoint: ScriptedEndpoint,
    detectors: dict[str, str],
    trackers: dict[str, str],
    detector: str,
    tracker: str,
    prompt: str,
) -> None:
    settings = Settings.load(
        environment={},
        overrides=[
            f"annotator={endpoint.settings().annotator}",
            f"referring.detector={detectors[detector]}",
            f"referring.tracker={trackers[tracker]}",
            # Random weights are sure of nothing.
            "referring.box_threshold=0",
            "referring.text_threshold=0",
            "referring.max_objects=2",
            "sampling.frames=5",
            f"prompts.object={prompt}",
        ],
    )
    (row,) = MotionSight(settings, models=Models(settings)).describe([clip])
    assert isinstance(row, MotionRecord), row
    assert row.object_names == ("ball",)
    assert 1 <= len(row.object_tracks) <= 2
    for track in row.object_tracks:
        assert track.label == "ball"
        assert all(0 <= box.x0 < box.x1 <= 1 and 0 <= box.y0 < box.y1 <= 1 for box in track.boxes)
    names, objects, camera = map(shown, endpoint.requests)
    assert len(names) == len(objects) == len(camera) == 5
    if prompt == "spotlight":
        # What is lit is where the row says that the objects are.
        expected = spotlit_frames(decode(clip, settings), row.object_tracks, settings).pixels[..., ::-1]
        assert np.abs(expected.astype(int) - np.stack(objects)).mean() < 3, "what JPEG leaves"
    else:
        assert np.abs(np.stack(names).astype(int) - np.stack(objects)).max() > 20


def test_poses_are_drawn_over_what_moves(clip: Clip, endpoint: ScriptedEndpoint, tmp_path: Path) -> None:
    tiny_vitpose(tmp_path / "vitpose")
    settings = Settings.load(
        environment={},
        overrides=[
            f"annotator={endpoint.settings().annotator}",
            "sampling.frames=3",
            "prompts.object=pose",
            f"prompts.pose_model={tmp_path / 'vitpose'}",
            "prompts.keypoint_threshold=0",
        ],
    )
    (row,) = MotionSight(settings, models=Models(settings)).describe([clip])
    assert isinstance(row, MotionRecord), row
    names, objects, _ = map(shown, endpoint.requests)
    drawn = np.abs(np.stack(names).astype(int) - np.stack(objects)).max(axis=(1, 2, 3)) > 60
    assert drawn.any(), "lines in strong colours"
    assert "poses of the acting objects" in said(endpoint.requests[1])


def test_an_endpoint_gets_the_frames_of_every_question_as_videos(
    clip: Clip, endpoint: ScriptedEndpoint
) -> None:
    settings = endpoint.settings(frames_as="video").overridden(["sampling.frames=4"])
    sight = MotionSight(settings, models=Models(settings))

    (row,) = sight.describe([clip])
    sight.answer(clip, "Which way does the ball roll?", ["left", "right"])

    assert isinstance(row, MotionRecord), row
    asked = [request for request in endpoint.requests if "video_url" in str(request["messages"])]
    assert len(asked) >= 4
    times = [json.loads(shown_videos(request).body["choices"][0]["message"]["content"]) for request in asked]
    assert all(len(of_one) == 4 for of_all in times for of_one in of_all)
    # No sequence is at times of its own, which would make images of it.
    assert "image_url" not in str([request["messages"] for request in endpoint.requests])


@pytest.mark.in_gate("frames_as=images-qwen2_5_vl")
@pytest.mark.parametrize("family", ["qwen2_5_vl", "internvl"])
@pytest.mark.parametrize("tokens", ["frames_as=images", "frames_as=video", "video_tokens=events"])
def test_a_model_in_process_describes_and_answers(
    clip: Clip, checkpoint: Callable[[str], Path], family: str, tokens: str
) -> None:
    settings = Settings.load(
        environment={},
        overrides=[
            f"annotator=transformers:{checkpoint(family)}",
            f"mllm.{tokens}",
            "mllm.events=2",
            "mllm.max_new_tokens=12",
            "sampling.frames=4",
        ],
    )
    sight = MotionSight(settings, models=Models(settings))
    first, again = sight.describe([clip]), sight.describe([clip])
    for (outcome,) in (first, again):
        # Gibberish without a word in it is no description.
        assert isinstance(outcome, MotionRecord) or outcome.error == "BadReply", outcome
    if isinstance(first[0], MotionRecord) and isinstance(again[0], MotionRecord):
        # The model cannot name objects: the measured regions took their place.
        assert first[0].notes[0] == "names_unreadable"
        assert first[0].object_motion == again[0].object_motion, "greedy"
    assert isinstance(first[0], Failure) == isinstance(again[0], Failure)
    try:
        assert sight.answer(clip, "What happens?").text
        sight.answer(clip, "Which way?", ["left", "right"])
    except BadReply:
        pass


def test_a_description_is_scored_against_its_frames(clip: Clip, checkpoint: Callable[[str], Path]) -> None:
    settings = Settings.load(
        environment={}, overrides=[f"annotator=transformers:{checkpoint('qwen2_5_vl')}", "sampling.frames=4"]
    )
    model: Any = Models(settings).mllm
    scorer: ScoringModel = model
    frames = decode(clip, settings, products=("sampled",)).sampled
    assert frames is not None
    told = ["A ball rolls to the right.", 'Nothing moves. <|im_end|> "Yes"']
    scores = vqa_scores(scorer, [frames, frames], told)
    assert all(isinstance(score, float) and 0 < score < 1 for score in scores)
    assert scores[0] != scores[1]
    assert vqa_scores(scorer, [frames], told[:1]) == pytest.approx(scores[:1], rel=1e-3)
    with pytest.raises(ValueError, match="argument"):
        vqa_scores(scorer, [frames], told)
