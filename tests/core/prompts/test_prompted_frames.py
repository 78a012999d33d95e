"""Every prompt by its name, on a decoded clip."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from motionsight_core import Settings, clips_of, decode
from motionsight_core.clip import DecodedClip
from motionsight_core.prompts import PoseOverlay, crop, needs, prompted_frames, spotlight, uses_objects
from motionsight_core.referring import Trajectory
from motionsight_core.video.pixels import reduced
from tests.checkpoints.vitpose import tiny_vitpose
from tests.videos import moving_texture, write_video

NAMES = ("spotlight", "crop", "background_blur", "object_blur", "pose", "motion_blur", "none")
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
    other = {"sampled", "blurred"} - needs(name)
    bare = replace(decoded, motion=None, **dict.fromkeys(other))
    assert len(prompted_frames(name, bare, TRAJECTORIES, REGIONS, SETTINGS, pose=pose)) == FRAMES


@pytest.mark.parametrize("name", NAMES)
def test_a_prompt_without_what_it_needs_says_so(name: str, decoded: DecodedClip) -> None:
    for product in needs(name):
        without = replace(decoded, **{product: None})
        with pytest.raises(ValueError, match=f"ask for the product '{product}'"):
            prompted_frames(name, without, TRAJECTORIES, REGIONS, SETTINGS)


@pytest.mark.parametrize("name", NAMES)
def test_frames_change_with_the_objects_only_where_the_prompt_uses_them(
    name: str, decoded: DecodedClip, pose: PoseOverlay
) -> None:
    moved = [Trajectory(one.boxes + 0.1, one.masks) for one in TRAJECTORIES]
    here = prompted_frames(name, decoded, TRAJECTORIES, REGIONS, SETTINGS, pose=pose)
    there = prompted_frames(name, decoded, moved, REGIONS + 0.1, SETTINGS, pose=pose)
    assert np.array_equal(here.pixels, there.pixels) != uses_objects(name)


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
    np.testing.assert_array_equal(none.pixels, reduced(decoded.sampled.pixels, max_pixels=4000))
    blurred = prompted_frames("motion_blur", decoded, (), REGIONS, SETTINGS)
    np.testing.assert_array_equal(blurred.pixels, decoded.blurred.pixels)


def test_the_settings_of_a_prompt_are_used(decoded: DecodedClip) -> None:
    assert decoded.sampled is not None
    seen = reduced(decoded.sampled.pixels, max_pixels=4000)
    dim = Settings.load(overrides=["spotlight.darken_factor=0.5", "sampling.max_pixels=4000"], environment={})
    lit = prompted_frames("spotlight", decoded, (), REGIONS, dim)
    np.testing.assert_array_equal(lit.pixels, spotlight(seen, REGIONS, darken_factor=0.5))
    # A crop is cut from the frames as large as they are at hand, and reduced afterwards.
    cut = prompted_frames("crop", decoded, (), REGIONS, dim)
    np.testing.assert_array_equal(cut.pixels, crop(decoded.sampled.pixels, REGIONS, max_pixels=4000))


def test_pose_without_its_model_says_what_to_give(decoded: DecodedClip) -> None:
    with pytest.raises(ValueError, match=r"give pose=PoseOverlay\(settings\)"):
        prompted_frames("pose", decoded, TRAJECTORIES, REGIONS, SETTINGS)


def test_importing_the_prompts_does_not_import_torch() -> None:
    program = "import sys, motionsight_core.prompts\nassert not {'torch', 'transformers'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", program], check=True, cwd=Path(__file__).parents[3])
