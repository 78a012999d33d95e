"""Captions of single objects by a multimodal LLM: name, look, motion, check; each asked of many at once."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TypeVar

from motionsight_core import dialogue
from motionsight_core.annotation import CAPTIONS_INCOMPLETE, Annotation, Batch, Caption
from motionsight_core.asking import Interview
from motionsight_core.clip import FrameSequence
from motionsight_core.errors import BadReply, ClipError, ModelUnavailable, RunError, UsageError
from motionsight_core.instances.choice import chosen_tracks
from motionsight_core.instances.pictures import boxed_frames, seen_at, sharp_crops
from motionsight_core.mllm import Conversation
from motionsight_core.models.loaded import Models
from motionsight_core.prompts import spotlit_frames
from motionsight_core.record import MOVING_REGION, About, ObjectTrack
from motionsight_core.settings import NO_CLIP, Settings

Made = TypeVar("Made")

#: Fewer sampled frames show no motion.
_LEAST_FRAMES = 2
#: Pixels of the conversations that are held, and asked, together: about twenty of 16 frames.
_BYTES_TOGETHER = 128 * 2**20


@dataclass(eq=False)
class _Instance:
    """One object under captioning. Steps fill it in; one that fails is left out, and the row says so."""

    annotation: Annotation
    track: ObjectTrack
    settings: Settings
    name: str = ""
    appearance: str = ""
    motion: str = ""
    checked: bool = False
    is_left_out: bool = False

    @cached_property
    def crops(self) -> FrameSequence:
        return self.timed(sharp_crops(self.annotation.sampled, self.track, self.settings))

    def timed(self, frames: FrameSequence) -> FrameSequence:
        """Frames as the model is told of them."""
        return self.annotation.timed(frames, relative_times=self.settings.mllm.relative_times)

    @property
    def goes_on(self) -> bool:
        return not self.is_left_out and self.annotation.error is None

    def lost(self) -> None:
        """Say in the row that this one failed."""
        self.is_left_out = True
        self.annotation.note(CAPTIONS_INCOMPLETE)


class InstanceCaptions:
    """Writes the captions of a batch of clips.

    Args:
        interview: asks the MLLM of the descriptions.
        models: among them a CLIP, where `instances.clip` names one.
        settings: `instances`, and how frames are shown.
    """

    def __init__(self, interview: Interview, models: Models, settings: Settings) -> None:
        self._interview, self._models, self._settings = interview, models, settings

    def write(self, batch: Batch) -> None:
        """Fill in the captions of each clip's chosen tracks; an object that fails costs no clip its row.

        Raises:
            RunError, UsageError: no clip can be described.
        """
        instances = [instance for annotation in batch for instance in self._instances(annotation)]
        self._name(instances)
        self._compare(instances)
        self._ask("appearance", instances, _ask_appearance, _take_appearance)
        self._ask("motion", instances, _ask_motion, _take_motion)
        self._check(instances)
        for annotation in batch:
            annotation.captions = tuple(
                Caption(one.track.track_id, one.appearance, one.motion, checked=one.checked)
                for one in instances
                if one.annotation is annotation and one.motion and not one.is_left_out
            )

    def _instances(self, annotation: Annotation) -> list[_Instance]:
        times_s = annotation.sampled.times_s
        shown = [one for one in annotation.row_tracks if len(seen_at(one, times_s)) >= _LEAST_FRAMES]
        chosen = chosen_tracks(shown, self._settings.instances)
        return [_Instance(annotation, track, self._settings) for track in chosen]

    def _name(self, instances: Sequence[_Instance]) -> None:
        """The track's name, or what the MLLM sees on the crops where it has none."""
        for one in instances:
            one.name = "" if one.track.label == MOVING_REGION else one.track.label
        self._ask("category", [one for one in instances if not one.name], _ask_name, _take_name)

    def _compare(self, instances: Sequence[_Instance]) -> None:
        """Leave out what does not look like its name, where a CLIP is named."""
        if self._settings.instances.clip == NO_CLIP:
            return
        least = self._settings.instances.clip_similarity
        for one in instances:
            if one.goes_on:
                found = _kept_going(one, self._similarity)
                one.is_left_out = found is None or found < least

    def _similarity(self, one: _Instance) -> float:
        return self._models.similarity.of(one.crops.pixels, one.name)

    def _check(self, instances: Sequence[_Instance]) -> None:
        """Ask of each caption which object it is about, with all of them in numbered boxes.

        One that cannot be asked about stays, unchecked.
        """
        written = [one for one in instances if one.motion and one.goes_on]
        boxed: dict[Annotation, FrameSequence] = {}

        def ask(one: _Instance) -> Conversation:
            annotation = one.annotation
            if annotation not in boxed:
                boxed.clear()  # objects of one clip follow each other
                numbered = boxed_frames(annotation.sampled, annotation.row_tracks, self._settings)
                boxed[annotation] = one.timed(numbered)
            return dialogue.which_object(boxed[annotation], one.appearance, one.motion)

        self._ask("check", written, ask, _take_verdict)
        for one in written:
            one.is_left_out = False

    def _ask(
        self,
        about: About,
        instances: Sequence[_Instance],
        ask: Callable[[_Instance], Conversation],
        take: Callable[[_Instance, str], None],
    ) -> None:
        """Ask one thing about all objects that go on, and take what is said; one that fails is left out.

        Args:
            about: what is asked for.
            instances: the objects.
            ask: makes the conversation about one.
            take: takes the reply; raises BadReply where it cannot be used.
        """
        for group, conversations in _groups(instances, ask):
            annotations = [one.annotation for one in group]
            for position, reply in self._interview.each(about, annotations, conversations):
                one = group[position]
                if isinstance(reply, ModelUnavailable):  # no object's fault: the clip is tried again, whole
                    one.annotation.failed("caption", reply)
                elif isinstance(reply, ClipError) or not reply.complete:
                    one.lost()
                else:
                    try:
                        take(one, reply.text)
                    except BadReply:
                        one.lost()


