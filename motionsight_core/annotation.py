"""What the method finds out about one clip, from its decode to its row."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import TypeAlias, cast

import numpy as np
from numpy.typing import NDArray

from motionsight_core.annotator import Annotator
from motionsight_core.catalog import Clip
from motionsight_core.clip import DecodedClip, FrameSequence
from motionsight_core.dialogue.agreement import camera_agreement
from motionsight_core.errors import AnnotatorFailed, ClipError, RunError, UsageError
from motionsight_core.measure import MotionMeasurement
from motionsight_core.mllm import Conversation
from motionsight_core.questions import Aspect, Kind, Query, parts_of
from motionsight_core.record import Exchange, Failure, FailureStage, InstanceRecord, MotionRecord, ObjectTrack
from motionsight_core.referring import Referred

#: `notes` of a row: what did not go as it should, in stable words to filter by.
NAMES_UNREADABLE = "names_unreadable"
"""The reply that names the objects could not be read twice; the measured regions took their place."""
OBJECTS_NOT_FOUND = "objects_not_found"
"""The detector found none of the named objects; the whole frame was shown."""
DESCRIPTION_CUT = "description_cut"
"""A description was cut at mllm.max_new_tokens."""
NAMES_LEFT_OUT = "names_left_out"
"""Tracks have no names: the packaged detector cannot be used, see `motionsight doctor`."""

CAPTIONS_INCOMPLETE = "captions_incomplete"
"""Of some objects the multimodal LLM gave no usable caption, or no verdict on it; see `instances`."""


#: Told what a batch cost: `prompt_tokens`, `completion_tokens`, and `<step>_s` in seconds.
Observer: TypeAlias = Callable[[str, float], None]


@dataclass(frozen=True, slots=True)
class Asked:
    """A question about a clip."""

    clip: Clip | DecodedClip
    query: Query


@dataclass(frozen=True, slots=True)
class Answer:
    """The answer to one question about one clip."""

    question: str
    text: str
    """Of a multiple choice, the chosen option; the reply where it chooses none."""
    aspect: Aspect
    """What the question was taken to be about."""
    choice: int | None = None
    """Position of the chosen option; None for a free question, or where the reply chooses none or several."""
    object_names: tuple[str, ...] = ()
    """What was looked for, where the question is about objects."""
    notes: tuple[str, ...] = ()
    """As in a row of `motion`."""
    evidence: str = ""
    """What an option was chosen by, where that is the measurement: one sentence."""
    reply: str = ""
    """What was said, word for word, before any rule read it; the letter where the measurement chose."""


@dataclass(frozen=True, slots=True)
class Caption:
    """What is said of one track."""

    track_id: int
    appearance: str
    """A noun phrase, such as "a brown dog"."""
    motion: str
    """What it does, in a sentence."""
    checked: bool
    """Whether both are right, and of this track alone."""


#: Told a question's answer, or why there is none.
OnAnswer: TypeAlias = Callable[[Answer | ClipError], None]


@dataclass(eq=False)
class Annotation:
    """One clip under annotation. Steps fill it in; one that fails leaves its error."""

    clip: Clip
    _decoded: DecodedClip | None = None
    """None where decoding failed."""
    names: tuple[str, ...] = ()
    """What object referring looks for."""
    referred: tuple[Referred, ...] = ()
    """The acting objects with their trajectories (eq. 2)."""
    tracks: tuple[ObjectTrack, ...] = ()
    """The same as a row holds them."""
    regions: NDArray[np.float64] = field(default_factory=lambda: np.empty((0, 4)))
    """[T, 4] the focus regions (eq. 3)."""
    shown: dict[object, FrameSequence] = field(default_factory=dict)
    """Frames under prompts, by what makes them the same; questions about one clip share them."""
    object_motion: str = ""
    camera_motion: str = ""
    captions: tuple[Caption, ...] = ()
    """Of single tracks, where they are asked for."""
    notes: list[str] = field(default_factory=list)
    dialogue: list[Exchange] = field(default_factory=list)
    """What was asked of the MLLM and what it replied, where that is kept."""
    query: Query | None = None
    """What is asked about the clip; None where it is described."""
    aspect: Aspect = "both"
    """What that question is about."""
    kind: Kind | None = None
    """Its kind, where the settings prompt by kind."""
    conversation: Conversation = ()
    """In which it was asked."""
    answer: Answer | None = None
    on_answer: OnAnswer | None = None
    """Told the answer, or the error, as soon as it is there."""
    error: ClipError | None = None
    stage: FailureStage = "caption"
    """Where the error happened."""

    def about(self, query: Query) -> Annotation:
        """Another one of the same clip, for a question about it."""
        return replace(self, query=query, notes=list(self.notes), dialogue=[])

    def shown_by(self, prompt: str) -> object:
        """What makes two prompted sequences of this clip the same: the prompt, and where objects are."""
        masks = [id(mask) for one in self.referred for mask in one.trajectory.masks if mask is not None]
        boxes = [one.trajectory.boxes.tobytes() for one in self.referred]
        return prompt, self.regions.tobytes(), tuple(boxes), tuple(masks)

    def timed(self, frames: FrameSequence, *, relative_times: bool) -> FrameSequence:
        """Frames of this clip as prompts show them, with `mllm.relative_times` as parts of the clip."""
        return replace(frames, within_s=(self.clip.start_s, self.clip.end_s)) if relative_times else frames

    def failed(self, stage: FailureStage, error: ClipError) -> Annotation:
        """This clip goes no further."""
        self.stage, self.error = stage, error
        if self.on_answer is not None:
            self.on_answer(error)
        return self

    def answered_with(self, answer: Answer) -> None:
        """The question has its answer."""
        self.answer = answer
        if self.on_answer is not None:
            self.on_answer(answer)

    def checked(self) -> Annotation:
        """Itself, or what went wrong with it.

        Raises:
            ClipError: it failed.
        """
        if self.error is not None:
            raise self.error
        return self

    def note(self, word: str) -> None:
        """Say something of the row, once."""
        if word not in self.notes:
            self.notes.append(word)

    @property
    def decoded(self) -> DecodedClip:
        """The decoded clip.

        Raises:
            ValueError: it could not be decoded.
        """
        if self._decoded is None:
            raise ValueError("the clip is not decoded")
        return self._decoded

    @property
    def motion(self) -> MotionMeasurement:
        """The measurement.

        Raises:
            ValueError: the clip was decoded without it.
        """
        if self.decoded.motion is None:
            raise ValueError("the clip was decoded without its measurement; ask for the product 'motion'")
        return self.decoded.motion

    def measured(self, motion: MotionMeasurement) -> None:
        """Take another measurement in the place of the decode's."""
        self._decoded = replace(self.decoded, motion=motion)

    @property
    def sampled(self) -> FrameSequence:
        """V_s at the size that objects are looked for.

        Raises:
            ValueError: the clip was decoded without.
        """
        if self.decoded.sampled is None:
            raise ValueError("the clip was decoded without sampled frames; ask for the product 'sampled'")
        return self.decoded.sampled

    @property
    def row_tracks(self) -> tuple[ObjectTrack, ...]:
        """The tracks as the row has them: of the acting objects, else the measured ones."""
        return self.tracks or self.motion.tracks

    @property
    def asked(self) -> Query:
        """The question.

        Raises:
            ValueError: the clip is described, and nothing is asked.
        """
        if self.query is None:
            raise ValueError("nothing is asked about the clip")
        return self.query

    def told(self) -> Answer:
        """The descriptions of the question's aspect, as the answer to a question that no model has read."""
        texts = {"object": self.object_motion, "camera": self.camera_motion}
        text = " ".join(texts[part] for part in parts_of(self.aspect))
        return Answer(self.asked.text, text, self.aspect, reply=text)

    def answered(self) -> Answer | ClipError:
        """The answer, or what went wrong."""
        if self.error is None and self.answer is None:
            self.failed("caption", AnnotatorFailed("The question was not answered."))
        return self.error or cast("Answer", self.answer)

    def row(self, *, annotator: Annotator, recipe: str, run_id: str) -> MotionRecord | Failure:
        """The row of `motion`, or of `failures` where something went wrong."""
        if self.error is None:
            try:
                return self._record(annotator=annotator, recipe=recipe, run_id=run_id)
            except ValueError as error:
                self.failed("caption", reason_of(error))
        assert self.error is not None  # noqa: S101
        return Failure.of_clip(self.error, self.clip, stage=self.stage, recipe=recipe, run_id=run_id)

    def instances(self, row: MotionRecord) -> tuple[InstanceRecord, ...]:
        """The rows of `instances` that belong to the clip's row."""
        return tuple(
            InstanceRecord(
                clip_id=row.clip_id,
                recipe=row.recipe,
                uri=row.uri,
                track_id=caption.track_id,
                appearance=caption.appearance,
                motion=caption.motion,
                checked=caption.checked,
                run_id=row.run_id,
                written_at=row.annotated_at,
            )
            for caption in self.captions
        )

    def _record(self, *, annotator: Annotator, recipe: str, run_id: str) -> MotionRecord:
        clip, decoded, motion = self.clip, self.decoded, self.motion
        tracks = self.row_tracks
        recognised = tuple(dict.fromkeys(name.name for name in motion.names))
        if motion.names_left_out:
            self.note(NAMES_LEFT_OUT)
        told = not annotator.is_measured  # a text written from the measurement agrees with it of course
        are_measured = tracks == motion.tracks
        return MotionRecord(
            clip_id=clip.clip_id,
            recipe=recipe,
            uri=clip.uri,
            version=clip.version,
            start_s=clip.start_s,
            end_s=clip.end_s,
            width=decoded.width,
            height=decoded.height,
            fps=round(decoded.fps, 3),
            codec=decoded.codec,
            object_motion=self.object_motion,
            camera_motion=self.camera_motion,
            object_names=recognised if annotator.is_measured else self.names,
            camera_moves=motion.camera_moves,
            steadiness=motion.steadiness,
            cuts=motion.cuts,
            object_tracks=tracks,
            motion_score=motion.motion_score,
            clarity=motion.clarity,
            annotator=annotator.name,
            run_id=run_id,
            annotated_at=datetime.now(UTC),
            camera_agreement=camera_agreement(self.camera_motion, motion.camera_moves) if told else None,
            notes=(*decoded.notes, *self.notes),
            dialogue=tuple(self.dialogue),
            track_names=motion.names if are_measured else (),
            repetitions=motion.repetitions if are_measured else (),
            dissolves=motion.dissolves,
            objects_at_once=motion.objects_at_once if are_measured else None,
            objects_in_all=motion.objects_in_all if are_measured else None,
        )


