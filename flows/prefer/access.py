"""Access to the page: people who have logged in with the token; without a token, this machine alone."""

from __future__ import annotations

import hashlib
import hmac
from urllib.parse import parse_qs

from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response

from flows.serve.listening import is_this_machine
from motionsight_core.preference.page import page_text

_COOKIE = "motionsight_prefer"
_COOKIE_S = 30 * 24 * 3600
_LONGEST_FORM = 4096


class PageAccess:
    """Checks requests before they are answered.

    Args:
        token: with which people log in; None: none is asked for.
        local_only: the server listens on this machine alone. A page in a browser can have its own name lead
            to this machine, so without a token requests for another name than this machine's are refused.
    """

    def __init__(self, token: str | None, *, local_only: bool) -> None:
        self._token, self._local_only = token, local_only
        # What the cookie holds is made from the token, so that people stay logged in over a restart, and the
        # token itself is not kept in their browsers.
        made = hmac.digest((token or "").encode(), b"motionsight prefer: a session", hashlib.sha256)
        self._session = made.hex()

    def refusal(self, request: Request) -> Response | None:
        """The answer to a request that may not be answered; None for others."""
        if self._token is None:
            if self._local_only and not is_this_machine(request.headers.get("host", "")):
                return PlainTextResponse("This page answers on this machine's own names only.\n", 403)
            return None
        given = request.cookies.get(_COOKIE, "")
        if hmac.compare_digest(given.encode(), self._session.encode()):
            return None
        if request.url.path == "/":
            return RedirectResponse("/login", 303)
        return PlainTextResponse("Log in first, at /login.\n", 401)

    async def login(self, request: Request) -> Response:
        """The form that asks for the token, and what becomes of it."""
        if self._token is None:
            return RedirectResponse("/", 303)
        if request.method != "POST":
            return HTMLResponse(_form(""))
        body = bytearray()
        async for piece in request.stream():
            body += piece
            if len(body) > _LONGEST_FORM:
                return PlainTextResponse("The form is too long.\n", 413, {"connection": "close"})
        given = parse_qs(body.decode("latin-1")).get("token", [""])[0].strip()
        if not hmac.compare_digest(given.encode(), self._token.encode()):
            return HTMLResponse(_form("This is not the token. Ask the person who runs the page for it."), 401)
        answer = RedirectResponse("/", 303)
        answer.set_cookie(
            _COOKIE,
            self._session,
            max_age=_COOKIE_S,
            httponly=True,
            samesite="strict",
            secure=request.headers.get("x-forwarded-proto") == "https",
        )
        return answer


def _form(complaint: str) -> str:
    return page_text("login.html").replace("<!-- complaint -->", complaint)
