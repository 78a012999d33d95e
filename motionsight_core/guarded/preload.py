"""Loads what libraries would load when they first need it: once the files are locked, that is too late."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator

import av

#: What NumPy loads when it is first named, and Python's codecs for text in files.
_LATE = (
    *(f"numpy.{name}" for name in ("char", "fft", "ma", "polynomial", "random", "rec", "strings")),
    *(
        f"encodings.{name}"
        for name in ("ascii", "latin_1", "utf_8", "utf_8_sig", "utf_16", "utf_16_le", "utf_16_be", "cp1252")
    ),
)
#: Downloads sample videos; nothing of PyAV imports it.
_NEVER = frozenset({"av.__main__", "av.datasets"})


def load_lazy_modules() -> None:
    """Import every module that decoding may import later, such as PyAV's for a subtitle stream."""
    for name in (*_modules_of_pyav(), *_LATE):
        importlib.import_module(name)


def _modules_of_pyav() -> Iterator[str]:
    for module in pkgutil.walk_packages(av.__path__, "av."):
        if module.name not in _NEVER:
            yield module.name
