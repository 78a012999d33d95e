"""The addresses of the page: its files, the next pair, a choice, an undo, and clips."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import MutableHeaders
from starlette.middleware import Middleware
from starlette.requests import ClientDisconnect, Request
from starlette.responses import FileResponse, JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from flows.prefer.access import PageAccess
from motionsight_core.errors import MotionSightError, UsageError
from motionsight_core.preference import ChoiceLog, Pair, annotator_name, left_side
from motionsight_core.preference.choices import AlreadyChosen, Verdict
from motionsight_core.preference.page import page_text
from motionsight_core.preference.pairs import media_file

_LONGEST_BODY = 4096
#: A pair that was left open over night says nothing about the time that it took.
_MOST_SECONDS = 24 * 3600.0
_FILES = {
    "/": ("page.html", "text/html"),
    "/page.css": ("page.css", "text/css"),
    "/page.js": ("page.js", "text/javascript"),
}
#: What is needed to log in.
_OPEN_TO_ALL = ("/login", "/page.css")
#: Nothing is loaded from elsewhere, no program is run but the page's own, and no other page shows this one.
_HEADERS = {
    "content-security-policy": "default-src 'none'; script-src 'self'; style-src 'self'; media-src 'self'; "
    "img-src 'self' data:; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-resource-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cache-control": "no-store",
}

#: Browsers ask for a clip in parts, and again for each round of its loop.
_CLIP_HEADERS = {"cache-control": "private, max-age=600"}


class PreferencePage:
    """Shows pairs to annotators and writes what they choose.

    Args:
        directory: of the data set.
        pairs: in the order in which they are shown, each with a clip.
        log: where choices are kept.
        seed: of the sides.
        access: who may see the page.
    """

    def __init__(
        self, directory: Path, pairs: Sequence[Pair], log: ChoiceLog, seed: int, access: PageAccess
    ) -> None:
        self._directory, self._log, self._seed, self._access = directory, log, seed, access
        self._pairs = {pair.pair_id: pair for pair in pairs}

    def app(self) -> Starlette:
        """The ASGI application."""
        return Starlette(
            routes=[
                *(Route(path, _file(*named)) for path, named in _FILES.items()),
                Route("/login", self._access.login, methods=["GET", "POST"]),
                Route("/api/next", self._api(self._next), methods=["POST"]),
                Route("/api/choose", self._api(self._choose), methods=["POST"]),
                Route("/api/undo", self._api(self._undo), methods=["POST"]),
                Route("/media/{pair_id}", self._media),
            ],
            middleware=[Middleware(_Checked, access=self._access)],
        )

    def _api(self, act: Callable[[dict[str, Any]], dict[str, Any]]) -> Callable[..., Any]:
        """An address that takes JSON and answers with the annotator's next pair."""

        async def answer(request: Request) -> Response:
            kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
            if kind != "application/json":  # a form, which any web page can send, is not
                return JSONResponse({"error": "The body's content-type is not application/json."}, 415)
            try:
                asked = await _body(request)
                return JSONResponse(await run_in_threadpool(act, asked))
            except AlreadyChosen as error:
                return JSONResponse({"error": str(error)}, 409)
            except UsageError as error:
                return JSONResponse({"error": str(error)}, 400)
            except MotionSightError as error:
                return JSONResponse({"error": str(error)}, 503)
            except ClientDisconnect:
                return Response(status_code=400)

        return answer

    def _next(self, asked: dict[str, Any]) -> dict[str, Any]:
        return self._state(annotator_name(_text(asked, "annotator")))

    def _choose(self, asked: dict[str, Any]) -> dict[str, Any]:
        annotator = annotator_name(_text(asked, "annotator"))
        pair = self._pairs.get(_text(asked, "pair_id"))
        if pair is None:
            raise UsageError("There is no such pair; load the page again.")
        if asked.get("played") is not True and asked.get("choice") != "cannot_tell":
            raise UsageError("The clip has not been played to its end; watch it, then choose.")
        left = left_side(annotator, pair.pair_id, self._seed)
        verdicts: dict[str, Verdict] = {
            "left": left,
            "right": "b" if left == "a" else "a",
            "equal": "equal",
            "cannot_tell": "cannot_tell",
        }
        choice = verdicts.get(_text(asked, "choice"))
        if choice is None:
            raise UsageError(f"A choice is one of {', '.join(verdicts)}.")
        self._log.add(
            pair.pair_id,
            annotator,
            pair.aspect,
            left_side=left,
            choice=choice,
            seconds=_seconds(asked.get("seconds")),
        )
        return self._state(annotator)

    def _undo(self, asked: dict[str, Any]) -> dict[str, Any]:
        annotator = annotator_name(_text(asked, "annotator"))
        self._log.undo(annotator, self._pairs)
        return self._state(annotator)

    def _state(self, annotator: str) -> dict[str, Any]:
        """How far an annotator is, and the next pair: the first one that they have not judged yet."""
        chosen = self._log.of(annotator)
        left = [pair for pair in self._pairs.values() if pair.pair_id not in chosen]
        state: dict[str, Any] = {
            "annotator": annotator,
            "done": len(self._pairs) - len(left),
            "total": len(self._pairs),
            "can_undo": len(left) < len(self._pairs),
            "pair": None,
        }
        if left:
            pair = left[0]
            side = left_side(annotator, pair.pair_id, self._seed)
            # Who wrote a description, and its score, are not told: they would decide the choice.
            state["pair"] = {
                "pair_id": pair.pair_id,
                "aspect": pair.aspect,
                "left": pair.text(side),
                "right": pair.text("b" if side == "a" else "a"),
            }
        return state

    async def _media(self, request: Request) -> Response:
        """A pair's clip, whole or in part: a path is never taken from a request."""
        pair = self._pairs.get(request.path_params["pair_id"])
        path = pair and media_file(self._directory, pair)
        if not path:
            return Response(status_code=404)
        return FileResponse(path, headers=_CLIP_HEADERS)


class _Checked:
    """Refuses who may not see the page, and tells browsers with every answer what the page may do."""

    def __init__(self, app: ASGIApp, access: PageAccess) -> None:
        self._app, self._access = app, access

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in _HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        refusal = None if scope["path"] in _OPEN_TO_ALL else self._access.refusal(Request(scope))
        await (refusal or self._app)(scope, receive, send_with_headers)


def _file(name: str, kind: str) -> Callable[..., Any]:
    async def answer(request: Request) -> Response:
        return Response(page_text(name), media_type=kind)

    return answer


async def _body(request: Request) -> dict[str, Any]:
    body = bytearray()
    async for piece in request.stream():
        body += piece
        if len(body) > _LONGEST_BODY:
            raise UsageError("The body is too long.")
    try:
        asked = json.loads(body)
    except (ValueError, RecursionError):
        asked = None
    if not isinstance(asked, dict):
        raise UsageError("The body is no JSON object.")
    return asked


def _text(asked: dict[str, Any], name: str) -> str:
    value = asked.get(name)
    if not isinstance(value, str):
        raise UsageError(f"The field {name} is missing.")
    return value


def _seconds(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise UsageError("The field seconds is no number.")
    return min(max(float(value), 0.0), _MOST_SECONDS)
