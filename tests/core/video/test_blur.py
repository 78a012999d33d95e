from __future__ import annotations

import av
import numpy as np
import pytest

from motionsight_core.video.blur import MotionBlur, blur_weights
from motionsight_core.video.pixels import plane


def test_geometric_weights_are_those_of_equation_5() -> None:
    # 0.65^k / sum(0.65^0..0.65^6), by hand: the sum is 2.7175
    expected = [0.368, 0.239, 0.155, 0.101, 0.066, 0.043, 0.028]
    np.testing.assert_allclose(blur_weights(7), expected, atol=6e-4)
    assert blur_weights(7).sum() == pytest.approx(1.0)


def test_trail_weights_are_those_of_the_authors_recursive_blend() -> None:
    expected = [0.267, 0.196, 0.175, 0.139, 0.102, 0.072, 0.049]
    np.testing.assert_allclose(blur_weights(7, weights="trail"), expected, atol=6e-4)


def test_trail_weights_equal_blending_frame_over_frame() -> None:
    values = np.array([10.0, 200.0, 30.0, 90.0])  # the sampled frame first, then backwards
    blend = values[0]
    for k in range(1, 4):
        blend = (1 - 0.65 ** (k + 1)) * blend + 0.65 ** (k + 1) * values[k]
    assert (blur_weights(4, weights="trail") * values).sum() == pytest.approx(blend)


@pytest.mark.parametrize("weights", ["geometric", "trail"])
def test_a_window_of_one_is_the_frame_itself(weights) -> None:
    np.testing.assert_array_equal(blur_weights(1, weights=weights), [1.0])


def _flat(luma: int, format: str = "yuv420p") -> av.VideoFrame:
    frame = av.VideoFrame(16, 8, format)
    for index, target in enumerate(frame.planes):
        target.update(bytes([luma if index == 0 else 128]) * target.buffer_size)
    return frame


def test_a_blurred_pixel_is_the_weighted_sum_of_its_window() -> None:
    blur = MotionBlur(blur_weights(3)[::-1])
    for luma in (40, 100, 220):  # oldest first
        blur.add(_flat(luma))
    # weights 1, .65, .4225 over 2.0725: (220 + .65*100 + .4225*40) / 2.0725 = 145.67
    np.testing.assert_array_equal(plane(blur.frame((16, 8)), 0), np.full((8, 16), 146))
    np.testing.assert_array_equal(plane(blur.frame((16, 8)), 1), np.full((4, 8), 128))


def test_a_blurred_frame_keeps_the_colours_that_the_video_declares() -> None:
    blur = MotionBlur(blur_weights(2)[::-1])
    for luma in (40, 100):
        frame = _flat(luma)
        frame.colorspace, frame.color_range = 1, 2
        blur.add(frame)
    blurred = blur.frame((16, 8))
    assert (blurred.colorspace, blurred.color_range) == (1, 2)


def test_frames_of_ten_bits_are_blended_too() -> None:
    blur = MotionBlur(blur_weights(2)[::-1])
    for luma in (40, 100):
        blur.add(_flat(luma).reformat(format="yuv422p10le"))
    expected = round((100 + 0.65 * 40) / 1.65)
    assert abs(int(plane(blur.frame((16, 8)), 0)[4, 8]) - expected) <= 1


def test_a_blurred_frame_can_be_had_smaller() -> None:
    blur = MotionBlur(blur_weights(2)[::-1])
    for luma in (40, 100):
        blur.add(_flat(luma))
    small = blur.frame((8, 4))
    assert (small.width, small.height) == (8, 4)
    np.testing.assert_array_equal(plane(small, 0), np.full((4, 8), round((100 + 0.65 * 40) / 1.65)))


def test_a_window_that_is_not_full_is_refused() -> None:
    blur = MotionBlur(blur_weights(3)[::-1])
    blur.add(_flat(40))
    with pytest.raises(ValueError, match="3 frames, 1 were added"):
        blur.frame((16, 8))
