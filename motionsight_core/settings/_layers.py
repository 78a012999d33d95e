"""The layers of settings, as sources of pydantic-settings, and what is said of values that are not valid."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic_settings import BaseSettings, EnvSettingsSource
from pydantic_settings.sources.types import EnvNoneType

from motionsight_core.errors import UsageError
from motionsight_core.settings._names import did_you_mean, may_be_unset

_NONE = "none"


def read_toml(file: Path) -> dict[str, Any]:
    """The values of a settings file.

    Raises:
        UsageError: it cannot be read, or is no TOML.
    """
    try:
        return parse_toml(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise UsageError(f"Cannot read the settings file {file}: {error.strerror}.") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UsageError(f"The settings file {file} is not valid TOML: {error}.") from None


def parse_toml(text: str) -> dict[str, Any]:
    """The values of a text in TOML, which may begin with the byte-order mark that some editors write.

    Raises:
        tomllib.TOMLDecodeError: it is no TOML.
    """
    return tomllib.loads(text.removeprefix("\ufeff"))


class NamedValues(EnvSettingsSource):
    """Text for settings by their names, such as `sampling.frames`: what the environment and --set bring."""

    def __init__(self, settings: type[BaseSettings], values: Mapping[str, str]) -> None:
        super().__init__(settings, env_prefix="", env_nested_delimiter=".", env_parse_none_str=_NONE)
        # An empty value or "none" unsets: TOML and shells have no word for None. A setting that cannot be
        # unset may have a value of that name, such as the prompt `none`.
        self.env_vars = {
            name: EnvNoneType(_NONE)
            if not value or (value.lower() == _NONE and may_be_unset(name, settings))
            else value
            for name, value in values.items()
        }


def sentence(error: ValidationError, model: type[BaseModel]) -> str:
    """What is not valid in a model's values, in one sentence."""
    parts = []
    for problem in error.errors():
        name = ".".join(str(part) for part in problem["loc"])
        if problem["type"] == "extra_forbidden":
            parts.append(f"there is no setting {name}{did_you_mean(name, model)}")
        else:
            parts.append(f"{name}: {problem['msg'].lower()}, got {problem['input']!r}")
    return f"Settings are not valid: {'; '.join(parts)}."