def _groups(
    instances: Sequence[_Instance], ask: Callable[[_Instance], Conversation]
) -> Iterator[tuple[list[_Instance], list[Conversation]]]:
    """The objects that go on with their conversations, as many together as memory is to be spent on."""
    group: list[_Instance] = []
    conversations: list[Conversation] = []
    held = 0
    for one in instances:
        if not one.goes_on:
            continue
        conversation = _kept_going(one, ask)
        if conversation is None:
            continue
        group.append(one)
        conversations.append(conversation)
        held += _bytes(conversation)
        if held >= _BYTES_TOGETHER:
            yield group, conversations
            group, conversations, held = [], [], 0
    if group:
        yield group, conversations


def _kept_going(one: _Instance, make: Callable[[_Instance], Made]) -> Made | None:
    """What is made for one object; None where that fails, so that a defect costs one object and no clip.

    Raises:
        RunError, UsageError: it would fail for all.
    """
    try:
        return make(one)
    except (RunError, UsageError):
        raise
    except Exception:
        one.lost()
        return None


def _bytes(conversation: Conversation) -> int:
    parts = [part for message in conversation for part in message.parts]
    return sum(part.pixels.nbytes for part in parts if isinstance(part, FrameSequence))


def _ask_name(one: _Instance) -> Conversation:
    return dialogue.tag_object(one.crops)


def _take_name(one: _Instance, reply: str) -> None:
    one.name = dialogue.tag_of(reply)


def _ask_appearance(one: _Instance) -> Conversation:
    return dialogue.caption_appearance(one.crops, one.name)


def _take_appearance(one: _Instance, reply: str) -> None:
    one.appearance = dialogue.phrase_of(reply)


def _ask_motion(one: _Instance) -> Conversation:
    frames = spotlit_frames(one.annotation.decoded, [one.track], one.settings)
    return dialogue.caption_motion(one.timed(frames), one.appearance)


def _take_motion(one: _Instance, reply: str) -> None:
    one.motion = dialogue.caption_of(reply)


def _take_verdict(one: _Instance, reply: str) -> None:
    numbers = {track.track_id for track in one.annotation.row_tracks}
    one.checked = dialogue.verdict_of(reply, numbers) == one.track.track_id
