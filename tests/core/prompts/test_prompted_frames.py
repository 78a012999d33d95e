"""Every prompt by its name, on a decoded clip."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from motionsight_core import Settings, clips_of, decode
from motionsight_core.clip import DecodedClip
from motionsight_core.prompts import PoseOverlay, needs, prompted_frames, uses_objects
from motionsight_core.referring import Trajectory
from tests.checkpoints.vitpose import tiny_vitpose
from tests.videos import moving_texture, write_video

NAMES = ("spotlight", "crop", "background_blur", "object_blur", "pose", "motion_blur", "none")
#: What each prompt is made of, and which of them do not show where the objects are.
MADE_OF: dict[str, set[str]] = {
    "spotlight": {"sampled"},
    "crop": {"sampled"},
    "background_blur": {"sampled"},
    "object_blur": {"sampled", "blurred"},
    "pose": {"sampled"},
    "motion_blur": {"blurred"},
    "none": {"sampled"},
}
WITHOUT_OBJECTS = {"motion_blur", "none"}
FRAMES = 4
REGIONS = np.array([[0.2, 0.2, 0.7, 0.8]] * FRAMES)
TRAJECTORIES = [Trajectory(np.array([[0.25, 0.25, 0.6, 0.7]] * FRAMES), (None,) * FRAMES)]
SETTINGS = Settings.load(
    overrides=[f"sampling.frames={FRAMES}", "sampling.max_pixels=4000", "runtime.device=cpu"], environment={}
)


@pytest.fixture(scope="module")
def decoded(tmp_path_factory: pytest.TempPathFactory) -> DecodedClip:
    path = tmp_path_factory.mktemp("video") / "texture.mp4"
    write_video(path, moving_texture(24, width=160, height=96))
    (clip,) = clips_of(str(path), SETTINGS)
    return decode(clip, SETTINGS)


@pytest.fixture(scope="module")
def pose(tmp_path_factory: pytest.TempPathFactory) -> PoseOverlay:
    model = tiny_vitpose(tmp_path_factory.mktemp("vitpose"))
    knobs = SETTINGS.prompts.model_copy(update={"pose_model": str(model)})
    return PoseOverlay(SETTINGS.model_copy(update={"prompts": knobs}))


def smaller(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The frames at 81 x 48, which is what 4,000 pixels of 5:3 are, by the mean of each area."""
    return np.stack([cv2.resize(frame, (81, 48), interpolation=cv2.INTER_AREA) for frame in pixels]).astype(
        np.uint8
    )


@pytest.mark.parametrize("name", NAMES)
def test_every_prompt_gives_all_frames_at_the_size_the_mllm_sees(
    name: str, decoded: DecodedClip, pose: PoseOverlay
) -> None:
    frames = prompted_frames(name, decoded, TRAJECTORIES, REGIONS, SETTINGS, pose=pose)
    assert decoded.sampled is not None
    np.testing.assert_array_equal(frames.times_s, decoded.sampled.times_s)
    assert frames.pixels.dtype == np.uint8
    count, height, width, _ = frames.pixels.shape
    assert count == FRAMES
    assert height * width <= SETTINGS.sampling.max_pixels
    if name != "crop":
        assert (width, height) == (81, 48)


@pytest.mark.parametrize("name", NAMES)
def test_a_prompt_needs_no_more_than_it_says(name: str, decoded: DecodedClip, pose: PoseOverlay) -> None:
    assert needs(name) == MADE_OF[name]
    others: dict[str, Any] = dict.fromkeys({"sampled", "blurred"} - MADE_OF[name])
    bare = replace(decoded, motion=None, **others)
    assert len(prompted_frames(name, bare, TRAJECTORIES, REGIONS, SETTINGS, pose=pose)) == FRAMES


@pytest.mark.parametrize("name", NAMES)
def test_a_prompt_without_what_it_needs_says_so(name: str, decoded: DecodedClip) -> None:
    for product in MADE_OF[name]:
        lost: dict[str, Any] = {product: None}
        without = replace(decoded, **lost)
        with pytest.raises(ValueError, match=f"ask for the product '{product}'"):
            prompted_frames(name, without, TRAJECTORIES, REGIONS, SETTINGS)


