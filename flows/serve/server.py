"""The process of a server: a port, the models before it opens, and an end in good order."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from dataclasses import dataclass

from flows.serve.access import Access
from flows.serve.listening import answer_until_signal, bound_socket, end_as_told, is_loopback, secret_in
from flows.serve.service import Bounds, Service
from flows.serve.slots import Slots
from motionsight_core.annotator import Annotator
from motionsight_core.errors import UsageError
from motionsight_core.guarded.pool import shared_decoder
from motionsight_core.serving import MediaLimits, Opening, Roots, Sights
from motionsight_core.settings import Settings


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
    key = secret_in(served.key_variable, "--key-variable", "key")
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
    end_as_told(signals)


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

    def ending() -> None:
        service.ending = True

    try:
        return await answer_until_signal(
            service.app(),
            listener,
            listening=started,
            ending=ending,
            grace_s=int(served.bounds.timeout_s) + 5,
        )
    finally:
        slots.close()


def _concurrency(settings: Settings) -> int:
    is_remote = Annotator.parse(settings.annotator).is_remote
    return settings.endpoint.concurrency if is_remote else settings.runtime.decode_processes
