"""How decoded clips cross from workers that decode to those with models: packed, over one shuffle."""

from __future__ import annotations

import random
from typing import Any

import apache_beam as beam
from apache_beam.coders import Coder, registry
from apache_beam.transforms.util import ReshufflePerKey

from motionsight_core.clip import DecodedClip
from motionsight_core.video.packing import PackedClip, pack, unpack
from transforms._frames import sized


class PackedClipCoder(Coder):
    """A packed clip is its bytes; nothing is pickled."""

    def encode(self, value: PackedClip) -> bytes:
        return value.content

    def decode(self, encoded: bytes) -> PackedClip:
        return PackedClip(encoded)

    def is_deterministic(self) -> bool:
        return True

    def estimate_size(self, value: PackedClip) -> int:
        return len(value.content)

    def to_type_hint(self) -> type[PackedClip]:
        return PackedClip

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other)

    def __hash__(self) -> int:
        return hash(type(self))


registry.register_coder(PackedClip, PackedClipCoder)


class PackFrames(beam.PTransform):
    """PCollection[DecodedClip] -> PCollection[tuple[int, PackedClip]], with random keys to be shuffled by.

    The keys are given here, not by the shuffle, so that nothing stands between decoding and packing
    but the call of a function: raw frames never leave the process.
    """

    def expand(self, pcoll: beam.PCollection[DecodedClip]) -> beam.PCollection[tuple[int, PackedClip]]:
        packed: Any = pcoll | "Pack" >> beam.Map(_with_key).with_output_types(tuple[int, PackedClip])
        return packed


class UnpackFrames(beam.PTransform):
    """PCollection[tuple[int, PackedClip]] -> PCollection[DecodedClip]."""

    def expand(self, pcoll: beam.PCollection[tuple[int, PackedClip]]) -> beam.PCollection[DecodedClip]:
        unpacked: Any = pcoll | "Unpack" >> sized(beam.MapTuple(_without_key), DecodedClip)
        return unpacked


class WithAccelerator(beam.PTransform):
    """A step with models on workers of their own, which have an accelerator; those that decode need none.

    Steps that no shuffle parts are fused and run on the same worker, so one stands between, and the
    frames cross it packed.

    Args:
        step: what runs there.
        accelerator: Beam's resource hint.
        pack: what crosses, with random keys to be shuffled by.
        unpack: undoes it.
    """

    def __init__(
        self, step: beam.PTransform, accelerator: str, *, pack: beam.PTransform, unpack: beam.PTransform
    ) -> None:
        super().__init__()
        self._step, self._accelerator = step, accelerator
        self._pack, self._unpack = pack, unpack

    def expand(self, pcoll: beam.PCollection[Any]) -> beam.PCollection[Any]:
        done: Any = (
            pcoll
            | "PackFrames" >> self._pack
            | "ToModels" >> ReshufflePerKey()
            | "UnpackFrames" >> self._unpack.with_resource_hints(accelerator=self._accelerator)
            | "RunInference" >> self._step.with_resource_hints(accelerator=self._accelerator)
        )
        return done


def _with_key(decoded: DecodedClip) -> tuple[int, PackedClip]:
    return random.getrandbits(32), pack(decoded)


def _without_key(key: int, packed: PackedClip) -> DecodedClip:
    return unpack(packed)
