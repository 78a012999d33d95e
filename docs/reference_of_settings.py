"""The reference of the settings, written from their models."""

from __future__ import annotations

import json
from collections.abc import Iterator
from types import UnionType
from typing import Any, Literal, get_args, get_origin

from annotated_types import Ge, Gt, Le, Lt
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from motionsight_core import environment
from motionsight_core.errors import UsageError
from motionsight_core.settings import Settings

_HEAD = """# Settings

Every setting with its type, its bounds and its default. A settings file has a table for each section, a
command takes `--set sampling.frames=8`, the environment `MOTIONSIGHT_SAMPLING__FRAMES=8`. Which of them
wins, and what a run in Prefect adds, is in [Configuration](../configuration.md). An empty value or `none`
unsets a setting.

**Recipe** says whether a setting is part of the recipe, and so of a row's key: with another value, a clip
gets another row.
"""
#: What the end of a name says of its unit.
_UNITS = {"_s": "seconds", "_mb": "MiB", "pixels": "pixels", "fps": "frames per second", "tokens": "tokens"}
_SIGNS = {Ge: "at least", Gt: "above", Le: "at most", Lt: "below"}
#: What settings are tried on to see whether another value makes another recipe.
_RECIPES: dict[str, dict[str, Any]] = {
    "yes": {},
    "with `clips.scenes`": {"clips": {"scenes": True}},
    "where a loaded detector names tracks": {"naming": {"model": "transformers:some/model"}},
    "where a multimodal LLM annotates": {"annotator": "transformers:some/model"},
    "where an endpoint is asked": {"annotator": "openai:http://localhost/v1#model"},
    "with `mllm.video_tokens` at `events`": {
        "annotator": "transformers:some/model",
        "mllm": {"video_tokens": "events"},
    },
    "with `instances.captions`": {"instances": {"captions": True}},
    "with `instances.captions` and `instances.clip`": {"instances": {"captions": True, "clip": "some/clip"}},
}


def settings_reference() -> str:
    return "\n".join([_HEAD, *_section(Settings, "")])


def _section(model: type[BaseModel], above: str) -> Iterator[str]:
    for name, field in model.model_fields.items():
        kind = field.annotation
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            yield f"## {name}\n\n{kind.__doc__}\n"
            yield from _section(kind, f"{above}{name}.")
        else:
            yield _setting(f"{above}{name}", field)


def _setting(path: str, field: FieldInfo) -> str:
    facts = {
        "Type": _type(field.annotation),
        "Bounds": ", ".join(_bounds(field)),
        "Unit": _unit(path, field.annotation),
        "Default": _default(path, field),
        "Variable": f"`{environment.variable_of(path)}`",
        "Recipe": _recipe(path, field),
    }
    lines = [f"- {fact}: {value}" for fact, value in facts.items() if value]
    return "\n".join([f"### `{path}`\n\n{field.description}\n", *lines, ""])


def _type(annotation: Any) -> str:
    if get_origin(annotation) is Literal:
        return "one of " + ", ".join(f"`{choice}`" for choice in get_args(annotation))
    if type(None) in get_args(annotation):
        (kind,) = (kind for kind in get_args(annotation) if kind is not type(None))
        return f"{_type(kind)}, or unset"
    if get_origin(annotation) is tuple and issubclass(get_args(annotation)[0], BaseModel):
        return "list of tables"
    if get_origin(annotation) is UnionType:
        return ", or ".join(map(_type, get_args(annotation)))
    return {
        bool: "true or false",
        int: "whole number",
        float: "number",
        str: "text",
        tuple: "list of texts",
        dict: "table of JSON values",
    }[get_origin(annotation) or annotation]


def _unit(path: str, annotation: Any) -> str:
    if get_origin(annotation) is Literal:
        return ""
    return next((unit for end, unit in _UNITS.items() if path.endswith(end)), "")


def _bounds(field: FieldInfo) -> Iterator[str]:
    for bound in field.metadata:
        if isinstance(bound, Ge | Gt | Le | Lt):
            yield f"{_SIGNS[type(bound)]} {_value(bound):,}"


def _value(bound: Ge | Gt | Le | Lt) -> Any:
    return next(getattr(bound, name) for name in ("ge", "gt", "le", "lt") if hasattr(bound, name))


def _default(path: str, field: FieldInfo) -> str:
    if path == "runtime.decode_processes":
        return "the number of cores"
    value = field.get_default(call_default_factory=True)
    if value is None:
        return "unset"
    if value in ("", (), {}):
        return "empty"
    return f"`{json.dumps(value) if isinstance(value, bool) else value}`"


def _recipe(path: str, field: FieldInfo) -> str:
    """Whether another value makes another recipe, found by trying."""
    for answer, values in _RECIPES.items():
        base = Settings.layered(values)
        for other in _others(field):
            try:
                changed = Settings.layered(values, _nested(path, other)).recipe()
            except UsageError:
                continue
            if changed != base.recipe():
                return answer
    return "no"


def _others(field: FieldInfo) -> Iterator[Any]:
    """Values of a setting's type that are not its default; not all of them are in its bounds."""
    default = field.get_default(call_default_factory=True)
    kind = field.annotation
    kinds = {kind, get_origin(kind), *get_args(kind)}
    if get_origin(kind) is Literal:
        yield from (choice for choice in get_args(kind) if choice != default)
    elif bool in kinds:
        yield not default
    elif kinds & {int, float}:
        yield from (default + 1, default / 2) if default is not None else (1, 300)
    else:
        texts = ("none", "openai:http://localhost/v1#model", "http://localhost")
        yield from (*texts, {"name": 1}, {"action_order": "none"}, ("--name=1",))


def _nested(path: str, value: Any) -> dict[str, Any]:
    *sections, key = path.split(".")
    nested: dict[str, Any] = {key: value}
    for section in reversed(sections):
        nested = {section: nested}
    return nested
