"""Every knob, as pydantic models whose defaults are the paper's values (arXiv 2506.01674).

`Settings` has two kinds of sections. Those that can change a row (sampling, blur, measure ...)
enter the `recipe`, which is half of a row's key. Those of operation (limits, runtime), of data sets,
of their media, of questions about them and of training do not: a run on more workers writes the same rows.

    from motionsight_core.settings import Settings

    settings = Settings.load("settings.toml", overrides=["sampling.frames=8"])
    print(settings.sampling.frames, settings.recipe())
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, ClassVar

from pydantic import Field, ValidationError
from pydantic_settings import (
    BaseSettings,
    InitSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)

from motionsight_core.annotator import Annotator
from motionsight_core.errors import UsageError
from motionsight_core.naming import choice, model_file
from motionsight_core.settings._dataset import DatasetSettings, SourceSettings
from motionsight_core.settings._instances import NO_CLIP, InstanceSettings
from motionsight_core.settings._layers import NamedValues, parse_toml, read_toml, sentence
from motionsight_core.settings._media import MediaKind, MediaSettings
from motionsight_core.settings._method import (
    BlurSettings,
    ClipSettings,
    FocusSettings,
    MeasureSettings,
    MllmSettings,
    NamingSettings,
    PromptNames,
    PromptSettings,
    ReferringSettings,
    SamplingSettings,
    Shown,
    SpotlightSettings,
)
from motionsight_core.settings._names import named_by_overrides, named_by_variables, require_no_overlaps
from motionsight_core.settings._operation import (
    LONGEST_S,
    EndpointSettings,
    LimitSettings,
    RuntimeSettings,
    StoreSettings,
)
from motionsight_core.settings._questions import QuestionsSettings
from motionsight_core.settings._section import Section
from motionsight_core.settings._training import TrainingSettings

__all__ = [
    "DIALOGUE_VERSION",
    "INSTANCES_VERSION",
    "LONGEST_S",
    "MEASUREMENT_VERSION",
    "NAMING_VERSION",
    "NO_CLIP",
    "BlurSettings",
    "ClipSettings",
    "DatasetSettings",
    "EndpointSettings",
    "FocusSettings",
    "InstanceSettings",
    "LimitSettings",
    "MeasureSettings",
    "MediaKind",
    "MediaSettings",
    "MllmSettings",
    "NamingSettings",
    "PromptNames",
    "PromptSettings",
    "QuestionsSettings",
    "ReferringSettings",
    "RuntimeSettings",
    "SamplingSettings",
    "Section",
    "Settings",
    "Shown",
    "SourceSettings",
    "SpotlightSettings",
    "StoreSettings",
    "TrainingSettings",
    "parse_toml",
    "require_known_variables",
]

#: Raise it when the code of the measurement or of its wording changes what a row says, so that
#: old rows keep their recipe and a rerun adds new ones.
MEASUREMENT_VERSION = 1
#: The same for the naming of tracks and what descriptions say of names; other weights say so themselves.
NAMING_VERSION = 2
#: The same for the conversations with a multimodal LLM, the visual prompts and object referring.
DIALOGUE_VERSION = 2
#: The same for the captions of single objects, where they are written.
INSTANCES_VERSION = 1


class Settings(Section):
    """All settings of MotionSight; `Settings()` is the paper's configuration, measured annotator."""

    annotator: str = Field(
        default="measured",
        description="What writes the descriptions: `measured`, `transformers:MODEL_ID_OR_DIR`, "
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
    naming: NamingSettings = NamingSettings()
    instances: InstanceSettings = InstanceSettings()
    limits: LimitSettings = LimitSettings()
    stores: StoreSettings = StoreSettings()
    media: MediaSettings = MediaSettings()
    dataset: DatasetSettings = DatasetSettings()
    questions: QuestionsSettings = QuestionsSettings()
    training: TrainingSettings = TrainingSettings()
    runtime: RuntimeSettings = Field(default_factory=lambda: RuntimeSettings())

    def recipe(self) -> str:
        """First 16 hex digits of sha256 over everything that can change a row.

        Raises:
            UsageError: there is no such annotator, or nothing that names tracks as `naming.model` says.
        """
        # How videos are split is in it too: whole videos and windows are different answers, and
        # `latest_motion` must not mix them.
        others = {"limits", "runtime", "endpoint", "stores", "media", "dataset", "questions", "training"}
        rows = self.model_dump(mode="json", exclude=others)
        rows["measurement_version"] = MEASUREMENT_VERSION
        if not self.clips.scenes:  # they change no row, and older rows keep their recipe
            for name in ("scenes", "scene_threshold", "min_scene_s"):
                del rows["clips"][name]
        for name in ("most_tracks", "least_confidence"):  # they came later than the recipe
            if getattr(self.measure, name) == getattr(MeasureSettings(), name):
                del rows["measure"][name]
        if self.sampling.shown == "all":
            del rows["sampling"]["shown"]
        for name, unset in (("by_kind", {}), ("evidence", "none")):
            if rows["prompts"][name] == unset:
                del rows["prompts"][name]
        if self.mllm.video_tokens == "all":
            for name in ("video_tokens", "events", "event_stride"):
                del rows["mllm"][name]
        if not self.mllm.relative_times:
            del rows["mllm"]["relative_times"]
        del rows["naming"]  # tracks without names have the recipe of before there were any
        if self.naming.model != choice.NONE:
            rows["naming"] = self._naming_in_recipe()
        del rows["instances"]  # without captions the recipe is that of before there were any
        if self.captions_instances:
            rows["instances"] = {**self.instances.in_recipe(), "version": INSTANCES_VERSION}
        annotator = Annotator.parse(self.annotator)
        if annotator.is_measured:
            for section in ("prompts", "mllm", "referring"):
                del rows[section]
        else:
            rows["dialogue_version"] = DIALOGUE_VERSION
            if annotator.is_remote and self.endpoint.frames_as != "images":
                rows["endpoint"] = {"frames_as": self.endpoint.frames_as}
        rows["annotator"] = annotator.in_recipe
        canonical = json.dumps(rows, sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(canonical.encode()).hexdigest()[:16]

    @property
    def captions_instances(self) -> bool:
        """Whether single objects get captions; where an ablation hides frames they do not."""
        return self.instances.captions and self.sampling.shown == "all"

    def _naming_in_recipe(self) -> dict[str, Any]:
        if not choice.is_loaded(self.naming.model):
            return {"model": model_file.IDENTITY, "version": NAMING_VERSION}
        looks = self.referring.model_dump(include={"max_pixels", "box_threshold", "text_threshold"})
        return {**self.naming.model_dump(mode="json"), **looks, "version": NAMING_VERSION}

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
        variables = named_by_variables(os.environ if environment is None else environment, cls)
        given = named_by_overrides(overrides, cls)
        require_no_overlaps({**variables, **given})
        return _settings_of(
            NamedValues(_Layers, given),
            NamedValues(_Layers, variables),
            InitSettingsSource(_Layers, {} if file is None else read_toml(Path(file))),
        )

    def overridden(self, overrides: Iterable[str]) -> Settings:
        """The same settings with some others: `section.key=value`, as `--set` takes them.

        Raises:
            UsageError: a name or a value is not valid.
        """
        given = named_by_overrides(overrides, Settings)
        require_no_overlaps(given)
        if not given:
            return self
        own = self.model_dump(exclude_unset=True)
        return _settings_of(NamedValues(_Layers, given), InitSettingsSource(_Layers, own))

    @classmethod
    def layered(cls, *layers: Mapping[str, Any]) -> Settings:
        """Settings from nested values, each layer over the one before.

        Raises:
            UsageError: a name or a value is not valid.
        """
        return _settings_of(*(InitSettingsSource(_Layers, dict(layer)) for layer in reversed(layers)))


class _Layers(Settings, BaseSettings):
    """Settings as their sources give them, the first before the others. `Settings` itself reads nothing."""

    # Sections read JSON where they take it.
    model_config: ClassVar[SettingsConfigDict] = SettingsConfigDict(enable_decoding=False)


def _settings_of(*sources: PydanticBaseSettingsSource) -> Settings:
    try:
        layers = _Layers(_build_sources=(sources, {}))  # pyrefly: ignore[unexpected-keyword] BaseSettings' own
    except ValidationError as error:
        raise UsageError(sentence(error, Settings)) from None
    return Settings.model_validate(layers.model_dump(exclude_unset=True))


def require_known_variables() -> None:
    """Make sure that every environment variable with our prefix means something.

    Raises:
        UsageError: one does not; it may be misspelt.
    """
    named_by_variables(os.environ, Settings)
