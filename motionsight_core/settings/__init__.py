"""Every knob, as pydantic models whose defaults are the paper's values (arXiv 2506.01674).

`Settings` has two kinds of sections. Those that can change a row (sampling, blur, measure ...)
enter the `recipe`, which is half of a row's key. Those of operation (limits, runtime) do not:
a run on more workers writes the same rows.

    from motionsight_core.settings import Settings

    settings = Settings.load("settings.toml", overrides=["sampling.frames=8"])
    print(settings.sampling.frames, settings.recipe())
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable, Mapping
from copy import deepcopy
from pathlib import Path
from typing import Any

from pydantic import Field, ValidationError

from motionsight_core.errors import UsageError
from motionsight_core.settings._layers import merge, parse_toml, put, read_toml, sentence
from motionsight_core.settings._method import (
    BlurSettings,
    ClipSettings,
    FocusSettings,
    MeasureSettings,
    MllmSettings,
    PromptName,
    PromptSettings,
    ReferringSettings,
    SamplingSettings,
    SpotlightSettings,
)
from motionsight_core.settings._names import settings_in
from motionsight_core.settings._operation import (
    LONGEST_S,
    EndpointSettings,
    LimitSettings,
    RuntimeSettings,
    StoreSettings,
)
from motionsight_core.settings._section import Section

__all__ = [
    "DIALOGUE_VERSION",
    "LONGEST_S",
    "MEASUREMENT_VERSION",
    "BlurSettings",
    "ClipSettings",
    "EndpointSettings",
    "FocusSettings",
    "LimitSettings",
    "MeasureSettings",
    "MllmSettings",
    "PromptName",
    "PromptSettings",
    "ReferringSettings",
    "RuntimeSettings",
    "SamplingSettings",
    "Section",
    "Settings",
    "SpotlightSettings",
    "StoreSettings",
    "parse_toml",
    "require_known_variables",
]

#: Raise it when the code of the measurement or of its wording changes what a row says, so that
#: old rows keep their recipe and a rerun adds new ones.
MEASUREMENT_VERSION = 1
#: The same for the conversations with a multimodal LLM, the visual prompts and object referring.
DIALOGUE_VERSION = 2


class Settings(Section):
    """All settings of MotionSight; `Settings()` is the paper's configuration, measured annotator."""

    annotator: str = Field(
        default="measured",
        description="Who writes the descriptions: `measured`, `transformers:MODEL_ID_OR_DIR`, "
        "`openai:BASE_URL#MODEL`.",
    )
    clips: ClipSettings = ClipSettings()
    sampling: SamplingSettings = SamplingSettings()
    blur: BlurSettings = BlurSettings()
    referring: ReferringSettings = ReferringSettings()
    focus: FocusSettings = FocusSettings()
    prompts: PromptSettings = PromptSettings()
    mllm: MllmSettings = MllmSettings()
    endpoint: EndpointSettings = EndpointSettings()
    spotlight: SpotlightSettings = SpotlightSettings()
    measure: MeasureSettings = MeasureSettings()
    limits: LimitSettings = LimitSettings()
    stores: StoreSettings = StoreSettings()
    runtime: RuntimeSettings = Field(default_factory=lambda: RuntimeSettings())

    def recipe(self) -> str:
        """First 16 hex digits of sha256 over everything that can change a row."""
        # How videos are split is in it too: whole videos and windows are different answers, and
        # `latest_motion` must not mix them.
        rows = self.model_dump(mode="json", exclude={"limits", "runtime", "endpoint", "stores"})
        rows["measurement_version"] = MEASUREMENT_VERSION
        if not self.clips.scenes:  # they change no row, and older rows keep their recipe
            for name in ("scenes", "scene_threshold", "min_scene_s"):
                del rows["clips"][name]
        if self.annotator == "measured":
            for section in ("prompts", "mllm", "referring"):
                del rows[section]
        else:
            rows["dialogue_version"] = DIALOGUE_VERSION
        if self.annotator.startswith("openai:"):
            # Where an endpoint listens changes no row; which model it serves does.
            rows["annotator"] = "openai:#" + self.annotator.rpartition("#")[2]
        canonical = json.dumps(rows, sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(canonical.encode()).hexdigest()[:16]

    @classmethod
    def load(
        cls,
        file: Path | str | None = None,
        overrides: Iterable[str] = (),
        environment: Mapping[str, str] | None = None,
    ) -> Settings:
        """Settings from, each over the one before: defaults, TOML file, environment, overrides.

        Args:
            file: TOML with a table per section (`[sampling]`, `frames = 8`).
            overrides: `section.key=value` or `key=value`, as `--set` takes them.
            environment: variables such as `MOTIONSIGHT_SAMPLING__FRAMES=8`; `os.environ` if unset.

        Raises:
            UsageError: the file, a name or a value is not valid, or there is a variable MOTIONSIGHT_... that
                means nothing; one sentence each.
        """
        values: dict[str, Any] = {}
        if file is not None:
            merge(values, read_toml(Path(file)))
        for path, value in settings_in(os.environ if environment is None else environment, cls):
            put(values, path, value)
        for override in overrides:
            name, equals, value = override.partition("=")
            if not equals:
                raise UsageError(f"--set takes KEY=VALUE, for example sampling.frames=8; got {override!r}.")
            put(values, name.strip().split("."), value)
        return cls.layered(values)

    @classmethod
    def layered(cls, *layers: Mapping[str, Any]) -> Settings:
        """Settings from nested values, each layer over the one before.

        Raises:
            UsageError: a name or a value is not valid.
        """
        values: dict[str, Any] = {}
        for layer in layers:
            merge(values, deepcopy(dict(layer)))
        try:
            return cls.model_validate(values)
        except ValidationError as error:
            raise UsageError(sentence(error, cls)) from None


def require_known_variables() -> None:
    """Make sure that every environment variable with our prefix means something.

    Raises:
        UsageError: one does not; it may be misspelt.
    """
    for _ in settings_in(os.environ, Settings):
        pass
