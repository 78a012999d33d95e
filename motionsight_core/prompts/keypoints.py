"""The keypoint model of the prompt `pose`: it finds the objects' skeletons, and draws them on the frames.

A keypoint model of transformers looks at each object's box (top-down, as ViTPose does); drawing
needs no model and is a function of its own.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from motionsight_core.models.source import ModelSource, device_of, loading
from motionsight_core.referring import Trajectory
from motionsight_core.settings import Settings

#: Pairs of COCO's 17 keypoints that a bone joins (face, arms, trunk, legs), for models that name none.
COCO_EDGES: tuple[tuple[int, int], ...] = (
    *((0, 1), (0, 2), (1, 3), (2, 4)),
    *((5, 7), (7, 9), (6, 8), (8, 10)),
    *((5, 6), (5, 11), (6, 12), (11, 12)),
    *((11, 13), (13, 15), (12, 14), (14, 16)),
)
#: Boxes in one pass of the model.
_BATCH = 64
_BONE_LIGHT, _JOINT_COLOUR, _RIM_COLOUR = 255, (255, 255, 255), (0, 0, 0)


class PoseOverlay:
    """Finds keypoints with a model and draws them. Safe to call from many threads.

    Args:
        settings: `prompts.pose_model` and `runtime.device` say what runs where, and
            `prompts.keypoint_threshold` what is drawn.

    Raises:
        ModelMissing: the model is not there, or the packages to run it are not.
    """

    def __init__(self, settings: Settings) -> None:
        source = ModelSource.parse(settings.prompts.pose_model)
        with loading("keypoint model", source):
            from transformers import AutoProcessor, VitPoseForPoseEstimation

            from motionsight_core.models.pretrained import pretrained

            self._device = device_of(settings)
            revision = source.revision or "main"
            # Any: the libraries' annotations do not know the model's own arguments and results.
            self._processor: Any = AutoProcessor.from_pretrained(source.location, revision=revision)
            self._model = pretrained(VitPoseForPoseEstimation, source, device=self._device)
        self._threshold = settings.prompts.keypoint_threshold
        self._lock = threading.Lock()
        edges = getattr(self._model.config, "edges", None) or COCO_EDGES
        self._edges = tuple((int(first), int(second)) for first, second in edges)

    def draw(
        self,
        pixels: NDArray[np.uint8],
        canvas: NDArray[np.uint8],
        trajectories: Sequence[Trajectory],
    ) -> NDArray[np.uint8]:
        """The skeletons of all objects on every frame.

        Args:
            pixels: [T, H, W, 3] RGB in which the keypoints are looked for: the larger, the better.
            canvas: [T, h, w, 3] the same frames at the size they are drawn on; it stays as it is.
            trajectories: the objects; each is looked at where it is seen.

        Returns:
            [T, h, w, 3], a new array.
        """
        drawn = canvas.copy()
        for frame, keypoints in self.keypoints(pixels, trajectories):
            draw_pose(drawn[frame], keypoints, self._edges, threshold=self._threshold)
        return drawn

    def keypoints(
        self, pixels: NDArray[np.uint8], trajectories: Sequence[Trajectory]
    ) -> Iterator[tuple[int, NDArray[np.float64]]]:
        """For every object in every frame that it is seen in: the frame, and [K, 3] keypoints.

        A keypoint is x, y in fractions of the frame, and its score, 0 to 1.
        """
        height, width = pixels.shape[1:3]
        size = np.array([width, height], np.float64)
        places = [
            (int(frame), _coco_box(trajectory.boxes[frame], size))
            for trajectory in trajectories
            for frame in np.flatnonzero(trajectory.seen)
        ]
        for start in range(0, len(places), _BATCH):
            batch = places[start : start + _BATCH]
            for (frame, _), found in zip(batch, self._estimated(pixels, batch), strict=True):
                yield frame, found / (width, height, 1)

    def _estimated(
        self, pixels: NDArray[np.uint8], batch: Sequence[tuple[int, list[float]]]
    ) -> list[NDArray[np.float64]]:
        """[K, 3] x and y in pixels and the score, for each box of a batch."""
        import torch

        cuts = [_surroundings(pixels[frame], box) for frame, box in batch]
        # One image per box, so that what comes back is in the order of the batch.
        boxes = [
            [[x - left, y - top, *size]]
            for (_, (x, y, *size)), (_, left, top) in zip(batch, cuts, strict=True)
        ]
        with self._lock, torch.inference_mode():
            inputs = self._processor([image for image, *_ in cuts], boxes=boxes, return_tensors="pt")
            if getattr(self._model.config.backbone_config, "num_experts", 1) > 1:
                # ViTPose++ has one expert per data set; the first is the one for COCO's people.
                inputs["dataset_index"] = torch.zeros(len(batch), dtype=torch.int64)
            outputs = self._model(**inputs.to(self._device))
            found = self._processor.post_process_pose_estimation(outputs, boxes=boxes)
        return [
            np.column_stack([one["keypoints"].numpy(), one["scores"].numpy()]) + np.array([left, top, 0])
            for (one,), (_, left, top) in zip(found, cuts, strict=True)
        ]


def draw_pose(
    image: NDArray[np.uint8],
    keypoints: NDArray[np.float64],
    edges: Sequence[tuple[int, int]],
    *,
    threshold: float = 0.3,
) -> None:
    """Draw one skeleton on an RGB image: a coloured line per bone, a white dot per keypoint.

    Args:
        image: [H, W, 3], drawn on in place.
        keypoints: [K, 3] x, y in fractions of the image, score.
        edges: pairs of keypoints that a bone joins; those of keypoints that are not there are left out.
        threshold: least score of a keypoint that is drawn, with the bones that end in it.
    """
    height, width = image.shape[:2]
    # Two pixels thick on a frame of 518 x 290.
    thickness = max(1, round(max(width, height) / 250))
    certain = np.isfinite(keypoints).all(axis=1) & (keypoints[:, 2] >= threshold)
    # Far outside the frame OpenCV's integers overflow.
    places = np.clip(np.nan_to_num(keypoints[:, :2]), -1, 2) * (width, height)
    points = [(int(x), int(y)) for x, y in np.rint(places - 0.5)]
    for bone, (first, second) in enumerate(edges):
        if max(first, second) < len(points) and certain[first] and certain[second]:
            colour = _bone_colour(bone, len(edges))
            cv2.line(image, points[first], points[second], colour, thickness, cv2.LINE_AA)
    for index in np.flatnonzero(certain):
        cv2.circle(image, points[index], thickness + 1, _RIM_COLOUR, cv2.FILLED, cv2.LINE_AA)
        cv2.circle(image, points[index], thickness, _JOINT_COLOUR, cv2.FILLED, cv2.LINE_AA)


def _bone_colour(bone: int, count: int) -> tuple[int, int, int]:
    """RGB, around the colour circle from bone to bone: each limb keeps its own in all frames."""
    hue = np.array([[[round(180 * bone / count) % 180, 255, _BONE_LIGHT]]], np.uint8)
    red, green, blue = (int(value) for value in np.asarray(cv2.cvtColor(hue, cv2.COLOR_HSV2RGB))[0, 0])
    return red, green, blue


def _coco_box(box: NDArray[np.float64], size: NDArray[np.float64]) -> list[float]:
    """A box in fractions as x, y, width, height in pixels, at least one pixel each way."""
    low, high = box[:2] * size, box[2:] * size
    return [*low.tolist(), *np.maximum(high - low, 1.0).tolist()]


def _surroundings(image: NDArray[np.uint8], box: list[float]) -> tuple[NDArray[np.uint8], int, int]:
    """What the model can see of an image about a box, with its left and its top.

    The processor widens a box to the model's shape (3:4) and by a quarter, to at most 1.67 times
    its longer side, but turns the whole image it is given into numbers first: on a frame of
    1280x720 that takes longer than the crop itself.
    """
    x, y, width, height = box
    reach = max(width, height) + 2
    left, top = max(0, int(x + width / 2 - reach)), max(0, int(y + height / 2 - reach))
    right, bottom = int(x + width / 2 + reach) + 1, int(y + height / 2 + reach) + 1
    return image[top:bottom, left:right], left, top
