from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch

from motionsight_core.errors import ModelMissing
from motionsight_core.prompts import PoseOverlay, draw_pose
from motionsight_core.prompts.keypoints import COCO_EDGES
from motionsight_core.referring import Trajectory
from motionsight_core.settings import Settings
from tests.checkpoints.vitpose import tiny_vitpose

NOT_SEEN = (np.nan,) * 4


def overlay(model: Path | str, *overrides: str) -> PoseOverlay:
    return PoseOverlay(
        Settings.load(
            overrides=[f"prompts.pose_model={model}", "runtime.device=cpu", *overrides], environment={}
        )
    )


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_vitpose(tmp_path_factory.mktemp("vitpose"))


def noise(count: int, height: int = 96, width: int = 160) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (count, height, width, 3), np.uint8)


# Drawing --------------------------------------------------------------------------------------------


def test_a_bone_joins_its_keypoints_and_far_from_it_nothing_changes() -> None:
    image = np.full((100, 200, 3), 77, np.uint8)
    draw_pose(image, np.array([[0.25, 0.5, 0.9], [0.75, 0.5, 0.9]]), [(0, 1)], threshold=0.3)
    # the first bone is red; smoothed lines miss their colour by a little
    np.testing.assert_allclose(image[50, 100], [255, 0, 0], atol=20)
    assert image[50, 50].tolist() == image[50, 150].tolist() == [255, 255, 255]
    changed = (image != 77).any(axis=2)
    rows, columns = np.flatnonzero(changed.any(axis=1)), np.flatnonzero(changed.any(axis=0))
    assert 46 <= rows[0] <= rows[-1] <= 53
    assert 45 <= columns[0] <= columns[-1] <= 154


def test_uncertain_keypoints_are_left_out_with_their_bones() -> None:
    image = np.full((100, 200, 3), 77, np.uint8)
    points = np.array([[0.25, 0.5, 0.9], [0.75, 0.5, 0.2], [np.nan, 0.5, 0.9]])
    draw_pose(image, points, [(0, 1), (0, 2), (0, 99)], threshold=0.3)
    changed = np.flatnonzero((image != 77).any(axis=(0, 2)))
    assert 45 <= changed[0] <= changed[-1] <= 54


def test_keypoints_far_outside_do_no_harm() -> None:
    image = np.full((100, 200, 3), 77, np.uint8)
    draw_pose(image, np.array([[1e30, -1e30, 0.9], [5.0, 5.0, 0.9]]), [(0, 1)], threshold=0.3)
    assert image.shape == (100, 200, 3)


def test_the_skeleton_of_coco_joins_all_17_keypoints() -> None:
    joined = {0}
    while grown := {b for edge in COCO_EDGES for b in edge if joined & set(edge)} - joined:
        joined |= grown
    assert joined == set(range(5)), "the face"
    joined = {5}
    while grown := {b for edge in COCO_EDGES for b in edge if joined & set(edge)} - joined:
        joined |= grown
    assert joined == set(range(5, 17)), "the body"


# The model ------------------------------------------------------------------------------------------


def test_poses_are_drawn_where_objects_are_seen_and_the_inputs_are_kept(checkpoint: Path) -> None:
    pixels = noise(3)
    canvas = np.full((3, 48, 80, 3), 77, np.uint8)
    trajectory = Trajectory(np.array([[0.2, 0.2, 0.6, 0.8], NOT_SEEN, [0.3, 0.2, 0.7, 0.8]]), (None,) * 3)
    drawn = overlay(checkpoint).draw(pixels, canvas, [trajectory])
    changed = (drawn != 77).any(axis=(1, 2, 3))
    assert changed.tolist() == [True, False, True]
    assert drawn.shape == canvas.shape
    assert canvas.min() == canvas.max() == 77


def test_above_every_score_nothing_is_drawn(checkpoint: Path) -> None:
    canvas = noise(2)
    trajectory = Trajectory(np.array([[0.2, 0.2, 0.6, 0.8]] * 2), (None,) * 2)
    drawn = overlay(checkpoint, "prompts.keypoint_threshold=1.0").draw(canvas, canvas, [trajectory])
    np.testing.assert_array_equal(drawn, canvas)


def test_without_objects_nothing_is_drawn(checkpoint: Path) -> None:
    canvas = noise(2)
    np.testing.assert_array_equal(overlay(checkpoint).draw(canvas, canvas, []), canvas)


