"""The names of all settings, and which of them a misspelt one may have meant."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from difflib import get_close_matches

from pydantic import BaseModel

from motionsight_core import environment
from motionsight_core.errors import UsageError


def setting_names(model: type[BaseModel], above: str = "") -> Iterator[str]:
    """The paths of a model's settings, such as `sampling.frames`."""
    for name, field in model.model_fields.items():
        kind = field.annotation
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            yield from setting_names(kind, f"{above}{name}.")
        else:
            yield above + name


def settings_in(variables: Mapping[str, str], model: type[BaseModel]) -> Iterator[tuple[list[str], str]]:
    """The path and the value of each setting that environment variables hold.

    Raises:
        UsageError: the name of a variable begins as ours do, but means nothing.
    """
    names = tuple(setting_names(model))
    for variable, value in variables.items():
        if not environment.may_be_setting(variable):
            continue
        path = environment.path_of(variable)
        if not _is_known(path, names):
            raise UsageError(
                f"MotionSight knows no environment variable {variable}{_meant(path, names)}; correct it or "
                "unset it."
            )
        yield path, value


def did_you_mean(name: str, model: type[BaseModel]) -> str:
    """` (did you mean ...?)` after the name of a setting that does not exist; empty where none is like it."""
    found = _nearest(name, (*setting_names(model), *model.model_fields))
    return f" (did you mean {found}?)" if found else ""


def _is_known(path: Sequence[str], names: Sequence[str]) -> bool:
    """Whether a path names a setting, a key within one, or a section (which then needs a table's values)."""
    within = {".".join(path[:depth]) for depth in range(1, len(path) + 1)}
    return not within.isdisjoint(names) or any(name.startswith(".".join(path) + ".") for name in names)


def _meant(path: Sequence[str], names: Sequence[str]) -> str:
    variables = {environment.path_of(name)[0]: name for name in sorted(environment.VARIABLES)}
    variables |= {name: environment.variable_of(name) for name in names}
    found = _nearest(".".join(path), tuple(variables))
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
