"""What writes the descriptions: the setting `annotator`, parsed once and asked everywhere."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from motionsight_core.backends import MLLMS
from motionsight_core.errors import UsageError

if TYPE_CHECKING:
    from motionsight_core.mllm import EndpointAddress

MEASURED = "measured"


@dataclass(frozen=True, slots=True)
class Annotator:
    """`measured`, or a multimodal LLM: `transformers:...`, `openai:...`, or one of another package.

    A multimodal LLM's backend (`mllm.MllmBackend`) is looked up when something is asked that only it knows.
    """

    scheme: str
    """What stands before the colon: how the model is run."""
    model: str = ""
    """What stands after it: which model."""

    @classmethod
    def parse(cls, text: str) -> Annotator:
        """From the setting.

        Raises:
            UsageError: there is no such annotator, or its model is not written as it must be.
            ModelMissing: the package that registers it cannot be imported.
        """
        if text == MEASURED:
            return cls(MEASURED)
        found = MLLMS.split(text)
        if found is None:
            *names, last = MEASURED, *MLLMS.usages()
            raise UsageError(
                f"There is no annotator {text.partition(':')[0]!r}: it is {', '.join(names)} or {last}."
            )
        annotator = cls(*found)
        _ = annotator.name
        return annotator

    @property
    def is_measured(self) -> bool:
        """Whether the descriptions are written from the measurement, with no model."""
        return self.scheme == MEASURED

    @property
    def in_process(self) -> bool:
        """Whether a model is loaded in this process, which takes its memory, and its GPU where it has one."""
        return not self.is_measured and getattr(self.backend, "in_process", True)

    @property
    def is_remote(self) -> bool:
        """Whether another machine is asked, so that this one mostly waits."""
        return not self.is_measured and not self.in_process

    @property
    def name(self) -> str:
        """What the column `annotator` says: `measured`, `transformers:LOCATION`, `openai:MODEL`."""
        return self._with_model("column")

    @property
    def in_recipe(self) -> str:
        """What enters the recipe: the setting, without what changes no row."""
        return self._with_model("recipe")

    @property
    def endpoint(self) -> EndpointAddress | None:
        """Which model at which OpenAI-compatible endpoint; None where no such endpoint is asked."""
        address = None if self.is_measured else getattr(self.backend, "address", None)
        return address(self.model) if address else None

    @property
    def backend(self) -> Any:
        """What opens the multimodal LLM.

        Raises:
            UsageError: `measured` asks none, or two packages claim the name.
            ModelMissing: the package that registers it cannot be imported.
        """
        if self.is_measured:
            raise UsageError(
                "The annotator `measured` uses no multimodal LLM: name transformers:MODEL_ID_OR_DIR or "
                "openai:BASE_URL#MODEL."
            )
        return MLLMS.load(self.scheme)

    def __str__(self) -> str:
        return f"{self.scheme}:{self.model}" if self.model else self.scheme

    def _with_model(self, form: str) -> str:
        """The setting, with its model in a form for which the backend may have a rule."""
        rule = None if self.is_measured else getattr(self.backend, form, None)
        return f"{self.scheme}:{rule(self.model)}" if rule else str(self)
