"""Decoded clips packed, sent between pools, and unpacked."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime
from typing import Any

import apache_beam as beam
import numpy as np
import pytest
from apache_beam.coders.typecoders import registry
from apache_beam.runners.portability.fn_api_runner import translations
from apache_beam.runners.portability.fn_api_runner.fn_runner import FnApiRunner
from numpy.typing import NDArray

from motionsight_core import Clip, MotionRecord, Settings
from motionsight_core.catalog import split
from motionsight_core.clip import DecodedClip, FrameSequence
from motionsight_core.record import Failure
from motionsight_core.stores import list_objects
from motionsight_core.synthetic import render_catalog
from motionsight_core.video.decoding import decode, probe
from motionsight_core.video.packing import PackedClip, pack, unpack
from tests.core.mllm.scripted import ScriptedEndpoint, obliging
from transforms import AnnotateMotion
from transforms._pack import PackedClipCoder
from transforms.runners import local_options

GPU = "runtime.accelerator=type:nvidia-l4;count:1;install-nvidia-driver"
#: Of rendered scenes at 480x270, sampled and blurred frames together: 20 to 32 KB and 38 to 43 dB a
#: frame; filmed ones of 518x290 take 48 KB.
LARGEST_FRAME_BYTES = 60_000
LEAST_DB = 35.0


@pytest.fixture(scope="module")
def clips(tmp_path_factory: pytest.TempPathFactory) -> list[Clip]:
    folder = tmp_path_factory.mktemp("scenes")
    render_catalog(folder, count=3, seed=0)
    videos: Any = list(list_objects(str(folder)))
    return [clip for video in videos for clip in split(video, duration_s=probe(video))]


@pytest.fixture(scope="module")
def decoded(clips: list[Clip]) -> list[DecodedClip]:
    return [decode(clip) for clip in clips]


def sequences(*clips: DecodedClip) -> Iterator[FrameSequence]:
    for clip in clips:
        assert clip.sampled is not None
        assert clip.blurred is not None
        yield from (clip.sampled, clip.blurred)


def decibels(before: NDArray[np.uint8], after: NDArray[np.uint8]) -> float:
    """Peak signal-to-noise ratio."""
    return 10 * np.log10(255**2 / np.mean((before.astype(float) - after) ** 2))


def without_pixels(clip: DecodedClip) -> str:
    """All numbers of a clip but its pixels, to the last bit."""
    assert clip.motion is not None
    arrays = [value for value in vars_of(clip.motion.camera_path) if isinstance(value, np.ndarray)]
    arrays += [frames.times_s for frames in sequences(clip)]
    lossless = b"".join(array.tobytes() for array in arrays).hex()
    return f"{replace(clip, sampled=None, blurred=None)} {lossless}"


def vars_of(value: Any) -> list[Any]:
    return [getattr(value, name) for name in value.__dataclass_fields__]


def test_the_measurement_arrives_bit_for_bit_and_frames_nearly(decoded: list[DecodedClip]) -> None:
    for clip in decoded:
        arrived = unpack(pack(clip))
        assert without_pixels(arrived) == without_pixels(clip)
        for before, after in zip(sequences(clip), sequences(arrived), strict=True):
            assert before.pixels.shape == after.pixels.shape
            assert decibels(before.pixels, after.pixels) > LEAST_DB


def test_a_packed_clip_is_small(decoded: list[DecodedClip]) -> None:
    for clip in decoded:
        packed = pack(clip)
        frames = list(sequences(clip))
        assert len(packed.content) < LARGEST_FRAME_BYTES * sum(map(len, frames))
        assert len(packed.content) < 0.2 * sum(sequence.pixels.nbytes for sequence in frames)
        assert repr(packed) == f"PackedClip({len(packed.content)} bytes)"


def test_red_stays_red(decoded: list[DecodedClip]) -> None:
    red = np.zeros((1, 32, 48, 3), np.uint8)
    red[..., 0] = 255
    arrived = unpack(pack(replace(decoded[0], sampled=FrameSequence(red, np.zeros(1)))))
    assert arrived.sampled is not None
    assert np.abs(arrived.sampled.pixels.astype(int) - red).max() < 8


def test_a_clip_for_which_no_frames_were_asked_is_packed_too(clips: list[Clip]) -> None:
    measured = decode(clips[0], products=("motion",))
    packed = pack(measured)
    arrived = unpack(packed)
    assert (arrived.sampled, arrived.blurred) == (None, None)
    assert repr(arrived.motion) == repr(measured.motion)
    assert len(packed.content) < 100_000


def test_frames_longer_than_a_jpeg_may_be_arrive_all_the_same(decoded: list[DecodedClip]) -> None:
    rng = np.random.default_rng(0)
    strip = rng.integers(0, 256, (2, 2, 70_000, 3), np.uint8)
    arrived = unpack(pack(replace(decoded[0], sampled=FrameSequence(strip, np.zeros(2)))))
    assert arrived.sampled is not None
    assert np.array_equal(arrived.sampled.pixels, strip)


def test_many_threads_pack_and_unpack_at_once(decoded: list[DecodedClip]) -> None:
    alone = [pack(clip).content for clip in decoded]
    with ThreadPoolExecutor(8) as threads:
        together = list(threads.map(lambda clip: pack(unpack_twice(clip)).content, decoded * 4))
    assert [len(content) for content in together] == [len(content) for content in together[:3]] * 4
    assert [pack(clip).content for clip in decoded] == alone, "the same clip always packs to the same bytes"


def unpack_twice(clip: DecodedClip) -> DecodedClip:
    packed = pack(clip)
    unpack(packed)
    return unpack(packed)


def test_the_coder_is_the_bytes(decoded: list[DecodedClip]) -> None:
    import transforms._pack  # noqa: F401 - registers it

    coder = registry.get_coder(PackedClip)
    assert isinstance(coder, PackedClipCoder)
    packed = pack(decoded[0])
    assert coder.encode(packed) == packed.content
    assert coder.decode(packed.content) == packed
    assert coder.is_deterministic()
    assert coder.estimate_size(packed) == len(packed.content)


def damaged(content: bytes) -> Iterable[bytes]:
    yield b""
    yield b"MSPC"
    yield content[:40]
    yield content[:-1]
    yield content[: len(content) // 2]
    yield content[:4] + b"\xff" + content[5:]
    yield b"PK" + content[2:]
    header = json.dumps({"clip": None}).encode()
    yield content[:5] + len(header).to_bytes(4, "big") + header


def test_what_is_no_packed_clip_is_refused_with_a_sentence(decoded: list[DecodedClip]) -> None:
    for content in damaged(pack(decoded[0]).content):
        with pytest.raises(ValueError, match=r"packed clip"):
            unpack(PackedClip(content))


_found: list[MotionRecord | Failure] = []


def _note(row: MotionRecord | Failure) -> None:
    _found.append(row)


def rows(clips: list[Clip], settings: Settings) -> list[MotionRecord]:
    """What AnnotateMotion makes of the clips, in their order; none may fail."""
    _found.clear()
    pipeline = beam.Pipeline(runner=FnApiRunner(), options=local_options(settings))
    annotated: Any = pipeline | beam.Create(clips) | AnnotateMotion(settings, run_id="run")
    _ = (annotated.rows, annotated.failures) | beam.Flatten() | beam.Map(_note)
    pipeline.run().wait_until_finish()
    described = [row for row in _found if isinstance(row, MotionRecord)]
    assert len(described) == len(_found) == len(clips)
    order = [clip.clip_id for clip in clips]
    return sorted(described, key=lambda row: order.index(row.clip_id))


@pytest.mark.long
def test_rows_of_the_measured_annotator_are_the_same_through_packed_clips(clips: list[Clip]) -> None:
    def of(*overrides: str) -> list[MotionRecord]:
        found = rows(clips, Settings.load(environment={}, overrides=overrides))
        return [replace(row, annotated_at=datetime.min) for row in found]

    assert of(GPU) == of()


@pytest.fixture
def endpoint() -> Iterator[ScriptedEndpoint]:
    with ScriptedEndpoint() as running:
        running.answers = [obliging]
        yield running


@pytest.mark.long
def test_an_mllm_gets_its_frames_through_packed_clips(clips: list[Clip], endpoint: ScriptedEndpoint) -> None:
    chosen = Settings.load(
        environment={},
        overrides=[f"annotator={endpoint.settings().annotator}", "sampling.frames=4", GPU],
    )
    assert [row.object_motion for row in rows(clips, chosen)] == ["A ball rolls."] * len(clips)


def stages(settings: Settings) -> list[Any]:
    """The stages into which a runner fuses AnnotateMotion."""
    pipeline = beam.Pipeline(runner=FnApiRunner())
    _ = pipeline | beam.Create([]) | AnnotateMotion(settings)
    _, fused = translations.create_and_optimize_stages(
        pipeline.to_runner_api(),
        phases=[translations.expand_sdf, translations.greedily_fuse],
        known_runner_urns=frozenset(["beam:transform:impulse:v1", "beam:transform:group_by_key:v1"]),
    )
    return fused


def test_decoding_and_describing_are_not_fused_and_only_describing_asks_for_a_gpu() -> None:
    settings = Settings.load(environment={}, overrides=[GPU])
    context: dict[str, str] = {}
    for number, stage in enumerate(stages(settings)):
        for transform in stage.transforms:
            for part in ("DecodeOnce", "PackFrames", "UnpackFrames", "BatchElements", "BeamML_RunInference"):
                if part in transform.unique_name:
                    context[part] = f"{number} {stage.environment}"
    assert context["DecodeOnce"] == context["PackFrames"], "raw frames stay in the process"
    assert context["UnpackFrames"] == context["BatchElements"] == context["BeamML_RunInference"]
    assert context["DecodeOnce"] != context["UnpackFrames"]


def test_without_an_accelerator_nothing_is_packed() -> None:
    names = [part.unique_name for stage in stages(Settings.load(environment={})) for part in stage.transforms]
    assert not any("PackFrames" in name for name in names)
