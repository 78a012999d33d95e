"""MotionSight: what moves in a clip and how its camera moves (arXiv 2506.01674, section 3).

Top to bottom this file is section 3: decoupling (3.1); object referring (eq. 2), action focusing (eq. 3)
and the visual spotlight (3.2); motion blur (3.3, eq. 5, made while decoding); the dialogue (3.4). Each
step takes the annotations of a batch and fills in one thing.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

from motionsight_core import dialogue
from motionsight_core.annotation import (
    NAMES_UNREADABLE,
    OBJECTS_NOT_FOUND,
    Annotation,
    Answer,
    Batch,
    Observer,
    reason_of,
    take,
)
from motionsight_core.annotator import Annotator
from motionsight_core.asking import Interview
from motionsight_core.catalog import Clip
from motionsight_core.choosing import Measured, choose
from motionsight_core.clip import DecodedClip, FrameSequence, Product
from motionsight_core.dialogue import Aspect
from motionsight_core.errors import BadReply, ClipError
from motionsight_core.guarded.pool import shared_decoder
from motionsight_core.measure.narrate import describe_camera, describe_objects
from motionsight_core.mllm import Conversation, Part
from motionsight_core.models.loaded import Models, require_models, shared_models
from motionsight_core.naming.choice import is_loaded
from motionsight_core.naming.loaded import name_tracks
from motionsight_core.prompts import needs, prompted_frames, uses_objects
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
        prompts = self._prompts("both")
        _ = self._models.mllm
        if self._refers(prompts):
            _ = self._models.detector, self._models.tracker
        if "pose" in prompts:
            _ = self._models.pose

    def describe(self, clips: Sequence[Clip | DecodedClip]) -> list[MotionRecord | Failure]:
        """One record or failure per clip, in order; never raises for one clip.

        Clips are decoded first, in guarded processes side by side; a DecodedClip is taken as it is.

        Raises:
            ModelMissing: a model is not on this machine, so that no clip can be described.
        """
        with ThreadPoolExecutor(self.settings.runtime.decode_processes) as threads:
            batch = list(threads.map(self._decoded, clips))
        steps = [self._narrate]
        if not self.annotator.is_measured:
            steps = [self._caption_objects, self._caption_camera]
            if self._refers(self._prompts("both")):
                steps = [self._name_objects, self._refer, *steps]
        if self._names_here:
            steps = [self._name_tracks, *steps]
        for step in steps:
            take(step, batch, self._observe)
        return [one.row(annotator=self.annotator, recipe=self._recipe, run_id=self.run_id) for one in batch]

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
        annotation = self._decoded(clip).checked()
        if self._names_here:
            self._name_tracks([annotation])
        if self.annotator.is_measured:
            aspect = dialogue.aspect_by_words(question)
            if options:
                chosen = choose(question, options, _measured(annotation))
                text = options[chosen.position]
                return Answer(question, text, aspect, chosen.position, evidence=chosen.evidence)
            self._narrate([annotation])
            return annotation.told(question, aspect)
        aspect = dialogue.aspect_of_reply(self._interview.said(dialogue.decouple(question)))
        prompts = self._prompts(aspect)
        for step in (self._name_objects, self._refer) if self._refers(prompts) else ():
            step([annotation])
            annotation.checked()
        seen = [part for prompt in prompts for part in self._seen(annotation, prompt)]
        asked = dialogue.ask(seen, question, options)
        choice = self._interview.choice(asked, options) if options else None
        text = options[choice] if choice is not None else dialogue.clean_text(self._interview.said(asked))
        return Answer(question, text, aspect, choice, annotation.names, tuple(annotation.notes))

    def reply(self, clip: Clip | DecodedClip, question: str) -> Answer:
        """What the MLLM says to a question that itself states the form of its answer, as benchmarks' do.

        As `answer`, but nothing is added to the question's words, and no option is looked for in the reply.

        Raises:
            ClipError: the clip cannot be decoded, or the reply cannot be used.
            UsageError: the annotator is `measured`, which writes no replies.
        """
        _ = self.annotator.backend
        annotation = self._decoded(clip).checked()
        aspect = dialogue.aspect_of_reply(self._interview.said(dialogue.decouple(question)))
        prompts = self._prompts(aspect)
        for step in (self._name_objects, self._refer) if self._refers(prompts) else ():
            step([annotation])
            annotation.checked()
        seen = [part for prompt in prompts for part in self._seen(annotation, prompt)]
        said = dialogue.clean_text(self._interview.said(dialogue.ask_verbatim(seen, question)))
        return Answer(question, said, aspect, None, annotation.names, tuple(annotation.notes))

    # Decoding, which makes the motion blur on its way (section 3.3, eq. 5) ------------------------------

    @property
    def products(self) -> tuple[Product, ...]:
        """What a decode must give: the measurement always, and the frames that prompts are made of."""
        # Objects are looked for in the sampled frames.
        found_in: set[Product] = {"sampled"} if self._names_here else set()
        if self.annotator.is_measured:
            return ("motion", *found_in)
        prompts = self._prompts("both")
        found_in |= {"sampled"} if self._refers(prompts) else set()
        return ("motion", *sorted(found_in.union(*map(needs, prompts))))

    def _decoded(self, clip: Clip | DecodedClip) -> Annotation:
        if isinstance(clip, DecodedClip):
            return Annotation(clip.clip, clip)
        try:
            decoded = shared_decoder(self.settings).decode(clip, products=self.products)
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

    def _prompts(self, aspect: Aspect) -> list[str]:
        prompts = self.settings.prompts
        return [prompts.object if part == "object" else prompts.camera for part in dialogue.parts_of(aspect)]

    def _refers(self, prompts: Sequence[str]) -> bool:
        return any(map(uses_objects, prompts))

    # Object referring: names = MLLM(V_s), boxes = detector(V_s, names), tracks = tracker (eq. 2) --------

    def _name_objects(self, batch: Batch) -> None:
        asked = [dialogue.name_objects(self._frames(annotation, "none")) for annotation in batch]
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
        pose = self._models.pose if prompt == "pose" else None
        objects = [referred.trajectory for referred in annotation.referred]
        return prompted_frames(
            prompt, annotation.decoded, objects, annotation.regions, self.settings, pose=pose
        )

    def _seen(self, annotation: Annotation, prompt: str) -> tuple[Part, ...]:
        return dialogue.section(prompt, self._frames(annotation, prompt))

    # Captioning: R_obj = MLLM(spotlit frames), R_cam = MLLM(blurred frames, R_obj) (section 3.4) ---------

    def _caption_objects(self, batch: Batch) -> None:
        prompt = self.settings.prompts.object
        asked = [dialogue.caption_objects(self._seen(one, prompt), one.names) for one in batch]
        for annotation, text in self._interview.captions("object", batch, asked):
            annotation.object_motion = text

    def _caption_camera(self, batch: Batch) -> None:
        prompt = self.settings.prompts.camera
        asked = [dialogue.caption_camera(self._seen(one, prompt), one.object_motion) for one in batch]
        for annotation, text in self._interview.captions("camera", batch, asked):
            annotation.camera_motion = text

    def _narrate(self, batch: Batch) -> None:
        """Both descriptions from the measurement, with no weights."""
        for annotation in batch:
            start_s, end_s = annotation.clip.start_s, annotation.clip.end_s
            annotation.object_motion = describe_objects(annotation.motion, start_s=start_s, end_s=end_s)
            annotation.camera_motion = describe_camera(annotation.motion, start_s=start_s, end_s=end_s)


def _measured(annotation: Annotation) -> Measured:
    clip, decoded = annotation.clip, annotation.decoded
    return Measured(annotation.motion, clip.start_s, clip.end_s, decoded.width / decoded.height)
