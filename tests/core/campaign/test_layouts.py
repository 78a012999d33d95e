"""Whatever PyAV can write is described as a plain decode of the whole file finds it."""

from __future__ import annotations

import math
import random
from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from motionsight_core.catalog import Clip, VideoObject, split
from motionsight_core.clip import ALL_PRODUCTS, Product
from motionsight_core.guarded.pool import DecoderPool
from motionsight_core.settings import Settings
from motionsight_core.stores import list_objects
from motionsight_core.video.decoding import decode, probe
from motionsight_core.video.indexing import index_frames
from tests.core.campaign.layouts import PAIRS, Layout
from tests.core.campaign.reference import FullDecode, full_decode
from tests.core.campaign.structures import PICTURES, STRUCTURES
from tests.core.campaign.writing import write

#: All frames of the campaign's files are sampled.
SETTINGS = Settings.load(overrides=["sampling.frames=1024", "runtime.decode_processes=1"], environment={})


#: One in so many of each group of structures is in the short form.
ONE_IN = 16


def params(layouts: Sequence[Layout], *, first: Collection[Layout]) -> list[Any]:
    """All layouts as a test's parameters; those that are not among the first are left to the long form."""
    chosen = {layout.name for layout in first}
    return [
        pytest.param(layout, id=layout.name, marks=[] if layout.name in chosen else [pytest.mark.long])
        for layout in layouts
    ]


def covering(pairs: Sequence[Layout]) -> list[Layout]:
    """Few pairs in which each container and each encoder occurs."""
    chosen: list[Layout] = []
    shuffled = random.Random(0).sample(pairs, len(pairs))
    for enough in (all, any):  # what brings both comes before what brings one of them
        for pair in shuffled:
            brings = (
                all(pair.muxer != other.muxer for other in chosen),
                all(pair.encoder != other.encoder for other in chosen),
            )
            if enough(brings):
                chosen.append(pair)
    return chosen


def params_of_groups(groups: Mapping[str, Sequence[Layout]]) -> list[Any]:
    """The parameters of all groups; of each, one layout in `ONE_IN` is among the first."""
    sample = random.Random(0).sample
    return [
        param
        for group in groups.values()
        for param in params(group, first=sample(group, len(group) // ONE_IN))
    ]


@pytest.fixture(scope="module")
def decoder() -> Iterator[DecoderPool]:
    with DecoderPool(SETTINGS) as decoder:
        yield decoder


@pytest.mark.parametrize("layout", params(PAIRS, first=covering(PAIRS)))
def test_every_encoder_in_every_container(layout: Layout, decoder: DecoderPool, tmp_path: Path) -> None:
    check(layout, decoder, tmp_path)


@pytest.mark.parametrize("layout", params_of_groups(STRUCTURES))
def test_every_structure(layout: Layout, decoder: DecoderPool, tmp_path: Path) -> None:
    check(layout, decoder, tmp_path)


@pytest.mark.parametrize("layout", params_of_groups(PICTURES))
def test_every_kind_of_picture(layout: Layout, decoder: DecoderPool, tmp_path: Path) -> None:
    check(layout, decoder, tmp_path, products=ALL_PRODUCTS)


def check(
    layout: Layout,
    decoder: DecoderPool,
    folder: Path,
    *,
    products: Collection[Product] = ("sampled", "blurred"),
) -> None:
    """Compare all that is found out about a layout's file with a full decode of it.

    Args:
        products: what is asked for behind the guard.
    """
    path = write(layout, folder)
    truth = full_decode(path, video=layout.video, without_times=layout.without_times)
    assert len(truth.frames) == layout.shown_count, "the file holds what was written"
    (video,) = list_objects(str(path))
    assert isinstance(video, VideoObject)

    with path.open("rb") as file:
        index = index_frames(file, SETTINGS.limits)
    assert index.times_s == pytest.approx(truth.times_s, abs=1e-6)
    assert any(
        index.duration_s == pytest.approx(right_s, abs=layout.end_tolerance_s)
        for right_s in _right_durations(layout, truth)
    ), (index.duration_s, _right_durations(layout, truth))

    duration_s = probe(video, SETTINGS)
    assert duration_s == index.duration_s
    (clip,) = split(video, duration_s=duration_s)
    whole = decode(clip, SETTINGS, products=("sampled",))
    assert whole.lost_frames == 0
    assert (whole.width, whole.height) == layout.shown_size
    assert whole.fps == pytest.approx(len(truth.frames) / duration_s)
    assert whole.sampled is not None
    assert whole.sampled.times_s == pytest.approx(truth.times_s, abs=1e-6)
    check_pictures(whole.sampled.pixels, truth, layout)
    check_window(video, whole.sampled.pixels, truth)

    assert decoder.probe(video) == duration_s
    guarded = decoder.decode(clip, products=products)
    assert guarded.sampled is not None
    assert (guarded.width, guarded.height, guarded.fps) == (whole.width, whole.height, whole.fps)
    assert guarded.lost_frames == 0
    assert guarded.codec == whole.codec
    assert np.array_equal(guarded.sampled.times_s, whole.sampled.times_s)
    assert np.array_equal(guarded.sampled.pixels, whole.sampled.pixels)


def _right_durations(layout: Layout, truth: FullDecode) -> list[float]:
    """What a full decode finds; or better, what was written, where packets do not say how long they last."""
    changed = layout.shown is not None or layout.change is not None or layout.muxer_options
    return [truth.duration_s] if changed else [truth.duration_s, layout.written_s]


def check_pictures(pixels: NDArray[np.uint8], truth: FullDecode, layout: Layout) -> None:
    """The first, middle and last frames show what the full decode shows, the right way up."""
    count, height, width, _ = pixels.shape
    assert (width, height) == layout.shown_size
    for number in (0, count // 2, count - 1):
        frame = truth.frames[number]
        expected = np.rot90(frame.to_ndarray(format="rgb24", threads=1), k=layout.rotation // 90)
        expected = cv2.resize(expected, (width, height), interpolation=cv2.INTER_AREA)
        difference = np.abs(pixels[number].astype(int) - expected)
        assert difference.mean() < 12, f"frame {number}"


def check_window(video: VideoObject, pixels: NDArray[np.uint8], truth: FullDecode) -> None:
    """A window behind the middle, and two frames of it, are bit for bit those of the whole."""
    count = len(pixels)
    first = 2 * count // 3
    last = max(first + 1, 5 * count // 6)
    bounds = [*truth.times_s, truth.duration_s]
    start_s, end_s = (math.floor(bounds[number] * 1000) / 1000 for number in (first, last))
    clip = Clip(video.uri, video.version, start_s, end_s)
    few = Settings.layered(SETTINGS.model_dump(), {"sampling": {"frames": 2}})
    for settings, numbers in ((SETTINGS, range(first, last)), (few, {first, last - 1})):
        window = decode(clip, settings, products=("sampled",)).sampled
        assert window is not None
        assert window.times_s == pytest.approx(truth.times_s[sorted(numbers)], abs=1e-6)
        assert np.array_equal(window.pixels, pixels[sorted(numbers)])