@pytest.mark.parametrize("name", NAMES)
def test_frames_change_with_the_objects_only_where_the_prompt_uses_them(
    name: str, decoded: DecodedClip, pose: PoseOverlay
) -> None:
    moved = [Trajectory(one.boxes + 0.1, one.masks) for one in TRAJECTORIES]
    here = prompted_frames(name, decoded, TRAJECTORIES, REGIONS, SETTINGS, pose=pose)
    there = prompted_frames(name, decoded, moved, REGIONS + 0.1, SETTINGS, pose=pose)
    assert np.array_equal(here.pixels, there.pixels) == (name in WITHOUT_OBJECTS)
    assert uses_objects(name) == (name not in WITHOUT_OBJECTS)


@pytest.mark.parametrize("name", NAMES)
def test_the_decoded_frames_are_kept(name: str, decoded: DecodedClip, pose: PoseOverlay) -> None:
    assert decoded.sampled is not None
    assert decoded.blurred is not None
    sampled, blurred = decoded.sampled.pixels.copy(), decoded.blurred.pixels.copy()
    prompted_frames(name, decoded, TRAJECTORIES, REGIONS, SETTINGS, pose=pose)
    np.testing.assert_array_equal(decoded.sampled.pixels, sampled)
    np.testing.assert_array_equal(decoded.blurred.pixels, blurred)


def test_none_is_the_sampled_frames_reduced_and_motion_blur_the_blurred_ones(decoded: DecodedClip) -> None:
    assert decoded.sampled is not None
    assert decoded.blurred is not None
    none = prompted_frames("none", decoded, (), REGIONS, SETTINGS)
    np.testing.assert_array_equal(none.pixels, smaller(decoded.sampled.pixels))
    blurred = prompted_frames("motion_blur", decoded, (), REGIONS, SETTINGS)
    np.testing.assert_array_equal(blurred.pixels, decoded.blurred.pixels)


def test_the_settings_of_a_prompt_are_used(decoded: DecodedClip) -> None:
    assert decoded.sampled is not None
    seen = smaller(decoded.sampled.pixels)
    dim = Settings.load(overrides=["spotlight.darken_factor=0.5", "sampling.max_pixels=4000"], environment={})
    lit = prompted_frames("spotlight", decoded, (), REGIONS, dim)
    # Well inside of the region [0.2, 0.7] x [0.2, 0.8], and well outside of it.
    np.testing.assert_array_equal(lit.pixels[:, 15:33, 22:50], seen[:, 15:33, 22:50])
    np.testing.assert_allclose(lit.pixels[:, :, :12], 0.5 * seen[:, :, :12].astype(float), atol=1)


def test_a_crop_is_cut_from_the_frames_as_large_as_they_are_at_hand(decoded: DecodedClip) -> None:
    """And reduced afterwards, where it has to be."""
    assert decoded.sampled is not None
    cut = prompted_frames("crop", decoded, (), REGIONS, SETTINGS).pixels
    _, height, width, _ = decoded.sampled.pixels.shape
    assert cut.shape[1] * cut.shape[2] <= 4000
    assert cut.shape[2] > 1.2 * 0.5 * 81, "more pixels of the object than the reduced frames have"
    rows = slice(round(0.2 * height), round(0.8 * height))
    columns = slice(round(0.2 * width), round(0.7 * width))
    size = (cut.shape[2], cut.shape[1])
    expected = [cv2.resize(frame[rows, columns], size) for frame in decoded.sampled.pixels]
    assert np.abs(cut.astype(float) - np.stack(expected)).mean() < 10


def test_pose_without_its_model_says_what_to_give(decoded: DecodedClip) -> None:
    with pytest.raises(ValueError, match=r"give pose=PoseOverlay\(settings\)"):
        prompted_frames("pose", decoded, TRAJECTORIES, REGIONS, SETTINGS)


def test_importing_the_prompts_does_not_import_torch() -> None:
    program = "import sys, motionsight_core.prompts\nassert not {'torch', 'transformers'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", program], check=True, cwd=Path(__file__).parents[3])
