"""The method asked on behalf of a client: what it says, what it rests on, and what that cost."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from motionsight_core.annotation import Answer
from motionsight_core.clip import DecodedClip, Product
from motionsight_core.errors import BadReply, ClipError, ModelRefused, Undecided, permanent_names
from motionsight_core.models.loaded import Models, shared_models
from motionsight_core.motionsight import MotionSight
from motionsight_core.questions import Query
from motionsight_core.record import Failure
from motionsight_core.serving.choices import read_choices
from motionsight_core.serving.request import ChatRequest
from motionsight_core.settings import Settings


@dataclass(frozen=True, slots=True)
class Said:
    """What the method says to one request."""

    text: str
    """Empty where it refuses."""
    refusal: str = ""
    """Why there is no answer, one sentence: nothing that was measured decides, or the model would not say."""
    reason: str = ""
    """The same for the server's log: an endpoint's own words are not passed on."""
    answer: Answer | None = None
    """With what it rests on; None for the two descriptions and for a refusal."""
    prompt_tokens: int = 0
    completion_tokens: int = 0


_TOKENS = ("prompt_tokens", "completion_tokens")


@dataclass(slots=True)
class _Cost:
    """Adds up what a request costs, and ends one that nobody waits for any more."""

    is_wanted: Callable[[], None]
    tokens: dict[str, int] = field(default_factory=lambda: dict.fromkeys(_TOKENS, 0))

    def __call__(self, name: str, amount: float) -> None:
        if name in self.tokens:
            self.tokens[name] += int(amount)
        self.is_wanted()


class Sights:
    """The method for many requests at once, over the models of this process.

    Args:
        settings: of the method.
    """

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._models: Models = shared_models(settings)
        self._first = MotionSight(settings, models=self._models)

    @property
    def name(self) -> str:
        """What clients call the model: the annotator's name, of a folder only its own."""
        name = self._first.annotator.name
        scheme, _, location = name.partition(":")
        return f"{scheme}:{location.rstrip('/').rpartition('/')[2]}" if location.startswith("/") else name

    def products(self, request: ChatRequest) -> tuple[Product, ...]:
        """What the clip of a request must be decoded to."""
        if request.question:
            return self._first.products_for(Query(request.question))
        return self._first.products

    def load(self) -> None:
        """Load every model that an answer may need, so that no request waits for it.

        Raises:
            ModelMissing, RunError: one cannot be used.
        """
        self._first.require_models()
        self._first.load_models()

    def said(self, request: ChatRequest, clip: DecodedClip, *, is_wanted: Callable[[], None]) -> Said:
        """What the method says of a clip.

        Args:
            is_wanted: called between the steps; what it raises ends them.

        Raises:
            ClipError: the method failed on this clip.
        """
        cost = _Cost(is_wanted)
        sight = MotionSight(self.settings, models=self._models, observe=cost)
        try:
            text, answer = _told(sight, request, clip)
            said = Said(text, answer=answer)
        except (Undecided, BadReply) as error:
            said = Said("", str(error), str(error))
        except ModelRefused as error:
            said = Said("", "The model behind this server refused the request.", str(error))
        prompt, completion = (cost.tokens[name] for name in _TOKENS)
        return replace(said, prompt_tokens=prompt, completion_tokens=completion)


def _told(sight: MotionSight, request: ChatRequest, clip: DecodedClip) -> tuple[str, Answer | None]:
    if sight.annotator.is_measured and len(request.images) == 1:
        # It would pass for a picture that is held, and a camera that does not move.
        raise Undecided("One image shows no motion; send two frames of the clip or more.")
    if not request.question:
        (row,) = sight.describe([clip])
        if isinstance(row, Failure):
            raise ClipError.named(row.error, row.message, permanent=row.error in permanent_names())
        return f"{row.object_motion}\n{row.camera_motion}", None
    if not sight.annotator.is_measured:
        words = f"{request.instructions}\n\n{request.question}" if request.instructions else request.question
        answer = sight.reply(clip, words)
        return answer.text, answer
    choices = read_choices(request.question)
    if choices is None:
        answer = sight.answer(clip, request.question)
        return answer.text, answer
    answer = sight.answer(clip, choices.question, choices.options)
    return (answer.text if answer.choice is None else choices.labels[answer.choice]), answer
