"""Values of settings, layer over layer: files, environment, command line."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError

from motionsight_core.errors import UsageError
from motionsight_core.settings._names import did_you_mean


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


def merge(into: dict[str, Any], new: Mapping[str, Any]) -> None:
    """Lay nested values over others."""
    for key, value in new.items():
        if isinstance(value, Mapping) and isinstance(into.get(key), dict):
            merge(into[key], value)
        else:
            into[key] = value


def put(values: dict[str, Any], path: list[str], value: str) -> None:
    """Lay one value over nested ones.

    Raises:
        UsageError: the path leads through what has no keys.
    """
    *sections, key = path
    for section in sections:
        nested = values.setdefault(section, {})
        if not isinstance(nested, dict):
            raise UsageError(f"The setting {'.'.join(path)} does not exist: {section} has no keys.")
        values = nested
    # An empty value or "none" unsets: TOML and shells have no word for None.
    values[key] = None if value.lower() in ("", "none") else value


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
