"""Asking the MLLM for a batch: replies with their costs, cleaned descriptions, strict choices."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from motionsight_core import dialogue
from motionsight_core.annotation import DESCRIPTION_CUT, Annotation, Batch, Observer
from motionsight_core.dialogue.replies import MAX_CHARACTERS
from motionsight_core.errors import BadReply, ClipError
from motionsight_core.mllm import Conversation, Reply
from motionsight_core.models.loaded import Models
from motionsight_core.record import About, Exchange


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
        """Each clip's reply; one that has none fails with the reason and is left out.

        Args:
            about: what is asked for.
            batch: the clips.
            conversations: one for each.
        """
        for annotation, conversation, reply in zip(
            batch, conversations, self._ask(conversations), strict=True
        ):
            if isinstance(reply, ClipError):
                annotation.failed("refer" if about == "names" else "caption", reply)
                continue
            if self._keep:
                question, said = conversation[-1].as_text(), reply.text[:MAX_CHARACTERS]
                annotation.dialogue.append(Exchange(about, _storable(question), _storable(said)))
            yield annotation, conversation, reply

    def captions(
        self, about: About, batch: Batch, conversations: Sequence[Conversation]
    ) -> Iterator[tuple[Annotation, str]]:
        """Each clip's description, cleaned; one whose reply cannot be used fails and is left out."""
        for annotation, _, reply in self.replies(about, batch, conversations):
            if not reply.complete:
                annotation.note(DESCRIPTION_CUT)
            try:
                text = dialogue.clean_text(reply.text)
            except BadReply as error:
                annotation.failed("caption", error)
            else:
                yield annotation, text

    def said(self, conversation: Conversation) -> str:
        """The reply to one conversation, as it came.

        Raises:
            ClipError: there is none.
        """
        reply = self._ask([conversation])[0]
        if isinstance(reply, ClipError):
            raise reply
        return reply.text

    def choice(self, asked: Conversation, options: Sequence[str]) -> int:
        """The option that is chosen in a multiple choice, asked a second time if need be.

        Raises:
            ClipError: there is no reply, or it names no option twice.
        """
        said = self.said(asked)
        try:
            return dialogue.choice_of(said, options)
        except BadReply:
            return dialogue.choice_of(self.said(dialogue.ask_again(asked, said)), options)

    def _ask(self, conversations: Sequence[Conversation]) -> list[Reply | ClipError]:
        replies = self._models.mllm.reply(conversations) if conversations else []
        for reply in replies:
            if isinstance(reply, Reply):
                self._observe("prompt_tokens", reply.prompt_tokens)
                self._observe("completion_tokens", reply.completion_tokens)
        return replies


def _storable(text: str) -> str:
    """A text as it came, but for what no column can hold."""
    return text.encode(errors="replace").decode().replace("\0", "\N{REPLACEMENT CHARACTER}")
