"""SAM 2 by its authors' code, for their checkpoints: `sam2:CHECKPOINT#CONFIG`."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image

from motionsight_core.models.source import device_of
from motionsight_core.referring._mask_tracking import MaskTracker
from motionsight_core.referring._original import loading_original, weights_of
from motionsight_core.settings import Settings

_MEAN, _STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)

#: Holes up to this many pixels of a mask of low resolution are filled, as the authors do, where their
#: CUDA extension is there to find them.
HOLE_AREA = 8

#: What the authors' `build_sam2_video_predictor` sets over a config.
_VIDEO_PREDICTOR = {
    "_target_": "sam2.sam2_video_predictor.SAM2VideoPredictor",
    "binarize_mask_from_pts_for_mem_enc": True,
    "sam_mask_decoder_extra_args": {
        "dynamic_multimask_via_stability": True,
        "dynamic_multimask_stability_delta": 0.05,
        "dynamic_multimask_stability_thresh": 0.98,
    },
}


class OriginalSam2Tracker(MaskTracker):
    """Follows objects with SAM 2 (arXiv 2408.00714)."""

    def __init__(self, predictor: Any, device: torch.device) -> None:
        super().__init__(device)
        self._predictor = predictor

    @classmethod
    def load(cls, checkpoint: Path, config: Path, settings: Settings) -> OriginalSam2Tracker:
        """From a checkpoint of the authors and the YAML file that describes its model.

        Raises:
            ModelMissing: it does not load.
        """
        device = device_of(settings)
        with loading_original("tracker", checkpoint):
            predictor = _build(config, device)
            predictor.load_state_dict(weights_of(checkpoint))
        return cls(predictor.to(device).eval(), device)

    def _prepare(self, pixels: NDArray[np.uint8]) -> Any:
        side = self._predictor.image_size
        # Pillow's resize, as the authors' loader of JPEG files does it.
        return np.stack([np.asarray(Image.fromarray(frame).resize((side, side))) for frame in pixels])

    def _session(self, prepared: Any, size: tuple[int, int]) -> Any:
        """What the predictor's `init_state` makes of a folder of JPEG files, over frames in memory."""
        by_object = (
            "point_inputs_per_obj",
            "mask_inputs_per_obj",
            "output_dict_per_obj",
            "temp_output_dict_per_obj",
            "frames_tracked_per_obj",
        )
        return {
            "images": _Images(prepared, self._device),
            "num_frames": len(prepared),
            "video_height": size[0],
            "video_width": size[1],
            "device": self._device,
            "storage_device": self._device,
            "offload_video_to_cpu": False,
            "offload_state_to_cpu": False,
            "cached_features": {},
            "constants": {},
            "obj_id_to_idx": OrderedDict(),
            "obj_idx_to_id": OrderedDict(),
            "obj_ids": [],
            **{name: {} for name in by_object},
        }

    def _prompt(self, session: Any, frame: int, boxes: NDArray[np.float32]) -> torch.Tensor:
        logits = torch.empty(0)
        for number, box in enumerate(boxes):
            _, _, logits = self._predictor.add_new_points_or_box(session, frame, number, box=box)
        return logits

    def _propagate(self, session: Any, frame: int) -> Iterator[tuple[int, torch.Tensor]]:
        for reverse in (False, True):
            steps = self._predictor.propagate_in_video(session, start_frame_idx=frame, reverse=reverse)
            for number, _, logits in steps:
                yield number, logits


class _Images:
    """Frames [T, S, S, 3] that become what the model takes when it asks for one."""

    def __init__(self, pixels: NDArray[np.uint8], device: torch.device) -> None:
        self._pixels = pixels
        self._device = device
        self._mean = torch.tensor(_MEAN, device=device)[:, None, None]
        self._std = torch.tensor(_STD, device=device)[:, None, None]

    def __len__(self) -> int:
        return len(self._pixels)

    def __getitem__(self, frame: int) -> torch.Tensor:
        """[3, S, S] normalised."""
        image = torch.from_numpy(self._pixels[frame]).to(self._device).permute(2, 0, 1).float() / 255
        return (image - self._mean) / self._std


def _build(config: Path, device: torch.device) -> Any:
    """The video predictor of a config, without weights.

    Composed by hand: the authors' builder looks configs up through Hydra's global state, which
    belongs to whoever calls us, and finds none outside their package.
    """
    _import_sam2()
    from hydra.utils import instantiate
    from omegaconf import OmegaConf

    content = OmegaConf.load(config)
    if "model" not in content:
        raise ValueError(f"{config} has no `model`")
    fills_holes = device.type == "cuda" and find_spec("sam2._C") is not None
    video = {"model": {**_VIDEO_PREDICTOR, "fill_hole_area": HOLE_AREA if fills_holes else 0}}
    model = OmegaConf.to_container(OmegaConf.merge(content, video), resolve=True)["model"]  # type: ignore[index]
    for target in _targets(model):
        if not target.startswith("sam2."):
            raise ValueError(f"{config} asks for {target}; only classes of sam2 are built")
    return instantiate(model, _recursive_=True)


def _import_sam2() -> None:
    """Imports the predictor and leaves Hydra as it was: sam2 sets it up when it is imported."""
    from hydra.core.global_hydra import GlobalHydra

    was_initialized = GlobalHydra.instance().is_initialized()
    import sam2.sam2_video_predictor as video_predictor

    if not was_initialized:
        GlobalHydra.instance().clear()
    video_predictor.tqdm = _without_progress_bar  # pyrefly: ignore[bad-assignment] it only loops over it


def _without_progress_bar(frames: Iterable[int], **_: Any) -> Iterable[int]:
    return frames


def _targets(node: Any) -> Iterator[str]:
    """Every class that a config names."""
    if isinstance(node, dict):
        if "_target_" in node:
            yield str(node["_target_"])
        node = list(node.values())
    if isinstance(node, list):
        for value in node:
            yield from _targets(value)
