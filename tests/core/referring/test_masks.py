from __future__ import annotations

import sys
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from numpy.typing import NDArray
from pycocotools import mask as coco

from motionsight_core.errors import ModelMissing
from motionsight_core.referring import Mask
from motionsight_core.referring._boxes import box_iou
from motionsight_core.referring.masks import mask_iou

PIXELS = arrays(np.bool_, array_shapes(min_dims=2, max_dims=2, min_side=1, max_side=12))


@given(PIXELS)
def test_a_mask_gives_back_the_pixels_it_was_made_of(pixels: NDArray[np.bool_]) -> None:
    mask = Mask.of(pixels)
    np.testing.assert_array_equal(mask.pixels(), pixels)
    assert mask.area == pixels.sum()
    assert coco.decode({"size": list(pixels.shape), "counts": mask.counts}).sum() == pixels.sum()


@given(st.data())
def test_the_iou_of_run_lengths_is_that_of_the_pixels(data: st.DataObject) -> None:
    one = data.draw(PIXELS)
    other = data.draw(arrays(np.bool_, one.shape))
    union = (one | other).sum()
    expected = (one & other).sum() / union if union else 0.0
    assert mask_iou(Mask.of(one), Mask.of(other)) == expected


@given(PIXELS)
def test_the_box_holds_every_pixel_and_touches_the_outermost(pixels: NDArray[np.bool_]) -> None:
    box = Mask.of(pixels).box()
    if not pixels.any():
        assert box is None
        return
    assert box is not None
    height, width = pixels.shape
    x0, x1 = round(box[0] * width), round(box[2] * width)
    y0, y1 = round(box[1] * height), round(box[3] * height)
    assert pixels[y0:y1, x0:x1].sum() == pixels.sum()
    assert pixels[y0].any() and pixels[y1 - 1].any() and pixels[:, x0].any() and pixels[:, x1 - 1].any()


def test_an_empty_and_a_full_mask_take_one_and_two_runs() -> None:
    empty, full = Mask.of(np.zeros((3, 4), bool)), Mask.of(np.ones((3, 4), bool))
    runs: Any = [{"size": [3, 4], "counts": lengths} for lengths in ([12], [0, 12])]
    one_run, two_runs = coco.frPyObjects(runs, 3, 4)
    assert empty.counts == one_run["counts"] and full.counts == two_runs["counts"]
    assert empty.box() is None and full.box() == (0.0, 0.0, 1.0, 1.0)
    assert mask_iou(empty, empty) == 0.0 and mask_iou(full, full) == 1.0 and mask_iou(empty, full) == 0.0
    assert repr(full) == "Mask(4x3, 12 pixels)"


def test_masks_of_different_sizes_are_not_compared() -> None:
    with pytest.raises(ValueError, match="different sizes"):
        mask_iou(Mask.of(np.ones((2, 3), bool)), Mask.of(np.ones((3, 2), bool)))


def test_boxes_that_are_not_there_overlap_nothing() -> None:
    boxes = np.array([[0.0, 0.0, 0.5, 0.5], [np.nan] * 4])
    iou = box_iou(boxes, np.array([[0.0, 0.0, 0.5, 0.5], [0.25, 0.0, 0.75, 0.5], [0.6, 0.6, 0.7, 0.7]]))
    np.testing.assert_allclose(iou, [[1.0, 1 / 3, 0.0], [0.0, 0.0, 0.0]])


def test_where_pycocotools_is_not_installed_a_mask_says_how_to_install_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "pycocotools", None)
    with pytest.raises(ModelMissing, match=r"pycocotools: pip install 'motionsight\[models\]'$"):
        Mask.of(np.ones((2, 3), bool))
