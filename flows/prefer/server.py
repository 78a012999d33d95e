"""The process of the page's server: a port, the data set's pairs, and an end in good order."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from flows.prefer.access import PageAccess
from flows.prefer.page import PreferencePage
from flows.serve.listening import (
    answer_until_signal,
    bound_socket,
    end_as_told,
    is_loopback,
    secret_in,
)
from motionsight_core.dataset.markdown import plural
from motionsight_core.errors import UsageError
from motionsight_core.preference import ChoiceLog, ordered, read_pairs
from motionsight_core.preference.pairs import pairs_with_clips

#: Seconds that requests in hand are given when the server ends: a choice is written within milliseconds.
_GRACE_S = 5
_SHORTEST_TOKEN = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class ServedPage:
    """What is served, and to whom."""

    directory: Path
    """The data set."""
    host: str
    port: int
    """0: any that is free."""
    token_variable: str | None
    """Environment variable that holds the token with which people log in."""
    seed: int
    """Of the sides and of the order."""


def serve_page(served: ServedPage, *, say: Callable[[str], None]) -> None:
    """Serve the page until SIGTERM or Ctrl-C.

    Args:
        say: told what is served and the address, when the port is open.

    Raises:
        UsageError: there are no pairs with a clip to show, or the address or the token cannot be used.
        RunError: the port is taken, or choices cannot be written.
        Terminated: SIGTERM came.
    """
    token = secret_in(served.token_variable, "--token-variable", "token")
    if token is not None and len(token) < _SHORTEST_TOKEN:
        raise UsageError(
            f"The token in {served.token_variable} is shorter than {_SHORTEST_TOKEN} characters; make a "
            "longer one."
        )
    pairs = ordered(read_pairs(served.directory), served.seed)
    shown = pairs_with_clips(served.directory, pairs)
    with bound_socket(served.host, served.port) as listener:
        address, port = listener.getsockname()[:2]
        local = is_loopback(address)
        if token is None and not local:
            raise UsageError(
                f"Other machines can reach {served.host}: name the environment variable that holds a token "
                "with --token-variable."
            )
        with ChoiceLog(served.directory) as log:
            page = PreferencePage(
                served.directory, shown, log, served.seed, PageAccess(token, local_only=local)
            )
            name = f"[{served.host}]" if ":" in served.host else served.host

            def listening() -> None:
                if len(shown) < len(pairs):
                    say(f"{len(pairs) - len(shown)} pairs have no clip below media/ and are left out.")
                say(f"{plural(len(shown), 'pair')} to choose from at http://{name}:{port}/")

            signals = asyncio.run(
                answer_until_signal(page.app(), listener, listening=listening, grace_s=_GRACE_S)
            )
    end_as_told(signals)
