"""The packaged detector on a real picture."""

from __future__ import annotations

import hashlib

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from motionsight_core.naming import model_file
from motionsight_core.naming.model_file import ModelUnusable, read_model_file
from motionsight_core.naming.nanodet import packaged_detector


def test_the_file_is_the_one_that_the_recipe_names_and_its_licence_lies_beside_it() -> None:
    content = model_file.PATH.read_bytes()
    assert hashlib.sha256(content).hexdigest() == model_file.SHA256
    assert model_file.SHA256[:16] in model_file.IDENTITY
    assert len(content) < 8_000_000
    notice = (model_file.PATH.parent / "README.md").read_text()
    assert model_file.SHA256 in notice
    licence = (model_file.PATH.parent / "LICENSE").read_text()
    assert "Apache License" in licence and "RangiLyu" in licence


def test_it_finds_a_person_in_a_photograph_and_where_she_is(portrait: NDArray[np.uint8]) -> None:
    best = packaged_detector().detect(portrait)[0]
    assert best.label == "person" and best.score > 0.6
    x0, y0, x1, y1 = best.box
    assert x0 < 0.1 and y0 < 0.15 and x1 > 0.9 and y1 > 0.9


def test_boxes_are_fractions_of_the_picture_wherever_in_it_the_person_is(
    portrait: NDArray[np.uint8],
) -> None:
    wide = np.full((360, 640, 3), 128, np.uint8)
    wide[60:360, 380:630] = cv2.resize(portrait, (250, 300), interpolation=cv2.INTER_AREA)
    found = packaged_detector().detect(wide)
    best = next(detection for detection in found if detection.label == "person")
    assert best.box == pytest.approx((380 / 640, 60 / 360, 630 / 640, 1.0), abs=0.06)


def test_it_finds_nothing_in_an_even_picture_and_takes_any_size() -> None:
    for size in ((1, 1), (33, 700), (90, 160), (700, 33), (20, 416)):
        assert packaged_detector().detect(np.full((*size, 3), 127, np.uint8)) == ()


def test_a_missing_and_a_damaged_file_are_one_sentence_each(tmp_path) -> None:
    with pytest.raises(ModelUnusable, match=r"cannot be read \(No such file or directory\): tracks get no"):
        read_model_file(tmp_path / "absent.onnx")
    damaged = tmp_path / "damaged.onnx"
    content = bytearray(model_file.PATH.read_bytes())
    content[4_000_000] ^= 1
    damaged.write_bytes(content)
    with pytest.raises(ModelUnusable, match=r"is damaged .*: tracks get no names; reinstall "):
        read_model_file(damaged)
