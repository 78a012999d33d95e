"""What models and people see of one HDR or wide-gamut frame."""

from __future__ import annotations

from collections.abc import Sequence

import av
import numpy as np
import pytest
from numpy.typing import NDArray

from motionsight_core.video.blur import MotionBlur
from motionsight_core.video.pixels import Geometry, as_sdr, halved, to_luma, to_rgb, to_small_bgr
from tests.hdr import (
    BT709,
    BT2020,
    ENCODE,
    HLG,
    P3,
    PQ,
    SDR_10,
    TO_BT2020,
    Tags,
    as_seen,
    frame_of,
    hlg,
    pq,
    srgb,
)
from tests.videos import moving_texture

WHITE = 203.0  # cd/m2
#: Linear light in BT.709, diffuse white at 1.
COLOURS = {
    "grey": (0.18, 0.18, 0.18),
    "light skin": (0.58, 0.33, 0.24),
    "dark skin": (0.11, 0.055, 0.035),
    "foliage": (0.07, 0.14, 0.04),
    "sky": (0.2, 0.4, 0.9),
    "red": (1.0, 0.0, 0.0),
    "green": (0.0, 1.0, 0.0),
    "blue": (0.0, 0.0, 1.0),
    "white": (1.0, 1.0, 1.0),
    "a lamp": (4.0, 2.5, 1.0),
}


def seen(frame: av.VideoFrame, *, max_pixels: int = 10**7) -> NDArray[np.uint8]:
    return to_rgb(frame, Geometry(frame.width, frame.height, False, False, False), max_pixels=max_pixels)


def flat(light: Sequence[float], *, width: int = 16, height: int = 16) -> NDArray[np.float64]:
    return np.tile(np.array(light, np.float64), (height, width, 1))


@pytest.mark.parametrize("pix_fmt", ["yuv444p10le", "yuv420p10le", "yuv422p12le"])
@pytest.mark.parametrize("transfer", [PQ, HLG])
@pytest.mark.parametrize("colour", COLOURS)
def test_a_colour_is_what_the_formulas_make_of_it(transfer: int, pix_fmt: str, colour: str) -> None:
    light = flat(COLOURS[colour]) * WHITE @ TO_BT2020.T
    picture = seen(frame_of(ENCODE[transfer](light), Tags(transfer), pix_fmt=pix_fmt))
    # A step of ten bits is up to 2 of 255 in a bright colour, and more in a dark component of it.
    tolerance = np.maximum(3, 12 - as_seen(light) / 10)
    assert (np.abs(picture - as_seen(light)) <= tolerance).all()


@pytest.mark.parametrize("transfer", [PQ, HLG])
def test_grey_stays_grey_and_a_gradient_has_no_steps(transfer: int) -> None:
    codes = np.linspace(0, 1, 877)  # one for each luma of ten bits
    ramp = np.repeat(np.tile(codes, (4, 1))[..., None], 3, axis=2)
    picture = seen(frame_of(ramp, Tags(transfer))).astype(int)
    assert np.ptp(picture, axis=2).max() <= 1
    steps = np.diff(picture[0, :, 1])
    assert steps.min() >= 0
    assert steps.max() <= 2, "no step that the coded one does not ask for"


@pytest.mark.parametrize("transfer", [PQ, HLG])
def test_a_gradient_of_light_is_shown_within_a_level_of_the_formulas(transfer: int) -> None:
    light = np.repeat(np.tile(np.linspace(0, 1_000, 600), (4, 1))[..., None], 3, axis=2)
    picture = seen(frame_of(ENCODE[transfer](light), Tags(transfer)))
    assert np.abs(picture - as_seen(light)).mean() < 0.5, "rounded to ten bits, and to eight"


@pytest.mark.parametrize("transfer", [PQ, HLG])
def test_white_is_natural_and_highlights_keep_their_order_above_it(transfer: int) -> None:
    levels = {
        light: int(seen(frame_of(ENCODE[transfer](flat((light,) * 3)), Tags(transfer)))[8, 8, 1])
        for light in (26.0, WHITE, 400.0, 600.0, 1_000.0)
    }
    # ITU-R BT.2408: a grey card is at 26 cd/m2, and at 42 % in SDR.
    assert 0.37 < levels[26.0] / 255 < 0.46
    assert 0.8 < levels[WHITE] / 255 < 0.95
    assert levels[WHITE] + 8 < levels[400.0] < levels[600.0] < levels[1_000.0] < 255


def test_pq_beyond_a_thousand_candela_is_not_clipped() -> None:
    levels = [
        int(seen(frame_of(pq(flat((x,) * 3)), Tags(PQ)))[8, 8, 1]) for x in (1_000.0, 2_000.0, 10_000.0)
    ]
    assert levels[0] < levels[1] < levels[2] == 255


@pytest.mark.parametrize("colour", COLOURS)
def test_the_same_light_is_the_same_picture_in_pq_and_hlg(colour: str) -> None:
    light = flat(COLOURS[colour]) * WHITE @ TO_BT2020.T
    pictures = [seen(frame_of(code(light), Tags(transfer))) for transfer, code in ENCODE.items()]
    assert np.abs(np.subtract(*[p[8, 8].astype(int) for p in pictures])).max() <= 9, (
        "two roundings to ten bits"
    )


