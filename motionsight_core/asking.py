"""Asking the MLLM for a batch, or the measurement: replies with their costs, descriptions, choices."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from string import ascii_uppercase

from motionsight_core import dialogue
from motionsight_core.annotation import DESCRIPTION_CUT, Annotation, Answer, Batch, Observer
from motionsight_core.dialogue.replies import MAX_CHARACTERS
from motionsight_core.errors import BadReply, ClipError, Undecided
from motionsight_core.mllm import Conversation, Reply, replies_as_they_come, sequences
from motionsight_core.mllm.positions import in_units
from motionsight_core.models.loaded import Models
from motionsight_core.record import About, Exchange
from motionsight_core.settings import Shown


class Interview:
    """The questions of one MotionSight to its MLLM.

    Args:
        models: among them the MLLM.
        observe: told what the replies cost.
        keep: questions and replies in the annotations.
    """

    def __init__(self, models: Models, observe: Observer, *, keep: bool = False) -> None:
        self._models, self._observe, self._keep = models, observe, keep

    def replies(
        self, about: About, batch: Batch, conversations: Sequence[Conversation]
    ) -> Iterator[tuple[Annotation, Conversation, Reply]]:
        """Each clip's reply, as soon as it comes; one that has none fails with the reason and is left out.

        Args:
            about: what is asked for.
            batch: the clips.
            conversations: one for each.
        """
        for position, reply in self.each(about, batch, conversations):
            if isinstance(reply, ClipError):
                batch[position].failed("refer" if about == "names" else "caption", reply)
                continue
            yield batch[position], conversations[position], reply

    def each(
        self, about: About, batch: Batch, conversations: Sequence[Conversation]
    ) -> Iterator[tuple[int, Reply | ClipError]]:
        """The position and reply of each conversation, as soon as it comes, or why there is none.

        Args:
            about: what is asked for.
            batch: the clips; one may be asked about several times.
            conversations: one for each.
        """
        for position, reply in self._ask(conversations):
            if self._keep and isinstance(reply, Reply):
                question, said = conversations[position][-1].as_text(), reply.text[:MAX_CHARACTERS]
                exchange = Exchange(about, _storable(question), _storable(said))
                batch[position].dialogue.append(exchange)
            yield position, reply

    def captions(
        self, about: About, batch: Batch, conversations: Sequence[Conversation]
    ) -> Iterator[tuple[Annotation, str]]:
        """Each clip's description, cleaned; one whose reply cannot be used fails and is left out."""
        for annotation, asked, reply in self.replies(about, batch, conversations):
            if not reply.complete:
                annotation.note(DESCRIPTION_CUT)
            try:
                text = dialogue.clean_text(reply.text)
            except BadReply as error:
                annotation.failed("caption", error)
            else:
                yield annotation, _in_units(text, asked)

    def answers(self, batch: Batch, conversations: Sequence[Conversation]) -> None:
        """Ask each question once, and read what is said; one whose reply cannot be used fails."""
        for annotation, conversation, reply in self.replies("answer", batch, conversations):
            annotation.conversation = conversation
            try:
                answer = answer_of_reply(annotation, reply.text)
            except BadReply as error:
                annotation.failed("caption", error)
            else:
                annotation.answered_with(answer)

    def choice_again(self, asked: Conversation, said: str, options: Sequence[str]) -> int:
        """The option that is chosen in a multiple choice when it is asked once more.

        Args:
            asked: in which `said` chose none.
            said: the first reply.
            options: of the question.

        Raises:
            ClipError: there is no reply, or it names no option again.
        """
        ((_, reply),) = self._ask([dialogue.ask_again(asked, said)])
        if isinstance(reply, ClipError):
            raise reply
        return dialogue.choice_of(reply.text, options)

    def _ask(self, conversations: Sequence[Conversation]) -> Iterator[tuple[int, Reply | ClipError]]:
        """The replies in the order in which they come, each with the position of its conversation."""
        if not conversations:
            return
        for position, reply in replies_as_they_come(self._models.mllm, conversations):
            if isinstance(reply, Reply):
                self._observe("prompt_tokens", reply.prompt_tokens)
                self._observe("completion_tokens", reply.completion_tokens)
            yield position, reply


def answer_of_reply(annotation: Annotation, reply: str) -> Answer:
    """What a reply says to the annotation's question. A choice is read strictly; there may be none.

    Raises:
        BadReply: the question is a free one, and the reply is empty or has run away.
    """
    query, choice = annotation.asked, None
    if query.options:
        with suppress(BadReply):
            choice = dialogue.choice_of(reply, query.options)
    text = reply if query.options else _in_units(dialogue.clean_text(reply), annotation.conversation)
    return Answer(
        query.text,
        text if choice is None else query.options[choice],
        annotation.aspect,
        choice,
        annotation.names,
        tuple(annotation.notes),
        reply=reply,
    )


def answer_by_measurement(annotation: Annotation, *, shown: Shown) -> Answer:
    """The option that what was measured decides for.

    Args:
        annotation: of a decoded clip, with a multiple choice.
        shown: which frames are (`sampling.shown`).

    Raises:
        Undecided: it decides for none.
    """
    # Its patterns are compiled when it is imported, which a run that asks nothing need not wait for.
    from motionsight_core.choosing import Measured, choose

    if shown in ("first", "none"):
        raise Undecided("Motion is measured between frames, and no two of them are shown (sampling.shown).")
    query, clip, decoded = annotation.asked, annotation.clip, annotation.decoded
    facts = Measured(annotation.motion, clip.start_s, clip.end_s, decoded.width / decoded.height)
    chosen = choose(query.text, query.options, facts)
    return Answer(
        query.text,
        query.options[chosen.position],
        annotation.aspect,
        chosen.position,
        evidence=chosen.evidence,
        reply=ascii_uppercase[chosen.position],
    )


def _in_units(text: str, asked: Conversation) -> str:
    """A reply with seconds and fractions for relative times and places, where the frames were told so."""
    for within_s in (frames.within_s for frames in sequences(asked)):
        if within_s is not None:
            return in_units(text, within_s)
    return text


def _storable(text: str) -> str:
    """A text as it came, but for what no column can hold."""
    return text.encode(errors="replace").decode().replace("\0", "\N{REPLACEMENT CHARACTER}")
