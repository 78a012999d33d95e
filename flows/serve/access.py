"""Access to the server: clients with the key; without one, programs of this machine, but no foreign page."""

from __future__ import annotations

import hmac

from starlette.requests import Request

from flows.serve.listening import is_this_machine
from motionsight_core.serving import RequestError


class Access:
    """Checks requests before anything of their bodies is read.

    Args:
        key: that clients must send as `Authorization: Bearer KEY`; None: none is asked for.
        local_only: the server listens on this machine alone, without a key. A page in a browser can have its
            own name lead to this machine, so requests for another name than this machine's are refused.
    """

    def __init__(self, key: str | None, *, local_only: bool) -> None:
        self._key, self._local_only = key, local_only

    def check(self, request: Request) -> None:
        """Make sure that a request may be answered.

        Raises:
            RequestError: it may not.
        """
        if self._key is not None:
            scheme, _, given = request.headers.get("authorization", "").partition(" ")
            matches = hmac.compare_digest(given.strip().encode(), self._key.encode())
            if scheme.lower() != "bearer" or not matches:
                raise RequestError(
                    401, "invalid_api_key", "The key is missing or wrong; send Authorization: Bearer KEY."
                )
        elif self._local_only and not is_this_machine(request.headers.get("host", "")):
            raise RequestError(
                403, "wrong_host", "Without a key this server answers on this machine's own names only."
            )