def test_keypoints_lie_where_the_model_sees_them(checkpoint: Path) -> None:
    """A model that finds the brightest place of its crop: each object's lamp, each in its own frame."""
    pose = overlay(checkpoint)
    pixels = np.zeros((4, 240, 320, 3), np.uint8)
    lamps = {0: (60, 100), 1: (70, 120), 2: (200, 90), 3: (220, 140)}
    for frame, (x, y) in lamps.items():
        pixels[frame, y - 5 : y + 6, x - 5 : x + 6] = 255
    pose._model = Brightest()
    left = Trajectory(np.array([[0.1, 0.2, 0.35, 0.8]] * 2 + [NOT_SEEN] * 2), (None,) * 4)
    right = Trajectory(np.array([NOT_SEEN] * 2 + [[0.5, 0.1, 0.8, 0.9]] * 2), (None,) * 4)
    found = list(pose.keypoints(pixels, [left, right]))
    assert [frame for frame, _ in found] == [0, 1, 2, 3]
    for frame, keypoints in found:
        # Within one step of the heatmap: 16 rows over the whole height for the larger boxes.
        np.testing.assert_allclose(keypoints[0, :2] * (320, 240), lamps[frame], atol=16)


class Brightest:
    """Heatmaps of the mean light in each 4 x 4 pixels of the crop."""

    config = SimpleNamespace(backbone_config=SimpleNamespace(num_experts=1))

    def __call__(self, pixel_values: torch.Tensor) -> Any:
        # Black is below zero for the model; the pooling pads with zeros.
        light = (pixel_values - pixel_values.amin()).mean(1, keepdim=True)
        heatmaps = torch.nn.functional.avg_pool2d(light, 5, 4, 2)
        # Two keypoints: transformers squeezes a single one away.
        return SimpleNamespace(heatmaps=heatmaps.repeat(1, 2, 1, 1))


def test_more_boxes_than_one_batch_come_back_in_order(
    checkpoint: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pixels = noise(5)
    boxes = np.array([[0.1 * t, 0.1, 0.1 * t + 0.4, 0.9] for t in range(5)])
    trajectories = [Trajectory(boxes, (None,) * 5), Trajectory(boxes[::-1], (None,) * 5)]
    pose = overlay(checkpoint)
    at_once = list(pose.keypoints(pixels, trajectories))
    monkeypatch.setattr("motionsight_core.prompts.keypoints._BATCH", 3)
    in_parts = list(pose.keypoints(pixels, trajectories))
    assert [frame for frame, _ in in_parts] == [frame for frame, _ in at_once] == [*range(5)] * 2
    for (_, some), (_, same) in zip(in_parts, at_once, strict=True):
        # float32 sums in another order; the place of a maximum is refined through a logarithm
        np.testing.assert_allclose(some, same, atol=1e-3)


def test_a_box_of_a_single_pixel_and_one_beyond_the_edge_do_no_harm(checkpoint: Path) -> None:
    canvas = noise(2)
    trajectory = Trajectory(np.array([[0.5, 0.5, 0.5, 0.5], [0.9, 0.9, 1.0, 1.0]]), (None,) * 2)
    assert overlay(checkpoint).draw(canvas, canvas, [trajectory]).shape == canvas.shape


def test_the_skeleton_is_the_models_own_where_it_names_one(tmp_path: Path, checkpoint: Path) -> None:
    own = tiny_vitpose(tmp_path / "own", edges=[[0, 1], [1, 2]], keypoints=3)
    assert overlay(own)._edges == ((0, 1), (1, 2))
    assert overlay(checkpoint)._edges == COCO_EDGES


def test_a_model_with_an_expert_per_data_set_is_asked_for_cocos(tmp_path: Path) -> None:
    plus = tiny_vitpose(tmp_path / "plus", experts=2)
    canvas = noise(1)
    trajectory = Trajectory(np.array([[0.2, 0.2, 0.6, 0.8]]), (None,))
    drawn = overlay(plus).draw(canvas, canvas, [trajectory])
    assert (drawn != canvas).any()


def test_a_missing_model_is_one_sentence(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path))
    with pytest.raises(ModelMissing, match=r"^The keypoint model nobody/nothing is not on this machine"):
        overlay("nobody/nothing")
    with pytest.raises(ModelMissing, match="no such directory"):
        overlay(tmp_path / "nothing")


def test_a_checkpoint_without_all_weights_is_refused(tmp_path: Path) -> None:
    from safetensors.torch import load_file, save_file

    broken = tiny_vitpose(tmp_path / "broken")
    weights = load_file(broken / "model.safetensors")
    del weights["head.conv.weight"]
    save_file(weights, broken / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(ModelMissing, match=r"1 of its weights are not in the files"):
        overlay(broken)
