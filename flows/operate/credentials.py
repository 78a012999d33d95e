"""Credentials in the environment, where the clients of stores and endpoints look for them, while a run lasts.

An environment is a process's, not a run's. Runs of one process at the same time may therefore only want the
same credentials; others wait a while, and are then refused.
"""

from __future__ import annotations

import os
import sys
import tempfile
import threading
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from motionsight_core.environment.credentials import credentials_changed
from motionsight_core.errors import RunError

GOOGLE_KEY_VARIABLE = "GOOGLE_APPLICATION_CREDENTIALS"
#: How long a run waits for another one of this process to be done with its credentials, seconds.
_PATIENCE_S = 60.0


@dataclass(frozen=True, slots=True)
class Credentials:
    """What clients find in the environment; never shown, since most of it is secret."""

    variables: Mapping[str, str | None] = field(default_factory=dict, repr=False)
    """Environment variables; None: it must not be set, since it would be mixed with the others."""
    google_key: str | None = field(default=None, repr=False)
    """A service account's key, JSON: a file that GOOGLE_APPLICATION_CREDENTIALS names."""

    def __or__(self, others: Credentials) -> Credentials:
        """Both, the others over these."""
        return Credentials(
            {**self.variables, **others.variables}, google_key=others.google_key or self.google_key
        )


NO_CREDENTIALS = Credentials()


@contextmanager
def credentials_in_environment(credentials: Credentials) -> Iterator[None]:
    """The credentials in `os.environ` for the length of the block; afterwards it is as it was.

    Runs of other threads that want the same share them. One that wants others, or none, waits for up to a
    minute: with the wrong credentials it might read, or pay for, what is somebody else's.

    Raises:
        RunError: this process is busy with other credentials.
    """
    thread = threading.get_ident()
    _take(credentials, thread)
    try:
        yield
    finally:
        _give_back(thread)


@dataclass(slots=True)
class _Held:
    credentials: Credentials
    threads: list[int]
    """Of the runs that use them; one that runs within another is there twice."""
    put_back: ExitStack


_held: _Held | None = None
_changed = threading.Condition()


def _take(credentials: Credentials, thread: int) -> None:
    global _held
    with _changed:

        def settled() -> bool:
            return _held is None or _held.credentials == credentials or thread in _held.threads

        _changed.wait_for(settled, timeout=_PATIENCE_S)
        if _held is None:
            _held = _Held(credentials, [], _put(credentials))
        elif _held.credentials != credentials:
            raise RunError(
                "This process is busy with a run that has other credentials, and an environment holds one "
                "set: start the two as deployments, which have a process each, or one after the other."
            )
        _held.threads.append(thread)


def _give_back(thread: int) -> None:
    global _held
    with _changed:
        if _held is None:
            return
        _held.threads.remove(thread)
        if not _held.threads:
            _held.put_back.close()
            _held = None
            _changed.notify_all()


def _put(credentials: Credentials) -> ExitStack:
    """Change the environment; closing what is returned changes it back."""
    with ExitStack() as put_back:
        if credentials == NO_CREDENTIALS:
            return put_back.pop_all()
        put_back.callback(_forget_clients)
        variables = dict(credentials.variables)
        if credentials.google_key is not None:
            variables[GOOGLE_KEY_VARIABLE] = put_back.enter_context(_private_file(credentials.google_key))
        for name, value in variables.items():
            put_back.callback(_set, name, os.environ.get(name))
            _set(name, value)
        _forget_clients()
        return put_back.pop_all()


def _set(name: str, value: str | None) -> None:
    if value is None:
        os.environ.pop(name, None)
    else:
        os.environ[name] = value


def _forget_clients() -> None:
    """Nothing that was made with the former credentials is used again."""
    credentials_changed()
    if "transforms" in sys.modules:
        from transforms.google_credentials import forget_google_credentials

        forget_google_credentials()


@contextmanager
def _private_file(text: str) -> Iterator[str]:
    """The path of a file that only this user can read, and that is gone when the process is.

    On Linux it lies in memory and has no name on any disk, so that not even a process that is killed leaves
    it behind.
    """
    if hasattr(os, "memfd_create"):
        with os.fdopen(os.memfd_create("motionsight"), "w") as file:
            file.write(text)
            file.flush()
            yield f"/proc/{os.getpid()}/fd/{file.fileno()}"
        return
    with tempfile.TemporaryDirectory() as folder:  # 0700
        path = Path(folder, "key.json")
        path.write_text(text)
        yield str(path)
