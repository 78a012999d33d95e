"""The addresses of the server: models, chat completions, health."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from flows.serve.access import Access
from flows.serve.slots import Slots
from motionsight_core.errors import one_line
from motionsight_core.serving import (
    ChatRequest,
    Opening,
    RequestError,
    Said,
    Sights,
    completion,
    error_body,
    events,
    model_list,
    read_request,
    said_to_client,
)

#: Another name of the one model of a server, whatever its annotator is.
ALIAS = "motionsight"
#: Seconds in which a request's body must have come.
_BODY_S = 60.0
#: Seconds after which a server that ends is replaced by another, more or less.
_ENDING_S = 10
#: Bodies of up to so many times what is allowed are read to their end and thrown away, and then refused.
_DISCARDED = 4
_CLIENT_GONE = 499
_MIB = 1 << 20


class _Unwanted(Exception):
    """Nobody waits for the answer any more."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """What one request may take."""

    timeout_s: float
    """Seconds from its body to its answer, waiting included."""
    max_body_mb: float
    """MiB."""


class Service:
    """Answers requests with the method.

    Args:
        sights: the method.
        opening: what opens their clips.
        slots: where they wait and are answered.
        access: who may ask.
        bounds: of one request.
        log: told one line of everything that is not the client's fault.
    """

    def __init__(
        self,
        sights: Sights,
        opening: Opening,
        slots: Slots,
        access: Access,
        bounds: Bounds,
        log: Callable[[str], None],
    ) -> None:
        self._sights, self._opening, self._slots = sights, opening, slots
        self._access, self._bounds, self._log = access, bounds, log
        self._names = (sights.name, ALIAS)
        self._created = int(time.time())
        self.ending = False
        """Whether the server is about to end, and takes no new requests."""

    def app(self) -> Starlette:
        """The ASGI application."""
        return Starlette(
            routes=[
                Route("/health", self._health, methods=["GET"]),
                Route("/v1/models", self._models, methods=["GET"]),
                Route("/v1/models/{name:path}", self._model, methods=["GET"]),
                Route("/v1/chat/completions", self._chat, methods=["POST"]),
            ],
            exception_handlers={
                RequestError: _told,
                HTTPException: _told,
                ClientDisconnect: lambda *_: Response(status_code=_CLIENT_GONE),
            },
        )

    async def _health(self, request: Request) -> Response:
        state = {"status": "ending" if self.ending else "ok"}
        counts = {"running": self._slots.running, "waiting": self._slots.waiting}
        return JSONResponse(state | counts, status_code=503 if self.ending else 200)

    async def _models(self, request: Request) -> Response:
        self._access.check(request)
        return JSONResponse(model_list(self._names, self._created))

    async def _model(self, request: Request) -> Response:
        self._access.check(request)
        name = request.path_params["name"]
        self._require_model(name)
        return JSONResponse(model_list((name,), self._created)["data"][0])

    async def _chat(self, request: Request) -> Response:
        self._access.check(request)
        if self.ending:
            raise RequestError(503, "ending", "The server is about to end.", retry_after_s=_ENDING_S)
        kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        if kind != "application/json":  # a form, which any web page can send, is not
            raise RequestError(415, "not_json", "The body's content-type is not application/json.")
        with self._slots.place():
            # In another thread, as a body may be long, and without a slot: what is wrong is told at once.
            asked = await asyncio.to_thread(read_request, await self._body(request))
            if asked.model:
                self._require_model(asked.model)
            said = await self._in_time(request, asked)
        if not asked.stream:
            return JSONResponse(completion(said, self._sights.name))
        written = b"".join(events(said, self._sights.name, include_usage=asked.include_usage))
        return Response(written, media_type="text/event-stream", headers={"cache-control": "no-cache"})

    async def _body(self, request: Request) -> bytes:
        most = int(self._bounds.max_body_mb * _MIB)
        too_large = RequestError(
            413, "body_too_large", f"The body is larger than {self._bounds.max_body_mb:g} MiB."
        )
        # A client that is answered while it still sends may see a broken connection in place of the answer.
        declared = request.headers.get("content-length", "")
        if declared.isascii() and declared.isdigit() and int(declared[:20]) > _DISCARDED * most:
            raise too_large
        body, length = bytearray(), 0
        try:
            async with asyncio.timeout(_BODY_S):
                async for piece in request.stream():
                    length += len(piece)
                    if length <= most:
                        body += piece
                    elif length > _DISCARDED * most:
                        raise too_large
                    else:
                        body.clear()
        except TimeoutError:
            raise RequestError(408, "body_too_slow", f"The body did not come within {_BODY_S:g} s.") from None
        if length > most:
            raise too_large
        return bytes(body)

    async def _in_time(self, request: Request, asked: ChatRequest) -> Said:
        """The answer, unless the time is up or the client goes away."""
        unwanted = threading.Event()
        work = asyncio.ensure_future(self._slots.run(lambda: self._answered(asked, unwanted)))
        left = asyncio.ensure_future(_left(request))
        try:
            done, _ = await asyncio.wait(
                {work, left}, timeout=self._bounds.timeout_s, return_when=asyncio.FIRST_COMPLETED
            )
            if work in done:
                return work.result()
            if left in done:
                raise ClientDisconnect
            raise RequestError(504, "timeout", f"There was no answer within {self._bounds.timeout_s:g} s.")
        finally:
            unwanted.set()
            work.cancel()
            left.cancel()

    def _answered(self, asked: ChatRequest, unwanted: threading.Event) -> Said:
        """What the method says, in a thread.

        Raises:
            RequestError: there is no answer.
            _Unwanted: nobody waits for it.
        """

        def is_wanted() -> None:
            if unwanted.is_set():
                raise _Unwanted

        try:
            clip = self._opening.decoded(asked, self._sights.products(asked))
            is_wanted()
            said = self._sights.said(asked, clip, is_wanted=is_wanted)
        except Exception as error:
            if unwanted.is_set():  # the method may say in its own words that it was ended
                raise _Unwanted from None
            told = said_to_client(error)
            if told.status >= 500:
                self._log(f"{told.status} {told.code}: {one_line(error)} ({type(error).__name__})")
            raise told from None
        if said.reason != said.refusal:
            self._log(f"200 refused: {one_line(said.reason)}")
        return said

    def _require_model(self, name: str) -> None:
        if name not in self._names:
            raise RequestError(
                404,
                "model_not_found",
                f"There is no model {one_line(name, most=100)!r} here; there is {self._names[0]!r}, "
                f"also called {ALIAS!r}.",
                "model",
            )


async def _left(request: Request) -> None:
    """Returns when the client has gone away."""
    while (await request.receive())["type"] != "http.disconnect":
        pass


def _refused(error: RequestError) -> JSONResponse:
    headers = {} if error.retry_after_s is None else {"retry-after": str(error.retry_after_s)}
    if error.status == 401:
        headers["www-authenticate"] = "Bearer"
    if error.status in (408, 413, 415):  # the rest of the body is not read
        headers["connection"] = "close"
    return JSONResponse(error_body(error), status_code=error.status, headers=headers)


def _told(request: Request, error: Exception) -> Response:
    if isinstance(error, HTTPException):
        code = {404: "not_found", 405: "method_not_allowed"}.get(error.status_code, "invalid_request")
        error = RequestError(error.status_code, code, f"{error.detail}.")
    return _refused(said_to_client(error))