@dataclass(frozen=True, slots=True)
class Described:
    """What became of one clip."""

    row: MotionRecord | Failure
    instances: tuple[InstanceRecord, ...] = ()
    """Captions of single objects, where there are any; none beside a failure."""


#: `stage` of what a step raises; "caption" of the others.
_STAGES: dict[str, FailureStage] = {
    "_name_tracks": "refer",
    "_name_objects": "refer",
    "_refer": "refer",
}

#: Annotations that go through the steps together.
Batch: TypeAlias = Sequence[Annotation]


def reason_of(error: Exception) -> ClipError:
    """What a Failure row says of an exception: the type and message are what is left of a defect."""
    return error if isinstance(error, ClipError) else AnnotatorFailed(f"{type(error).__name__}: {error}")


def take(step: Callable[[Batch], None], batch: Batch, observe: Observer) -> None:
    """Take one step with all of a batch that have neither failed nor been answered.

    A step that raises is taken clip by clip, so that one clip's defect costs one clip.

    Raises:
        RunError, UsageError: no clip can be described, for example because a model is missing.
    """
    left = [annotation for annotation in batch if annotation.error is None and annotation.answer is None]
    if not left:
        return
    started = time.perf_counter()
    try:
        step(left)
    except (RunError, UsageError):
        raise
    except Exception as error:
        if len(left) == 1:
            left[0].failed(_STAGES.get(step.__name__, "caption"), reason_of(error))
        for annotation in left if len(left) > 1 else ():
            take(step, [annotation], observe)
    else:
        observe(f"{step.__name__.strip('_')}_s", time.perf_counter() - started)
