"""Beam without two fifths of what the making of a small pipeline costs.

For each step Beam looks three times at the signature of every method that the step's class has, thirty and
more, nearly all of them inherited from its own `DoFn`; and each of its threads asks anew, for every step,
whether one of them takes state. A catalog's shard of minutes does not notice; hundreds of tests whose shards
are a few tiny clips do. A function's signature stays the same, so here it is looked at once.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from types import FunctionType, MethodType
from typing import Any
from weakref import WeakKeyDictionary

_Arguments = tuple[list[str], list[Any]]
_Specs = tuple[set[Any], set[Any]]
_FUNCTIONS = (FunctionType, MethodType)


def keep_signatures() -> None:
    """Have Beam, where it is imported, look at a method's signature once."""
    core: Any = sys.modules.get("apache_beam.transforms.core")
    if core is None or isinstance(core.get_function_args_defaults, _Kept):
        return
    core.get_function_args_defaults = _Kept(core.get_function_args_defaults)
    userstate: Any = sys.modules["apache_beam.transforms.userstate"]
    userstate.get_dofn_specs = _KeptSpecs(userstate.get_dofn_specs)


class _Kept:
    """Names and defaults of the arguments of bound methods, kept by their function."""

    def __init__(self, look: Callable[[Any], _Arguments]) -> None:
        self._look = look
        self._kept: WeakKeyDictionary[FunctionType, _Arguments] = WeakKeyDictionary()

    def __call__(self, method: Any) -> _Arguments:
        if not (isinstance(method, MethodType) and isinstance(method.__func__, FunctionType)):
            return self._look(method)
        kept = self._kept.get(method.__func__)
        if kept is None:
            kept = self._kept[method.__func__] = self._look(method)
        names, defaults = kept
        return list(names), list(defaults)


class _KeptSpecs:
    """State and timers that the methods of a step use, kept by the step's class."""

    def __init__(self, look: Callable[[Any], _Specs]) -> None:
        self._look = look
        self._kept: WeakKeyDictionary[type, dict[frozenset[str], _Specs]] = WeakKeyDictionary()

    def __call__(self, step: Any) -> _Specs:
        own = {name: value for name, value in vars(step).items() if isinstance(value, _FUNCTIONS)}
        if any(isinstance(value, MethodType) for value in own.values()):
            return self._look(step)
        # Functions take no state; but they stand before methods of the class that have their names.
        kept = self._kept.setdefault(type(step), {})
        if (hidden := frozenset(own)) not in kept:
            kept[hidden] = self._look(step)
        states, timers = kept[hidden]
        return set(states), set(timers)
