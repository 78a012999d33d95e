"""Values as plain JSON and raw arrays, so that nothing of a hostile process is ever unpickled.

A pickle runs what it names. A process in which a decoder was taken over may send what it likes, so
its answers are read by the type that the question calls for: every field, number and array is checked
against the annotations of our own dataclasses, and nothing else can come out.
"""

from __future__ import annotations

import dataclasses
import math
import types
import typing
from collections.abc import Callable
from contextlib import suppress
from functools import cache
from typing import Any, Literal, Union

import numpy as np
from numpy.typing import NDArray

Receive = Callable[[tuple[int, ...], np.dtype[Any]], NDArray[Any]]
"""Makes an array of this shape and type of the next raw bytes of the answer; says no where they are
more than may come."""

_INTEGERS = range(-(2**63), 2**63)
_DIMENSIONS = 4
_LONGEST = 2**31


class NotAnAnswer(Exception):
    """What came is not of the type that was asked for."""


def plain(value: Any, arrays: list[NDArray[Any]]) -> Any:
    """A value as JSON knows it; the bytes of its arrays follow in the order of `arrays`.

    Args:
        value: None, a bool, int, float or str, an array, or a dataclass, tuple or list of such.
        arrays: what is appended to.
    """
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, np.ndarray):
        arrays.append(np.ascontiguousarray(value))
        return list(value.shape)
    if isinstance(value, tuple | list):
        return [plain(item, arrays) for item in value]
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: plain(getattr(value, field.name), arrays) for field in dataclasses.fields(value)}
    raise TypeError(f"A guarded process cannot answer with a {type(value).__name__}.")


def build(kind: Any, data: Any, receive: Receive) -> Any:
    """The value of type `kind` from its plain form, checked all the way down.

    Args:
        kind: a dataclass, NDArray[...], tuple[...], Literal[...], float, int, str, bool or None, or
            one of them `| None`.
        data: what JSON gave.
        receive: called once for each array that is not empty, in the order in which they were sent.

    Raises:
        NotAnAnswer: `data` is no plain form of that type.
    """
    origin = typing.get_origin(kind)
    if dataclasses.is_dataclass(kind) and isinstance(kind, type):
        return _dataclass(kind, data, receive)
    if origin is np.ndarray:
        return _array(kind, data, receive)
    if origin is tuple:
        return _tuple(typing.get_args(kind), data, receive)
    if origin in (Union, types.UnionType):
        return _optional(typing.get_args(kind), data, receive)
    if origin is Literal:
        if any(type(data) is type(choice) and data == choice for choice in typing.get_args(kind)):
            return data
        raise NotAnAnswer
    return _scalar(kind, data)


def _scalar(kind: Any, data: Any) -> Any:
    if kind is float and type(data) in (int, float):
        if type(data) is float or data in _INTEGERS:
            return float(data)
    elif kind is str and type(data) is str:
        with suppress(UnicodeEncodeError):  # a lone surrogate is no text
            data.encode()
            return data
    elif kind is int and type(data) is int:
        if data in _INTEGERS:
            return data
    elif (kind is bool and type(data) is bool) or (kind in (None, types.NoneType) and data is None):
        return data
    raise NotAnAnswer


def _dataclass(kind: type, data: Any, receive: Receive) -> Any:
    hints = _hints(kind)
    # In the order in which they were sent: arrays are read as they are met.
    if not isinstance(data, dict) or list(data) != list(hints):
        raise NotAnAnswer
    return kind(**{name: build(hint, data[name], receive) for name, hint in hints.items()})


@cache
def _hints(kind: type) -> dict[str, Any]:
    hints = typing.get_type_hints(kind)
    return {field.name: hints[field.name] for field in dataclasses.fields(kind)}


def _array(kind: Any, data: Any, receive: Receive) -> NDArray[Any]:
    (scalar,) = typing.get_args(typing.get_args(kind)[1])
    if not isinstance(data, list) or len(data) > _DIMENSIONS:
        raise NotAnAnswer
    shape = tuple(data)
    if not all(type(length) is int and 0 <= length <= _LONGEST for length in shape):
        raise NotAnAnswer
    dtype = np.dtype(scalar)
    if dtype.hasobject:
        raise TypeError("Arrays of objects cannot be sent as bytes.")
    return receive(shape, dtype) if math.prod(shape) else np.zeros(shape, dtype)


def _tuple(kinds: tuple[Any, ...], data: Any, receive: Receive) -> tuple[Any, ...]:
    if not isinstance(data, list):
        raise NotAnAnswer
    if len(kinds) == 2 and kinds[1] is Ellipsis:
        return tuple(build(kinds[0], item, receive) for item in data)
    if len(kinds) != len(data):
        raise NotAnAnswer
    return tuple(build(kind, item, receive) for kind, item in zip(kinds, data, strict=True))


def _optional(kinds: tuple[Any, ...], data: Any, receive: Receive) -> Any:
    if data is None and types.NoneType in kinds:
        return None
    (kind,) = (kind for kind in kinds if kind is not types.NoneType)
    return build(kind, data, receive)
