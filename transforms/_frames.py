"""How large decoded clips are: Beam asks at every step, and would pickle the frames to learn it."""

from __future__ import annotations

import pickle
from collections.abc import Sequence
from typing import Any

import apache_beam as beam
from apache_beam.coders import Coder, registry

from motionsight_core.clip import DecodedClip
from motionsight_core.evaluation.work import DecodedQuestions


def bytes_of(clips: Sequence[DecodedClip]) -> int:
    """Bytes of pixels."""
    sequences = [frames for clip in clips for frames in (clip.sampled, clip.blurred)]
    return sum(frames.pixels.nbytes for frames in sequences if frames is not None)


def sized(step: beam.ParDo, gives: Any) -> beam.ParDo:
    """A step whose output's type is known, so that Beam finds the coder, and with it the size.

    Args:
        step: a ParDo or Map.
        gives: the type of its main output: DecodedClip, DecodedQuestions, or a tuple that has one.
    """
    return step.with_output_types(gives)


class DecodedClipCoder(Coder):
    """Pickle, and a size that is read off. Frames that leave a process are packed first."""

    def encode(self, value: Any) -> bytes:
        return pickle.dumps(value, pickle.HIGHEST_PROTOCOL)

    def decode(self, encoded: bytes) -> Any:
        return pickle.loads(encoded)  # noqa: S301 - this pipeline's own bytes

    def estimate_size(self, value: Any) -> int:
        return bytes_of([value])

    def to_type_hint(self) -> Any:
        return DecodedClip

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other)

    def __hash__(self) -> int:
        return hash(type(self))


class DecodedQuestionsCoder(DecodedClipCoder):
    """The same of a clip with its questions."""

    def estimate_size(self, value: DecodedQuestions) -> int:
        return bytes_of([value.decoded])

    def to_type_hint(self) -> Any:
        return DecodedQuestions


registry.register_coder(DecodedClip, DecodedClipCoder)
registry.register_coder(DecodedQuestions, DecodedQuestionsCoder)