@pytest.mark.parametrize("colour", ["red", "green", "blue"])
def test_a_colour_of_sdr_is_saturated_again(colour: str) -> None:
    """BT.2020 codes shown as BT.709 would be pale."""
    light = flat(COLOURS[colour]) * 0.5 * WHITE @ TO_BT2020.T
    coded = pq(light)
    picture = seen(frame_of(coded, Tags(PQ)))[8, 8] / 255
    assert np.ptp(picture) > 0.65 > 0.45 > np.ptp(coded[8, 8])


def test_eight_bits_that_say_they_are_pq_are_tone_mapped_too() -> None:
    light = flat((100.0,) * 3)
    picture = seen(frame_of(pq(light), Tags(PQ), pix_fmt="yuv420p"))
    assert np.abs(picture - as_seen(light)).max() <= 4, "a step of eight bits"


@pytest.mark.parametrize("pix_fmt", ["rgb48le", "gbrp10le", "gbrp12le", "yuva444p10le", "p010le"])
def test_every_pixel_format_is_tone_mapped(pix_fmt: str) -> None:
    light = flat((150.0, 90.0, 60.0))
    frame = frame_of(pq(light), Tags(PQ)).reformat(format=pix_fmt, dst_colorspace=9)
    Tags(PQ, matrix=0 if pix_fmt.startswith(("rgb", "gbr")) else 9).write(frame)
    assert np.abs(seen(frame) - as_seen(light)).max() <= 4


def test_full_range_is_read_as_full_range() -> None:
    frame = frame_of(pq(flat((100.0,) * 3)), Tags(PQ)).reformat(dst_color_range=2, format="yuv444p12le")
    frame.color_range = 2
    assert np.abs(seen(frame) - as_seen(flat((100.0,) * 3))).max() <= 3


@pytest.mark.parametrize("tags", [Tags(PQ, primaries=2, matrix=2), Tags(PQ, matrix=2), Tags(PQ, primaries=2)])
def test_hdr_that_does_not_name_its_primaries_or_matrix_is_bt2020(tags: Tags) -> None:
    codes = pq(flat(COLOURS["light skin"]) * WHITE @ TO_BT2020.T)
    np.testing.assert_array_equal(seen(frame_of(codes, tags)), seen(frame_of(codes, Tags(PQ))))


def test_the_primaries_that_a_video_names_are_those_that_are_converted() -> None:
    codes = pq(flat((90.0, 30.0, 30.0)))
    redness = [
        np.ptp(seen(frame_of(codes, Tags(PQ, primaries=primaries)))[8, 8].astype(int))
        for primaries in (BT709, P3, BT2020)
    ]
    assert redness[0] + 5 < redness[1] < redness[2] - 5
    np.testing.assert_allclose(
        seen(frame_of(codes, Tags(PQ, primaries=BT709)))[8, 8], srgb(np.array([90, 30, 30]) / WHITE), atol=3
    )


@pytest.mark.parametrize("transfer", [1, 6, SDR_10, 15])
@pytest.mark.parametrize("colour", [name for name in COLOURS if name != "a lamp"])
def test_sdr_in_bt2020_shows_the_colours_that_bt709_would(transfer: int, colour: str) -> None:
    light = flat(COLOURS[colour])
    picture = seen(frame_of(srgb(light @ TO_BT2020.T) / 255, Tags(transfer)))
    assert np.abs(picture - srgb(light)).max() <= 12, "what a step of ten bits is in a component near 0"
    assert np.abs(picture - srgb(light)).mean() <= 5


@pytest.mark.parametrize("pix_fmt", ["yuv420p", "yuvj420p", "yuv422p10le", "gbrp", "gray"])
@pytest.mark.parametrize(
    "tags",
    [
        Tags(2, 2, 2),
        Tags(1, 1, 1),
        Tags(6, 6, 6),
        Tags(13, 1, 1),
        Tags(1, P3, 1),
        Tags(2, BT2020, 9),
        Tags(8, 1, 1),
    ],
)
def test_other_video_is_converted_as_it_is_coded(pix_fmt: str, tags: Tags) -> None:
    source = av.VideoFrame.from_ndarray(moving_texture(1, width=64, height=48)[0], "rgb24")
    frame = source.reformat(format=pix_fmt)
    tags.write(frame)
    for size in ((64, 48), (32, 24)):
        plain = frame.reformat(width=size[0], height=size[1], format="rgb24", interpolation="AREA")
        np.testing.assert_array_equal(seen(frame, max_pixels=size[0] * size[1]), plain.to_ndarray())
    assert as_sdr(frame, (32, 24)) is frame


def test_a_picture_can_be_as_small_as_a_pixel() -> None:
    frame = frame_of(pq(flat((100.0,) * 3)), Tags(PQ))
    assert seen(frame, max_pixels=1).shape == (1, 1, 3)
    assert np.abs(seen(frame, max_pixels=1) - as_seen(flat((100.0,) * 3))[0, 0]).max() <= 3


