"""Fingerprints: what changes them, and what does not."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from motionsight_core import Settings, clips_of
from motionsight_core.catalog import Clip
from motionsight_core.clip import DecodedClip
from motionsight_core.dataset.fingerprints import ClipFingerprint, distance, evenly_in_time, fingerprint_of
from motionsight_core.errors import DecoderCrashed
from motionsight_core.guarded.pool import check_decoded
from motionsight_core.video.decoding import decode, decode_scenes
from tests.videos import moving_texture, write_video

#: Up to which two clips are near-duplicates, as a data set takes them by default.
NEAR = 0.2


def lumas(seed: int = 0, count: int = 40) -> list[NDArray[np.uint8]]:
    return [frame[..., 1] for frame in moving_texture(count, seed=seed)]


def fingerprint(path: Path, *products: Any, **sections: Any) -> str:
    settings = Settings(**sections)
    (clip,) = clips_of(str(path), settings)
    found = decode(clip, settings, products=products or ("fingerprint",)).fingerprint
    assert found is not None
    return found


def test_a_fingerprint_is_512_bits_as_hex_digits() -> None:
    found = fingerprint_of(lumas())
    assert len(found) == 128
    assert set(found) <= set("0123456789abcdef")


def test_the_bits_say_where_a_frame_becomes_brighter_to_the_right() -> None:
    rising = np.tile(np.arange(0, 180, 2), (80, 1)).astype(np.uint8)
    assert fingerprint_of([rising]) == "f" * 128
    assert fingerprint_of([rising[:, ::-1]]) == "0" * 128
    assert distance(fingerprint_of([rising]), fingerprint_of([rising[:, ::-1]])) == 1.0
    top_only = rising.copy()
    top_only[10:] = 100
    assert fingerprint_of([top_only]) == ("ff" + "00" * 7) * 8


def test_a_clip_without_frames_has_no_fingerprint() -> None:
    with pytest.raises(ValueError, match="at least one frame"):
        fingerprint_of([])
    assert ClipFingerprint().finish(0.0, 1.0) is None


@pytest.mark.parametrize("broken", ["", "0" * 127, "g" * 128, "0 " * 64, "0_" * 64, "F" * 128])
def test_what_is_no_fingerprint_has_no_distance_and_comes_out_of_no_decoding_process(broken: str) -> None:
    with pytest.raises(ValueError, match="A fingerprint is 128 hex digits"):
        distance(broken, "0" * 128)
    clip = DecodedClip(Clip("a", "1", 0.0, 1.0), 5, 4, 25.0, "h264", 0, None, None, None)
    check_decoded(replace(clip, fingerprint="0f" * 64))
    with pytest.raises(DecoderCrashed, match="a fingerprint that is not one"):
        check_decoded(replace(clip, fingerprint=broken))


def test_frames_are_chosen_from_the_middle_of_each_eighth() -> None:
    assert evenly_in_time([0.1 * number for number in range(80)], 0.0, 8.0) == [5, 15, 25, 35, 45, 55, 65, 75]
    assert evenly_in_time([0.0, 1.0], 0.0, 2.0) == [0, 0, 1, 1, 1, 1, 1, 1]


def test_what_is_kept_of_a_clip_does_not_grow_with_its_length() -> None:
    made = ClipFingerprint()
    frames = lumas(count=8)
    for number in range(40_000):
        made.push(frames[number * 8 // 40_000], number / 10)
    assert len(made._hashes) <= 4096
    assert made.finish(0.0, 4000.0) == fingerprint_of(frames)


def test_reencoding_resizing_and_brightening_change_little(tmp_path: Path) -> None:
    frames = moving_texture(75, width=320, height=192)
    original = fingerprint(write_video(tmp_path / "a.mp4", frames, options={"crf": "18"}))
    small = [np.asarray(cv2.resize(one, (160, 96), interpolation=cv2.INTER_AREA), np.uint8) for one in frames]
    bright = [np.clip(one.astype(np.int16) + 30, 0, 255).astype(np.uint8) for one in frames]
    copies = {
        "crf 40": write_video(tmp_path / "b.mp4", frames, options={"crf": "40"}),
        "half the size": write_video(tmp_path / "c.mp4", small),
        "brighter": write_video(tmp_path / "d.mp4", bright),
        "half the rate": write_video(tmp_path / "e.mp4", frames[::2], rate=12),
    }
    found = {name: distance(original, fingerprint(copy)) for name, copy in copies.items()}
    assert {name: far for name, far in found.items() if far > NEAR} == {}
    assert distance(original, fingerprint(write_video(tmp_path / "f.mp4", moving_texture(75, seed=1)))) > 0.3


def test_a_rotated_recording_looks_like_one_that_was_turned(tmp_path: Path) -> None:
    frames = moving_texture(50)
    rotated = fingerprint(write_video(tmp_path / "rotated.mp4", frames, rotation=90))
    turned = [np.ascontiguousarray(np.rot90(frame)) for frame in frames]
    assert distance(rotated, fingerprint(write_video(tmp_path / "turned.mp4", turned))) < 0.05
    assert distance(rotated, fingerprint(write_video(tmp_path / "as_coded.mp4", frames))) > 0.3


def test_the_fingerprint_alone_equals_that_of_the_measurement(tmp_path: Path) -> None:
    path = write_video(tmp_path / "a.mp4", moving_texture(75))
    alone = fingerprint(path)
    assert fingerprint(path, "motion") == alone
    assert fingerprint(path, "motion", "sampled", "fingerprint") == alone


def test_no_fingerprint_is_made_where_none_is_asked_for_or_frames_are_hidden(tmp_path: Path) -> None:
    (clip,) = clips_of(str(write_video(tmp_path / "a.mp4", moving_texture(30))))
    assert decode(clip, products=("sampled",)).fingerprint is None
    hidden = Settings.load(None, ["sampling.shown=first"])
    assert decode(clip, hidden, products=("motion",)).fingerprint is None


def test_a_scene_has_the_same_fingerprint_alone_and_in_the_pass_that_found_it(tmp_path: Path) -> None:
    dark = [frame // 6 for frame in moving_texture(60, seed=5)]
    path = write_video(tmp_path / "a.mp4", [*moving_texture(60), *dark])
    settings = Settings.load(None, ["clips.scenes=true"])
    scenes = list(decode_scenes(clips_of(str(path))[0].object, settings, products=("motion",)))
    alone = [decode(scene.clip, settings, products=("motion",)).fingerprint for scene in scenes]
    assert [scene.fingerprint for scene in scenes] == alone
    assert len(set(alone)) == len(scenes) == 2
