"""What every server of ours does: a port, the end in good order, and who is on this machine."""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import signal
import socket
import sys
from collections.abc import Callable, Iterator

import uvicorn
from starlette.applications import Starlette

from motionsight_core.errors import RunError, Terminated, UsageError
from motionsight_core.mllm import key_in

#: Connections, also idle ones; others are told 503.
_MOST_CONNECTIONS = 1000
#: Seconds that an idle connection is kept: longer than clients keep theirs, which may not meet a closed one.
_IDLE_S = 75


async def answer_until_signal(
    app: Starlette,
    listener: socket.socket,
    *,
    listening: Callable[[], None],
    ending: Callable[[], None] = lambda: None,
    grace_s: int,
) -> list[int]:
    """Serve until SIGTERM or Ctrl-C, which finish the requests in hand; a second one ends all at once.

    Args:
        app: what answers.
        listener: a bound socket.
        listening: called when the port is open.
        ending: called when the first signal comes.
        grace_s: seconds that requests in hand are given.

    Returns:
        The signals that came.
    """
    config = uvicorn.Config(
        app,
        http="h11",
        ws="none",
        lifespan="off",
        loop="asyncio",
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        limit_concurrency=_MOST_CONNECTIONS,
        timeout_keep_alive=_IDLE_S,
        timeout_graceful_shutdown=grace_s,
    )
    server = _Server(config, listening)
    signals: list[int] = []
    loop = asyncio.get_running_loop()

    def end(number: int) -> None:
        signals.append(number)
        ending()
        server.should_exit = True
        for each in (signal.SIGTERM, signal.SIGINT):
            loop.remove_signal_handler(each)

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, end, number)
    await server.serve(sockets=[listener])
    return signals


def end_as_told(signals: list[int]) -> None:
    """End the process as the signals that came say.

    Raises:
        Terminated: SIGTERM came, and every request in hand was answered.
    """
    if signal.SIGTERM in signals:
        raise Terminated("Ended by SIGTERM; the requests in hand were answered.")
    if signal.SIGINT in signals:
        sys.exit(130)


class _Server(uvicorn.Server):
    """Says when it listens, and leaves signals to us."""

    def __init__(self, config: uvicorn.Config, listening: Callable[[], None]) -> None:
        super().__init__(config)
        self._listening = listening

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._listening()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def secret_in(variable: str | None, option: str, what: str) -> str | None:
    """The key or token (`what`) in the environment variable that an option names; None where none is named.

    Raises:
        UsageError: the variable is empty, or holds what cannot stand in a header.
    """
    if variable is None:
        return None
    secret = key_in(variable)
    if secret is None:
        raise UsageError(f"The environment variable {variable}, named by {option}, holds no {what}.")
    return secret


def bound_socket(host: str, port: int) -> socket.socket:
    """A socket that is bound and does not listen yet: a port that is taken is known before models load."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except (OSError, UnicodeError):
        raise UsageError(f"{host!r} is no address of this machine.") from None
    family, kind, protocol, _, address = found[0]
    listener = socket.socket(family, kind, protocol)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
    except OSError as error:
        listener.close()
        raise RunError(f"Port {port} of {host} cannot be used: {error.strerror}.") from None
    return listener


def is_loopback(address: str) -> bool:
    """Whether an IP address is reached from this machine alone."""
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return False


def is_this_machine(host: str) -> bool:
    """Whether the `Host` header of a request names this machine, with a port or without."""
    name = host[1:].partition("]")[0] if host.startswith("[") else host.partition(":")[0]
    return name.lower() == "localhost" or is_loopback(name)
