"""The arms of an evaluation: the same questions under other settings, side by side in one run."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Literal, TypeAlias, get_args

from motionsight_core.annotator import Annotator
from motionsight_core.errors import UsageError
from motionsight_core.evaluation.question import Question
from motionsight_core.models.loaded import models_key
from motionsight_core.questions import Aspect, Query, aspect_by_words
from motionsight_core.settings import ClipSettings, Settings, Shown

#: What says whether a question is about objects or the camera: the benchmark's label of it (as the paper's
#: authors did), the model (the paper's decoupling), or the question's words.
Route: TypeAlias = Literal["label", "model", "words"]
ROUTES: tuple[Route, ...] = get_args(Route)
#: The route of arms for which it makes no difference.
NO_ROUTE = "none"

SHOWN: tuple[Shown, ...] = get_args(Shown)

METHOD, BASELINE = "method", "baseline"
#: More arms are a mistake in --vary: each asks every question.
MOST_ARMS = 64


@dataclass(frozen=True, slots=True)
class Arm:
    """One way to answer all questions."""

    name: str
    """Unique in its evaluation: `method`, `baseline`, or the settings in which it differs from others."""
    settings: Settings
    route: Route | Literal["none"]
    """`none` where it makes no difference: for the baseline, and for `measured`."""
    baseline: str | None = None
    """Name of the arm that it is compared with; None for a baseline, or where there is none."""
    recipe: str = field(init=False)
    decode_key: str = field(init=False)
    """Arms with the same one share a decode of each clip."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "recipe", self.settings.recipe())
        object.__setattr__(self, "decode_key", _decode_key(self.settings))

    @property
    def key(self) -> tuple[str, str]:
        """Recipe and route, by which its predictions are known."""
        return self.recipe, self.route

    def query(self, question: Question) -> Query:
        """How the method is asked a question."""
        aspect: Aspect | None = "both"
        if self.route == "label":
            return Query(question.text, question.options, question.aspect, question.kind)
        if self.route == "model":
            aspect = None
        elif self.route == "words":
            aspect = aspect_by_words(question.text)
        return Query(question.text, question.options, aspect)


def arms_of(
    settings: Settings,
    *,
    route: Route = "label",
    shown: Shown = "all",
    baseline: bool = True,
    vary: Sequence[str] = (),
) -> tuple[Arm, ...]:
    """The arms of an evaluation: the method, once for each combination of what varies, and its baselines.

    Arms that would ask the same are one; so a baseline serves all methods from which it does not differ.
    The questions say which part of a video is a clip: `settings.clips` count for nothing.

    Args:
        settings: of the method.
        route: of the method's questions.
        shown: which of the sampled frames every arm shows.
        baseline: whether the frames without visual prompts are asked about as well; `measured` has none.
        vary: texts `KEY=VALUE,VALUE`, each a setting and the values that it takes; all combinations are made.

    Raises:
        UsageError: a text is not of this form, a setting or value does not exist, or there are too many arms.
    """
    settings = settings.model_copy(update={"clips": ClipSettings()})
    if shown != "all":
        settings = settings.overridden([f"sampling.shown={shown}"])
    arms: dict[tuple[str, str], Arm] = {}
    for overrides in _combinations(vary):
        varied = settings.overridden(overrides)
        label = ", ".join(overrides)
        measured = Annotator.parse(varied.annotator).is_measured
        plain = None
        if baseline and not measured:
            name = f"{BASELINE}, {label}" if label else BASELINE
            plain = Arm(name, baseline_of(varied), NO_ROUTE)
            plain = arms.setdefault(plain.key, plain)
        method = Arm(label or METHOD, varied, NO_ROUTE if measured else route, plain.name if plain else None)
        arms.setdefault(method.key, method)
    loaded = {
        models_key(arm.settings)
        for arm in arms.values()
        if Annotator.parse(arm.settings.annotator).in_process
    }
    if len(loaded) > 1:
        raise UsageError(
            "--vary would load several models into this process at once; evaluate each of them by itself, or "
            "serve them and name their endpoints."
        )
    # A baseline of all combinations is called that alone.
    names = [arm.name for arm in arms.values() if arm.route == NO_ROUTE and arm.name.startswith(BASELINE)]
    if len(names) == 1:
        return tuple(_renamed(arm, names[0]) for arm in arms.values())
    return tuple(arms.values())


def baseline_of(settings: Settings) -> Settings:
    """The same settings without visual prompts or evidence: the sampled frames and the question alone."""
    plain = {"object": "none", "camera": "none", "by_kind": {}, "evidence": "none"}
    return settings.model_copy(update={"prompts": settings.prompts.model_copy(update=plain)})


def _decode_key(settings: Settings) -> str:
    """What a decode depends on."""
    sections = settings.model_dump(
        mode="json",
        include={
            "sampling": True,
            "referring": {"max_pixels"},
            "blur": True,
            "measure": True,
            "naming": {"model"},
            "limits": True,
            "stores": True,
        },
    )
    return json.dumps(sections, sort_keys=True)


def _combinations(vary: Iterable[str]) -> Iterator[tuple[str, ...]]:
    varied: list[list[str]] = []
    for text in vary:
        key, equals, values = text.partition("=")
        if not equals or not key.strip() or not values.strip():
            raise UsageError(f"--vary takes KEY=VALUE,VALUE, for example sampling.frames=8,16; got {text!r}.")
        varied.append([f"{key.strip()}={value}" for value in _split(values)])
    count = 1
    for values in varied:
        count *= len(values)
    if count > MOST_ARMS:
        raise UsageError(f"--vary makes {count} combinations, each of which asks all questions; at most "
                         f"{MOST_ARMS} are made.")  # fmt: skip
    yield from itertools.product(*varied)


def _split(values: str) -> list[str]:
    """The parts between commas that stand in no bracket: a value may be a list or an object in JSON."""
    parts, depth, quoted = [""], 0, False
    for letter in values:
        quoted ^= letter == '"'
        if not quoted:
            depth += (letter in "[{") - (letter in "]}")
        if letter == "," and depth == 0 and not quoted:
            parts.append("")
        else:
            parts[-1] += letter
    return list(dict.fromkeys(part.strip() for part in parts))


def _renamed(arm: Arm, baseline: str) -> Arm:
    name = BASELINE if arm.name == baseline else arm.name
    return Arm(name, arm.settings, arm.route, BASELINE if arm.baseline == baseline else arm.baseline)
