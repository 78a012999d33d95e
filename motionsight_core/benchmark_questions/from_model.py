"""Questions that a model writes from the clips' descriptions; no frame is shown."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from motionsight_core.annotator import Annotator
from motionsight_core.benchmark_questions.drafts import Draft, Drop
from motionsight_core.benchmark_questions.guidelines import write_questions
from motionsight_core.benchmark_questions.kept_replies import KeptReplies, Said, key_of
from motionsight_core.benchmark_questions.model_replies import questions_of
from motionsight_core.benchmark_questions.source_clips import Siblings, SourceClip
from motionsight_core.errors import BadReply, ClipError, ModelUnavailable, RunError, one_line
from motionsight_core.mllm import Conversation, replies_as_they_come
from motionsight_core.models.loaded import shared_models
from motionsight_core.settings import Settings

#: Clips that are asked about at once.
_BATCH = 64
#: Similar clips whose descriptions the model is given.
_SIBLINGS = 2
_NO_DESCRIPTION = "It has no description, or none that is not graded low."


def drafts_from_model(
    clips: Sequence[SourceClip],
    settings: Settings,
    kept: KeptReplies,
    *,
    progress: Callable[[int], None] = lambda done: None,
) -> tuple[list[Draft], list[Drop]]:
    """The questions, in the order of the clips, and what could not be used, with the reason.

    Args:
        clips: of the data set.
        settings: `annotator` is the model, `questions` says how many it writes.
        kept: what it has said before, and now.
        progress: called with how many clips were asked about.

    Raises:
        UsageError, ModelMissing: the model cannot be used.
        RunError: it cannot be reached; what it said is kept.
    """
    siblings = Siblings(clips, seed=settings.questions.seed)
    asked = [(clip, _conversation(clip, siblings, settings)) for clip in clips if _is_described(clip)]
    failed: dict[str, ClipError] = {}
    try:
        for done, error_of in _ask(asked, settings, kept):
            failed |= error_of
            progress(done)
    finally:
        kept.close()
    drafts: list[Draft] = []
    drops = [Drop(clip, "facts", _NO_DESCRIPTION) for clip in clips if not _is_described(clip)]
    for clip, conversation in asked:
        said = kept.get(key_of(settings, conversation))
        if clip.clip_id in failed:
            drops.append(Drop(clip, "reply", _told(failed[clip.clip_id])))
        elif said is None or said.reply is None:
            drops.append(Drop(clip, "reply", (said and said.error) or "There is no reply."))
        else:
            written, unusable = _read(clip, said.reply, settings)
            drafts += written
            drops += unusable
    return drafts, drops


def _is_described(clip: SourceClip) -> bool:
    return bool(clip.object_motion or clip.camera_motion)


def _conversation(clip: SourceClip, siblings: Siblings, settings: Settings) -> Conversation:
    near = [one for one, _ in zip(siblings.of(clip), range(_SIBLINGS), strict=False)]
    return write_questions(clip, near, count=settings.questions.per_clip)


def _ask(
    asked: Sequence[tuple[SourceClip, Conversation]], settings: Settings, kept: KeptReplies
) -> Iterator[tuple[int, dict[str, ClipError]]]:
    """How many clips are done, and what failed and may be asked again, as replies come."""
    left = [(clip, words) for clip, words in asked if kept.get(key_of(settings, words)) is None]
    done = len(asked) - len(left)
    yield done, {}
    if not left:
        return
    model = shared_models(settings).mllm
    for start in range(0, len(left), _BATCH):
        batch = left[start : start + _BATCH]
        for position, reply in replies_as_they_come(model, [words for _, words in batch]):
            clip, words = batch[position]
            failed: dict[str, ClipError] = {}
            key = key_of(settings, words)
            if isinstance(reply, ModelUnavailable):
                raise RunError(f"{reply} What was answered is kept; run this again, and the rest is asked.")
            if not isinstance(reply, ClipError):
                kept.add(Said(key, clip.clip_id, _storable(reply.text)))
            elif reply.permanent:
                kept.add(Said(key, clip.clip_id, None, _told(reply)))
            else:
                failed = {clip.clip_id: reply}
            done += 1
            yield done, failed


def _read(clip: SourceClip, reply: str, settings: Settings) -> tuple[list[Draft], list[Drop]]:
    writer = Annotator.parse(settings.annotator).name
    try:
        found = questions_of(reply, most=settings.questions.per_clip)
    except BadReply as error:
        return [], [Drop(clip, "reply", _told(error))]
    drafts = [
        Draft(clip, str(number), one, writer)
        for number, one in enumerate(found, start=1)
        if not isinstance(one, BadReply)
    ]
    drops = [
        Drop(clip, "question", f"Question {number}: {one}")
        for number, one in enumerate(found, start=1)
        if isinstance(one, BadReply)
    ]
    if not found:
        drops.append(Drop(clip, "reply", "The model found nothing to ask in its descriptions."))
    return drafts, drops


def _told(error: ClipError) -> str:
    return f"{error.name}: {one_line(error)}"


def _storable(text: str) -> str:
    return text.encode(errors="replace").decode()
