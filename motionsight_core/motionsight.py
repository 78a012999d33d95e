"""MotionSight: what moves in a clip and how its camera moves (arXiv 2506.01674, section 3).

Top to bottom this file is section 3: decoupling (3.1); object referring (eq. 2), action focusing (eq. 3)
and the visual spotlight (3.2); motion blur (3.3, eq. 5, made while decoding); the dialogue (3.4). Each
step takes the annotations of a batch and fills in one thing.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Collection, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial

from motionsight_core import dialogue
from motionsight_core.annotation import (
    NAMES_UNREADABLE,
    OBJECTS_NOT_FOUND,
    Annotation,
    Answer,
    Asked,
    Batch,
    Described,
    Observer,
    reason_of,
    take,
)
from motionsight_core.annotator import Annotator
from motionsight_core.asking import Interview, answer_by_measurement
from motionsight_core.catalog import Clip
from motionsight_core.clip import DecodedClip, FrameSequence, Product
from motionsight_core.dialogue import EvidencePart
from motionsight_core.errors import BadReply, ClipError, Undecided
from motionsight_core.guarded.pool import shared_decoder
from motionsight_core.instances.captioning import InstanceCaptions
from motionsight_core.instances.choice import chosen_tracks
from motionsight_core.instances.measured import measured_captions
from motionsight_core.measure.narrate import describe_camera, describe_objects
from motionsight_core.mllm import Conversation, Part
from motionsight_core.models.loaded import Models, compares_instances, require_models, shared_models
from motionsight_core.naming.choice import is_loaded
from motionsight_core.naming.loaded import name_tracks
from motionsight_core.prompts import as_shown, needs, prompted_frames, uses_objects
from motionsight_core.questions import (
    Query,
    aspect_by_words,
    aspect_of_reply,
    kind_by_words,
    kind_of_reply,
)
from motionsight_core.record import Failure, MotionRecord
from motionsight_core.referring import (
    Detector,
    MeasuredDetector,
    MeasuredTracker,
    Tracker,
    refer,
    to_object_tracks,
)
from motionsight_core.referring.focus import focus_regions
from motionsight_core.settings import Settings


class MotionSight:
    """Annotates clips, and answers questions about them, as the settings say.

    Args:
        settings: the paper's values with the measured annotator, if unset.
        run_id: of the rows; a new one if unset.
        models: ready ones; if unset those of this process, loaded when they are first needed.
        observe: told the cost of each step.

    Raises:
        UsageError: `settings.annotator` or `settings.naming.model` is not one that there is.
    """

    def __init__(
        self,
        settings: Settings | None = None,
        *,
        run_id: str | None = None,
        models: Models | None = None,
        observe: Observer | None = None,
    ) -> None:
        self.settings = settings or Settings()
        self.run_id = run_id or uuid.uuid4().hex
        self.annotator = Annotator.parse(self.settings.annotator)
        self._recipe = self.settings.recipe()
        self._models = models or shared_models(self.settings)
        self._observe: Observer = observe or (lambda name, amount: None)
        self._interview = Interview(self._models, self._observe, keep=self.settings.runtime.keep_dialogue)

    def require_models(self) -> None:
        """Make sure, without loading weights, that the models are there or the endpoint answers.

        Raises:
            ModelMissing: one is not; the sentence says where it was looked for and how to get it.
            RunError: the endpoint does not answer.
        """
        require_models(self.settings)

    def load_models(self) -> None:
        """Load every model now that would be loaded when it is first needed.

        Raises:
            ModelMissing: one is not on this machine, or cannot be loaded.
        """
        if self._names_here:
            _ = self._models.namer
        if self.annotator.is_measured:
            return
        prompts = self.settings.prompts.named()
        _ = self._models.mllm
        if self._refers(prompts):
            _ = self._models.detector, self._models.tracker
        if "pose" in prompts:
            _ = self._models.pose
        if compares_instances(self.settings):
            _ = self._models.similarity

    def describe(self, clips: Sequence[Clip | DecodedClip]) -> list[MotionRecord | Failure]:
        """One record or failure per clip, in order; never raises for one clip.

        Clips are decoded first, in guarded processes side by side; a DecodedClip is taken as it is.

        Raises:
            ModelMissing: a model is not on this machine, so that no clip can be described.
        """
        return [described.row for described in self.describe_with_instances(clips)]

    def describe_with_instances(self, clips: Sequence[Clip | DecodedClip]) -> list[Described]:
        """As `describe`, with the captions of single objects beside each row (`instances.captions`).

        Raises:
            ModelMissing: a model is not on this machine, so that no clip can be described.
        """
        with ThreadPoolExecutor(self.settings.runtime.decode_processes) as threads:
            batch = list(threads.map(partial(self._decoded, products=self.products), clips))
        steps = [self._narrate]
        if not self.annotator.is_measured:
            steps = [self._caption_objects, self._caption_camera]
            if self._refers(self.settings.prompts.shown("both")):
                steps = [self._name_objects, self._refer, *steps]
        if self._names_here:
            steps = [self._name_tracks, *steps]
        if self.settings.captions_instances:
            steps.append(self._caption_instances)
        for step in steps:
            take(step, batch, self._observe)
        return [self._described(one) for one in batch]

    def _described(self, annotation: Annotation) -> Described:
        row = annotation.row(annotator=self.annotator, recipe=self._recipe, run_id=self.run_id)
        return Described(row, annotation.instances(row) if isinstance(row, MotionRecord) else ())

    def answer(self, clip: Clip | DecodedClip, question: str, options: Sequence[str] = ()) -> Answer:
        """The answer to one question about one clip: decouple, prompt the frames it needs, ask.

        Args:
            clip: decoded in a guarded process, if it is not yet.
            question: in plain words.
            options: of a multiple choice, 2 to 26; a free question if empty.

        Raises:
            ClipError: the clip cannot be decoded, or the reply cannot be used.
            Undecided: a ClipError; the annotator is `measured`, and what was measured decides for no option.
            UsageError: for the measured annotator, fewer than 2 options or more than 26.
        """
        annotation = self._answered(clip, Query(question, tuple(options)))
        answer = annotation.checked().answer or annotation.told()
        if options and answer.choice is None:
            choice = self._interview.choice_again(annotation.conversation, answer.reply, options)
            return replace(answer, choice=choice, text=options[choice])
        return answer

    def reply(self, clip: Clip | DecodedClip, question: str) -> Answer:
        """What the MLLM says to a question that itself states the form of its answer, as benchmarks' do.

        As `answer`, but nothing is added to the question's words, and no option is looked for in the reply.

        Raises:
            ClipError: the clip cannot be decoded, or the reply cannot be used.
            UsageError: the annotator is `measured`, which writes no replies.
        """
        _ = self.annotator.backend
        annotation = self._answered(clip, Query(question, is_verbatim=True))
        return annotation.checked().answer or annotation.told()

    def _answered(self, clip: Clip | DecodedClip, query: Query) -> Annotation:
        (annotation,) = self._asked_about([Asked(clip, query)])
        self._reach_answers([annotation])
        return annotation

    def answers(
        self,
        asked: Sequence[Asked],
        *,
        on_answer: Callable[[int, Answer | ClipError], None] = lambda position, answer: None,
    ) -> list[Answer | ClipError]:
        """One answer or error per question, in order; never raises for one question.

        Each clip is decoded once, however many questions there are about it, and each question is asked
        once: an answer whose reply chooses no option has no choice.

        Args:
            asked: the questions, each with its clip.
            on_answer: called with a question's position and its answer or error once that is known, in the
                order in which replies come; from this thread.

        Raises:
            ModelMissing: a model is not on this machine, so that nothing can be answered.
            UsageError: the model cannot be asked as the settings say.
        """
        batch = self._asked_about(asked)
        told: set[int] = set()

        def tell(position: int, answer: Answer | ClipError) -> None:
            if position not in told:
                told.add(position)
                on_answer(position, answer)

        for position, annotation in enumerate(batch):
            annotation.on_answer = partial(tell, position)
        self._reach_answers(batch)
        answers = [annotation.answered() for annotation in batch]
        for position, answer in enumerate(answers):  # those whose clip could not be decoded
            tell(position, answer)
        return answers

    def _asked_about(self, asked: Sequence[Asked]) -> list[Annotation]:
        """An annotation per question; those about one clip share its frames and the names of its tracks."""
        clips = {_identity(one.clip): one.clip for one in asked}
        wanted: dict[object, set[Product]] = {clip: set() for clip in clips}
        for one in asked:
            wanted[_identity(one.clip)].update(self.products_for(one.query))
        with ThreadPoolExecutor(self.settings.runtime.decode_processes) as threads:
            found = threads.map(self._decoded, clips.values(), wanted.values())
            decoded = dict(zip(clips, found, strict=True))
        if self._names_here:
            take(self._name_tracks, list(decoded.values()), self._observe)
        return [decoded[_identity(one.clip)].about(one.query) for one in asked]

    def _reach_answers(self, batch: Batch) -> None:
        if self.annotator.is_measured:
            take(self._choose, batch, self._observe)
            return
        take(self._decouple, batch, self._observe)
        acting = [one for one in batch if one.error is None and self._refers(self._prompts(one))]
        for step, those in ((self._name_objects, acting), (self._refer, acting), (self._ask, batch)):
            take(step, those, self._observe)

    # Decoding, which makes the motion blur on its way (section 3.3, eq. 5) ------------------------------

    @property
    def products(self) -> tuple[Product, ...]:
        """What a decode must give for a row: the measurement, and the frames that its prompts are made of."""
        # Objects are looked for in the sampled frames.
        found_in: set[Product] = {"sampled"} if self._names_here else set()
        if self.annotator.is_measured:
            return ("motion", *found_in)
        prompts = self.settings.prompts.shown("both")
        if self._refers(prompts) or self.settings.captions_instances:
            found_in.add("sampled")
        return ("motion", *sorted(found_in.union(*map(needs, prompts))))

    def products_for(self, query: Query) -> tuple[Product, ...]:
        """What a decode must give for one question: often less than for all, above all no measurement."""
        settings = self.settings
        if self.annotator.is_measured or self._names_here:
            return self.products
        decided = query.aspect is not None and not settings.prompts.by_kind
        prompts = settings.prompts.shown(query.aspect or "both") if decided else settings.prompts.named()
        found: set[Product] = set().union(*map(needs, prompts))
        if self._refers(prompts):  # measured regions take the place of names that cannot be read
            found |= {"sampled", "motion"}
        if settings.prompts.evidence_about:
            found.add("motion")
        return tuple(sorted(found))

    def _decoded(self, clip: Clip | DecodedClip, products: Collection[Product]) -> Annotation:
        if isinstance(clip, DecodedClip):
            return Annotation(clip.clip, clip)
        try:
            decoded = shared_decoder(self.settings).decode(clip, products=tuple(sorted(products)))
        except ClipError as error:
            return Annotation(clip).failed("decode", error)
        return Annotation(decoded.clip, decoded)

    # Naming: what the measured tracks show, where a detector is loaded for it; the packaged one saw the
    # frames while they were decoded ---------------------------------------------------------------------

    @property
    def _names_here(self) -> bool:
        return is_loaded(self.settings.naming.model)

    def _name_tracks(self, batch: Batch) -> None:
        clips = [annotation.decoded for annotation in batch]
        named = name_tracks(clips, self.settings.naming.names, self._models.namer)
        for annotation, motion in zip(batch, named, strict=True):
            annotation.measured(motion)

    # Decoupling: object motion and camera motion are seen under prompts of their own (section 3.1) -----

    def _decouple(self, batch: Batch) -> None:
        prompts, by_kind = self.settings.prompts, bool(self.settings.prompts.by_kind)
        for annotation in batch:
            annotation.aspect, annotation.kind = annotation.asked.aspect or "both", annotation.asked.kind
            if by_kind and annotation.kind is None:
                annotation.kind = kind_by_words(annotation.asked.text)
        if not by_kind and prompts.shown("object") == prompts.shown("camera"):
            return  # whatever it is about, the frames are shown alike
        unsure = [annotation for annotation in batch if annotation.asked.aspect is None]
        asked = [dialogue.decouple(annotation.asked.text, kinds=by_kind) for annotation in unsure]
        for annotation, _, reply in self._interview.replies("aspect", unsure, asked):
            annotation.aspect = aspect_of_reply(reply.text)
            if by_kind and annotation.asked.kind is None:
                annotation.kind = kind_of_reply(reply.text) or annotation.kind

    def _prompts(self, annotation: Annotation) -> tuple[str, ...]:
        return self.settings.prompts.shown(annotation.aspect, annotation.kind)

    def _refers(self, prompts: Sequence[str]) -> bool:
        return self.settings.sampling.shown != "none" and any(map(uses_objects, prompts))

    # Object referring: names = MLLM(V_s, query), boxes = detector(V_s, names), tracks = tracker (eq. 2) --

    def _name_objects(self, batch: Batch) -> None:
        asked = [dialogue.name_objects(self._seen(one, ("none",)), one.query) for one in batch]
        for last_try in (False, True):
            unread: list[Annotation] = []
            again: list[Conversation] = []
            for annotation, conversation, reply in self._interview.replies("names", batch, asked):
                try:
                    annotation.names = dialogue.names_of(reply.text)
                except BadReply as error:
                    if last_try:  # the measured regions take the objects' place, and the row says so
                        annotation.note(NAMES_UNREADABLE)
                    unread.append(annotation)
                    again.append(dialogue.name_again(conversation, reply.text, str(error)))
            batch, asked = unread, again

    def _refer(self, batch: Batch) -> None:
        unnamed = [annotation for annotation in batch if NAMES_UNREADABLE in annotation.notes]
        named = [annotation for annotation in batch if NAMES_UNREADABLE not in annotation.notes]
        if named:
            self._find(named, self._models.detector, self._models.tracker)
        if unnamed:
            self._find(unnamed, MeasuredDetector(), MeasuredTracker())

    def _find(self, batch: Batch, detector: Detector, tracker: Tracker) -> None:
        clips, names = [one.decoded for one in batch], [one.names for one in batch]
        found = refer(clips, names, detector, tracker, self.settings.referring)
        for annotation, referred in zip(batch, found, strict=True):
            if isinstance(referred, Exception):
                annotation.failed("refer", reason_of(referred))
                continue
            annotation.referred = referred
            if annotation.names and not referred:
                annotation.note(OBJECTS_NOT_FOUND)
            self._focus(annotation)
            if isinstance(detector, MeasuredDetector) and isinstance(tracker, MeasuredTracker):
                annotation.tracks = annotation.motion.tracks  # the same, ten a second

    # Action focusing: one steady region that holds what acts (eq. 3) ------------------------------------

    def _focus(self, annotation: Annotation) -> None:
        times_s = annotation.sampled.times_s
        annotation.tracks = to_object_tracks(annotation.referred, times_s)
        annotation.regions = focus_regions(annotation.tracks, times_s, self.settings.focus)

    # Visual prompts: the spotlight (section 3.2) or what else the settings name --------------------------

    def _frames(self, annotation: Annotation, prompt: str) -> FrameSequence:
        key = annotation.shown_by(prompt)
        if key not in annotation.shown:
            pose = self._models.pose if prompt == "pose" else None
            objects = [referred.trajectory for referred in annotation.referred]
            frames = prompted_frames(
                prompt, annotation.decoded, objects, annotation.regions, self.settings, pose=pose
            )
            shown = as_shown(frames, self.settings.sampling.shown, seed=annotation.clip.clip_id)
            relative = self.settings.mllm.relative_times
            annotation.shown[key] = annotation.timed(shown, relative_times=relative)
        return annotation.shown[key]

    def _seen(self, annotation: Annotation, prompts: Sequence[str]) -> tuple[Part, ...]:
        if self.settings.sampling.shown == "none":
            return ()
        frames = [(prompt, self._frames(annotation, prompt)) for prompt in prompts]
        return tuple(part for prompt, shown in frames for part in dialogue.section(prompt, shown))

    def _evidence(self, annotation: Annotation, *parts: EvidencePart) -> str:
        """Of these parts, what was measured and is to be told; without any, nothing need be measured."""
        told = self.settings.prompts.evidence_about
        about: list[EvidencePart] = [part for part in parts if part in told]
        return dialogue.evidence_of(annotation.motion, about) if about else ""

    # Answering: the sections that the question needs, what was measured where that is told, the question --

    def _ask(self, batch: Batch) -> None:
        asked = [
            dialogue.ask(
                (*self._seen(one, self._prompts(one)), self._evidence(one, "camera", "objects")), one.asked
            )
            for one in batch
        ]
        self._interview.answers(batch, asked)

    def _choose(self, batch: Batch) -> None:
        """The option that what was measured decides for; without options its descriptions are the answer."""
        for annotation in batch:
            annotation.aspect = annotation.asked.aspect or aspect_by_words(annotation.asked.text)
            if not annotation.asked.options:
                self._narrate([annotation])
                annotation.answered_with(annotation.told())
                continue
            try:
                answer = answer_by_measurement(annotation, shown=self.settings.sampling.shown)
            except Undecided as refusal:
                annotation.failed("caption", refusal)
            else:
                annotation.answered_with(answer)

    # Captioning: R_obj = MLLM(spotlit frames), R_cam = MLLM(blurred frames, R_obj) (section 3.4) ---------

    def _caption_objects(self, batch: Batch) -> None:
        prompts = self.settings.prompts.shown("object")
        asked = [
            dialogue.caption_objects(self._seen(one, prompts), one.names, self._evidence(one, "objects"))
            for one in batch
        ]
        for annotation, text in self._interview.captions("object", batch, asked):
            annotation.object_motion = text

    def _caption_camera(self, batch: Batch) -> None:
        prompts = self.settings.prompts.shown("camera")
        asked = [
            dialogue.caption_camera(
                self._seen(one, prompts), one.object_motion, self._evidence(one, "camera")
            )
            for one in batch
        ]
        for annotation, text in self._interview.captions("camera", batch, asked):
            annotation.camera_motion = text

    # Captions of single objects, as those of iMOVE-IT (arXiv 2502.11594), where the settings ask for them --

    def _caption_instances(self, batch: Batch) -> None:
        if not self.annotator.is_measured:
            InstanceCaptions(self._interview, self._models, self.settings).write(batch)
            return
        for annotation in batch:
            chosen = chosen_tracks(annotation.row_tracks, self.settings.instances)
            annotation.captions = measured_captions(annotation, chosen)

    def _narrate(self, batch: Batch) -> None:
        """Both descriptions from the measurement, with no weights."""
        for annotation in batch:
            start_s, end_s = annotation.clip.start_s, annotation.clip.end_s
            annotation.object_motion = describe_objects(annotation.motion, start_s=start_s, end_s=end_s)
            annotation.camera_motion = describe_camera(annotation.motion, start_s=start_s, end_s=end_s)


def _identity(clip: Clip | DecodedClip) -> object:
    """What makes two clips of a batch the same one."""
    return clip if isinstance(clip, Clip) else id(clip)