def test_hdr_is_turned_upright_as_other_video() -> None:
    codes = pq(np.concatenate([flat((100.0,) * 3), flat((5.0,) * 3)], axis=1))
    upright = to_rgb(frame_of(codes, Tags(PQ)), Geometry(16, 32, True, False, True), max_pixels=10**6)
    assert upright.shape == (32, 16, 3)
    assert upright[8, 8, 0] < upright[24, 8, 0]


@pytest.mark.parametrize("transfer", [PQ, HLG])
def test_a_frame_as_sdr_shows_the_same_picture(transfer: int) -> None:
    light = np.concatenate([flat(colour) * WHITE @ TO_BT2020.T for colour in COLOURS.values()], axis=1)
    frame = frame_of(ENCODE[transfer](light), Tags(transfer))
    converted = as_sdr(frame, (frame.width, frame.height))
    assert (converted.color_trc, converted.color_primaries, converted.colorspace) == (1, 1, 1)
    difference = np.abs(seen(converted).astype(int) - seen(frame))
    assert difference.max() <= 3, "rounded to eight bits once more"
    assert halved(frame, (80, 8)).width == 80


@pytest.mark.parametrize("transfer", [PQ, HLG])
def test_a_blend_of_raw_frames_says_what_their_codes_mean(transfer: int) -> None:
    blur = MotionBlur(np.array([0.5, 0.5]))
    for _ in range(2):
        blur.add(frame_of(ENCODE[transfer](flat((100.0,) * 3)), Tags(transfer)))
    blended = blur.frame((16, 16))
    assert (blended.color_trc, blended.color_primaries) == (transfer, BT2020)
    assert np.abs(seen(blended) - as_seen(flat((100.0,) * 3))).max() <= 4


def test_frames_of_another_chroma_size_are_not_blended_with_those_before() -> None:
    blur = MotionBlur(np.array([0.5, 0.5]))
    blur.add(frame_of(flat((0.2,) * 3), Tags(1, 1, 1), pix_fmt="yuv420p"))
    blur.add(frame_of(flat((0.8,) * 3), Tags(1, 1, 1), pix_fmt="yuv444p"))
    assert np.abs(seen(blur.frame((16, 16))) - 204.0).max() <= 2


@pytest.mark.parametrize("pix_fmt", ["yuv420p", "yuv420p10le"])
@pytest.mark.parametrize("transfer", [2, 1, PQ, HLG])
def test_luma_is_measured_as_it_is_coded(pix_fmt: str, transfer: int) -> None:
    rng = np.random.default_rng(0)
    codes = np.repeat(rng.random((48, 64, 1)), 3, axis=2)
    geometry = Geometry(64, 48, False, False, False)
    tagged = to_luma(frame_of(codes, Tags(transfer), pix_fmt=pix_fmt), geometry, size=(32, 24))
    plain = to_luma(frame_of(codes, Tags(2, 2), pix_fmt=pix_fmt), geometry, size=(32, 24))
    np.testing.assert_array_equal(tagged, plain)


@pytest.mark.parametrize("pix_fmt", ["yuv420p", "yuv420p10le"])
@pytest.mark.parametrize("transfer", [1, PQ])
@pytest.mark.parametrize("matrix", [3, 8, 10, 11, 12, 13, 14, 15, 16, 17])
def test_a_matrix_that_swscale_refuses_costs_no_picture(matrix: int, transfer: int, pix_fmt: str) -> None:
    frame = frame_of(flat((0.5,) * 3), Tags(transfer, matrix=matrix), pix_fmt=pix_fmt)
    geometry = Geometry(16, 16, False, False, False)
    known = frame_of(flat((0.5,) * 3), Tags(transfer, matrix=9), pix_fmt=pix_fmt)
    np.testing.assert_array_equal(seen(frame), seen(known))
    np.testing.assert_array_equal(
        to_luma(frame, geometry, size=(8, 8)), to_luma(known, geometry, size=(8, 8))
    )
    assert to_small_bgr(frame, size=(8, 8)).shape == (8, 8, 3)
    assert halved(frame, (8, 8)).width == 8
    blur = MotionBlur(np.ones(1))
    blur.add(frame)
    assert seen(blur.frame((8, 8))).shape == (8, 8, 3)
    assert (frame.colorspace, frame.color_trc) == (matrix, transfer), "the frame itself is left alone"


def test_hlg_codes_of_the_tests_are_those_of_the_standard() -> None:
    # ITU-R BT.2408, table 1: 203 cd/m2 are 75 % of HLG and 58 % of PQ; 26 cd/m2 are 38 % of both.
    np.testing.assert_allclose(hlg(np.full(3, 203.0)), 0.75, atol=0.002)
    np.testing.assert_allclose(pq(np.full(3, 203.0)), 0.58, atol=0.002)
    np.testing.assert_allclose(hlg(np.full(3, 26.0)), 0.38, atol=0.002)
    np.testing.assert_allclose(pq(np.full(3, 26.0)), 0.38, atol=0.002)
