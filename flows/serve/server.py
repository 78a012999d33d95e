"""The process of a server: a port, the models before it opens, and an end in good order."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import socket
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import uvicorn

from flows.serve.access import Access, is_loopback
from flows.serve.service import Bounds, Service
from flows.serve.slots import Slots
from motionsight_core.annotator import Annotator
from motionsight_core.errors import RunError, Terminated, UsageError
from motionsight_core.guarded.pool import shared_decoder
from motionsight_core.mllm import key_in
from motionsight_core.serving import MediaLimits, Opening, Roots, Sights
from motionsight_core.settings import Settings

#: Connections, also idle ones; others are told 503.
_MOST_CONNECTIONS = 1000
#: Seconds that an idle connection is kept: longer than clients keep theirs, which may not meet a closed one.
_IDLE_S = 75


@dataclass(frozen=True, slots=True, kw_only=True)
class Served:
    """What is served, and to whom."""

    roots: tuple[str, ...]
    """Folders and prefixes below which videos may be named."""
    host: str
    port: int
    """0: any that is free."""
    key_variable: str | None
    """Environment variable that holds the key which clients must send."""
    insecure: bool
    """Whether other machines may ask without a key."""
    concurrency: int | None
    """Requests that are answered at once; None: `endpoint.concurrency` where an endpoint is asked, else
    `runtime.decode_processes`."""
    queue: int
    """Requests that may wait."""
    bounds: Bounds
    limits: MediaLimits


def serve_until_ended(
    settings: Settings, served: Served, *, say: Callable[[str], None], log: Callable[[str], None]
) -> None:
    """Serve until SIGTERM or Ctrl-C, which finish the requests in hand; a second one ends all at once.

    Args:
        say: told the address when the port is open.
        log: told one line of everything that fails behind the server.

    Raises:
        UsageError: the address, the key or a root cannot be used.
        RunError: the port is taken, or a model cannot be loaded.
        Terminated: SIGTERM came, and every request in hand was answered.
    """
    key = _key(served.key_variable)
    with bound_socket(served.host, served.port) as listener:
        address, port = listener.getsockname()[:2]
        local = is_loopback(address)
        if key is None and not local and not served.insecure:
            raise UsageError(
                f"Other machines can reach {served.host}: name the environment variable that holds a key "
                "with --key-variable, or allow everybody with --insecure."
            )
        roots = Roots(served.roots, settings.stores)
        sights = Sights(settings)
        sights.load()
        shared_decoder(settings).start_one()
        shown = f"[{served.host}]" if ":" in served.host else served.host
        signals = asyncio.run(
            answer_until_ended(
                listener,
                served,
                lambda slots: Service(
                    sights,
                    Opening(settings, roots, served.limits),
                    slots,
                    Access(key, local_only=local),
                    served.bounds,
                    log,
                ),
                served.concurrency or _concurrency(settings),
                lambda: say(f"Serving {sights.name} at http://{shown}:{port}/v1"),
            )
        )
    if signal.SIGTERM in signals:
        raise Terminated("Ended by SIGTERM; the requests in hand were answered.")
    if signal.SIGINT in signals:
        sys.exit(130)


async def answer_until_ended(
    listener: socket.socket,
    served: Served,
    service_on: Callable[[Slots], Service],
    concurrency: int,
    started: Callable[[], None],
) -> list[int]:
    """Serve until a signal; returns which came."""
    slots = Slots(concurrency, served.queue)
    service = service_on(slots)
    config = uvicorn.Config(
        service.app(),
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
        timeout_graceful_shutdown=int(served.bounds.timeout_s) + 5,
    )
    server = _Server(config, started)
    signals: list[int] = []
    loop = asyncio.get_running_loop()

    def end(number: int) -> None:
        signals.append(number)
        service.ending = server.should_exit = True
        for each in (signal.SIGTERM, signal.SIGINT):
            loop.remove_signal_handler(each)

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, end, number)
    try:
        await server.serve(sockets=[listener])
    finally:
        slots.close()
    return signals


class _Server(uvicorn.Server):
    """Says when it listens, and leaves signals to us."""

    def __init__(self, config: uvicorn.Config, listening: Callable[[], None]) -> None:
        super().__init__(config)
        self._listening = listening

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._listening()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:  # pyright: ignore[reportIncompatibleMethodOverride]
        yield


def _key(variable: str | None) -> str | None:
    if variable is None:
        return None
    key = key_in(variable)
    if key is None:
        raise UsageError(f"The environment variable {variable}, named by --key-variable, holds no key.")
    return key


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


def _concurrency(settings: Settings) -> int:
    is_remote = Annotator.parse(settings.annotator).is_remote
    return settings.endpoint.concurrency if is_remote else settings.runtime.decode_processes
