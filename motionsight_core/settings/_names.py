"""The names of all settings, and which of them a misspelt one may have meant."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from difflib import get_close_matches
from types import NoneType
from typing import Any, cast, get_args, get_origin

from pydantic import BaseModel

from motionsight_core import environment
from motionsight_core.errors import UsageError


def setting_names(model: type[BaseModel], above: str = "") -> Iterator[str]:
    """The paths of a model's settings, such as `sampling.frames`."""
    for name, field in model.model_fields.items():
        kind = field.annotation
        if _is_section(kind):
            yield from setting_names(cast("type[BaseModel]", kind), f"{above}{name}.")
        else:
            yield above + name


def named_by_variables(variables: Mapping[str, str], model: type[BaseModel]) -> dict[str, str]:
    """The values of settings that environment variables hold, by the settings' names.

    Raises:
        UsageError: the name of a variable begins as ours do, but means nothing.
    """
    values: dict[str, str] = {}
    for variable, value in variables.items():
        if not environment.may_be_setting(variable):
            continue
        name = environment.name_of(variable)
        if _stray(name, model):
            raise UsageError(
                f"MotionSight knows no environment variable {variable}{_meant(name, model)}; correct it or "
                "unset it."
            )
        values[name] = value
    return values


def named_by_overrides(overrides: Iterable[str], model: type[BaseModel]) -> dict[str, str]:
    """The values of `section.key=value`, by the settings' names; of two for one setting, the later.

    Raises:
        UsageError: one is not of this form, or names no setting.
    """
    values: dict[str, str] = {}
    for override in overrides:
        name, equals, value = override.partition("=")
        name = name.strip()
        if not equals:
            raise UsageError(f"--set takes KEY=VALUE, for example sampling.frames=8; got {override!r}.")
        if stray := _stray(name, model):
            raise UsageError(
                f"Settings are not valid: there is no setting {stray}{did_you_mean(stray, model)}."
            )
        values[name] = value
    return values


def did_you_mean(name: str, model: type[BaseModel]) -> str:
    """` (did you mean ...?)` after the name of a setting that does not exist; empty where none is like it."""
    found = _nearest(name, (*setting_names(model), *model.model_fields))
    return f" (did you mean {found}?)" if found else ""


def may_be_unset(name: str, model: type[BaseModel]) -> bool:
    """Whether None is a value of a setting, or of a key within a table; the name is not a stray one."""
    *_, kind = _kinds(name.split("."), model)
    return _is_section(kind) or get_origin(kind) is dict or NoneType in get_args(kind)


def _stray(name: str, model: type[BaseModel]) -> str | None:
    """The part of a name up to where it leads to no setting; None where it is a setting or a section's.

    Settings that are tables have any keys.
    """
    path = name.split(".")
    kinds = list(_kinds(path, model))
    if len(kinds) == len(path) or (kinds and get_origin(kinds[-1]) is dict):
        return None
    if kinds and not _is_section(kinds[-1]):
        raise UsageError(f"The setting {name} does not exist: {path[len(kinds) - 1]} has no keys.")
    return ".".join(path[: len(kinds) + 1])


def _kinds(path: Sequence[str], model: type[BaseModel]) -> Iterator[Any]:
    """The types along a path, as far as it leads: of sections, and of the setting that it ends at."""
    for key in path:
        if key not in model.model_fields:
            return
        kind = model.model_fields[key].annotation
        yield kind
        if not _is_section(kind):
            return
        model = cast("type[BaseModel]", kind)


def _is_section(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, BaseModel)


def require_no_overlaps(names: Collection[str]) -> None:
    """Make sure that no name stands below another one, whose value is text.

    Raises:
        UsageError: one does.
    """
    for name in names:
        above = name.rpartition(".")[0]
        while above:
            if above in names:
                key = above.rpartition(".")[2]
                raise UsageError(f"The setting {name} does not exist: {key} has no keys.")
            above = above.rpartition(".")[0]


def _meant(name: str, model: type[BaseModel]) -> str:
    variables = {environment.name_of(variable): variable for variable in sorted(environment.VARIABLES)}
    variables |= {known: environment.variable_of(known) for known in setting_names(model)}
    found = _nearest(name, tuple(variables))
    return f" (did you mean {variables[found]}?)" if found else ""


def _nearest(name: str, known: Sequence[str]) -> str | None:
    """The known name that is most like this one; one with the same key in another section counts as like."""
    section, _, key = name.rpartition(".")
    keys = {other.rpartition(".")[2]: other for other in reversed(known)}
    if key in keys:
        return keys[key]
    # A section that is right makes all its names alike: there only the key says anything.
    beside = {other.removeprefix(f"{section}."): other for other in known if other.startswith(f"{section}.")}
    if section and beside:
        close = get_close_matches(key, beside, n=1)
        return beside[close[0]] if close else None
    close = get_close_matches(name, known, n=1)
    return close[0] if close else None
