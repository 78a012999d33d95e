"""`openai:BASE_URL#MODEL`: a model behind an OpenAI-compatible endpoint."""

from __future__ import annotations

import asyncio
import json
import os
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import CancelledError, Future
from queue import SimpleQueue
from typing import Any, TypeAlias, TypeVar

import openai
import orjson
from openai.types.chat import ChatCompletion

from motionsight_core.errors import AnnotatorFailed, BadReply, ClipError, ModelUnavailable, one_line
from motionsight_core.mllm._address import EndpointAddress, key_in
from motionsight_core.mllm._answer import (
    GATEWAY,
    denies_model,
    refusal_of,
    refuses_logprobs,
    refuses_video,
    reply_of,
    server_says,
)
from motionsight_core.mllm._base import Conversation, Reply
from motionsight_core.mllm._request import Pictures, request_of
from motionsight_core.mllm._yes import FIELDS, WITHOUT, yes_of
from motionsight_core.settings import Settings

T = TypeVar("T")
#: Reads a chat completion, which the SDK does not check, and the seconds that it took.
Read: TypeAlias = Callable[[Any, float], T | ClipError]

CONNECT_S = 10.0
PROBE_S = 5.0


class EndpointModel:
    """A model at an endpoint, asked from many threads over one event loop.

    Raises:
        UsageError: the address or the key cannot be used.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._address = EndpointAddress.parse(settings.annotator)
        self._key = key_in(settings.endpoint.key_variable)
        self._line: _Line | None = None
        self._lock = threading.Lock()

    @property
    def name(self) -> str:
        return f"openai:{self._address.model}"

    def reply(self, conversations: Sequence[Conversation]) -> list[Reply | ClipError]:
        """See `MultimodalModel.reply`; at most `endpoint.concurrency` requests at once, over all threads."""
        replies = dict(self.reply_each(conversations))
        return [replies[position] for position in range(len(conversations))]

    def reply_each(self, conversations: Sequence[Conversation]) -> Iterator[tuple[int, Reply | ClipError]]:
        """See `replies_as_they_come`; whoever stops early cancels the requests that are under way."""
        mllm = self._settings.mllm
        fields = {"max_tokens": mllm.max_new_tokens, "temperature": mllm.temperature, "seed": mllm.seed}
        yield from self._each(conversations, fields, reply_of)

    def yes_probability(self, conversations: Sequence[Conversation]) -> list[float | ClipError]:
        """See `ScoringModel.yes_probability`; from the log-probabilities of the most probable tokens."""
        found = dict(self._each(conversations, FIELDS, lambda completion, _: yes_of(completion)))
        return [found[position] for position in range(len(conversations))]

    def _each(
        self, conversations: Sequence[Conversation], fields: Mapping[str, Any], read: Read[T]
    ) -> Iterator[tuple[int, T | ClipError]]:
        """What is answered in each conversation, as it comes, with its position."""
        line, frames_as = self._connect(), self._settings.endpoint.frames_as
        fields = {"model": self._address.model, **fields, **self._settings.mllm.extra_body}
        pictures = Pictures()
        came: SimpleQueue[int] = SimpleQueue()
        asked: dict[int, Future[T | ClipError]] = {}
        try:
            for position, conversation in enumerate(conversations):
                # Pictures are encoded here, in the caller's thread, while earlier requests are under way.
                try:
                    said = request_of(conversation, frames_as=frames_as, pictures=pictures)
                except Exception as error:
                    yield position, AnnotatorFailed(f"{type(error).__name__}: {one_line(error)}")
                    continue
                # null takes a field away that a server does not know.
                body = {name: value for name, value in {**said, **fields}.items() if value is not None}
                answer = line.complete(body, read)
                request = asyncio.run_coroutine_threadsafe(answer, line.loop)
                asked[position] = request
                request.add_done_callback(lambda _, position=position: came.put(position))
                while not came.empty():
                    done = came.get()
                    yield done, _answer(asked.pop(done))
            while asked:
                done = came.get()
                yield done, _answer(asked.pop(done))
        finally:
            for request in asked.values():
                request.cancel()

    def close(self) -> None:
        """Give up requests that are under way, whose callers get AnnotatorFailed, and end the thread.

        Need not be called: the thread keeps no process alive. A later `reply` connects anew.
        """
        with self._lock:
            line, self._line = self._line, None
        if line is not None and line.process == os.getpid():
            line.close()

    def _connect(self) -> _Line:
        line = self._line
        if line is not None and line.process != os.getpid():
            # Threads and connections stay behind in a fork's parent, and the lock may be held there.
            self._lock, self._line = threading.Lock(), None
        with self._lock:
            if self._line is None:
                self._line = _Line(self._settings, self._address, self._key)
            return self._line


class _Line:
    """One event loop in a thread, with its connections."""

    def __init__(self, settings: Settings, address: EndpointAddress, key: str | None) -> None:
        self.process = os.getpid()
        self.loop = asyncio.new_event_loop()
        self._endpoint = settings.endpoint
        self._address, self._key = address, key
        self._slots = asyncio.Semaphore(self._endpoint.concurrency)
        connect_s = min(CONNECT_S, self._endpoint.timeout_s)
        self._client = openai.AsyncOpenAI(
            base_url=address.base_url,
            api_key=key or "none",
            max_retries=self._endpoint.retries,
            timeout=openai.Timeout(None, connect=connect_s),
            http_client=_Connections(self._endpoint.timeout_s, self._endpoint.concurrency),
        )
        self._thread = threading.Thread(target=self.loop.run_forever, name="mllm-endpoint", daemon=True)
        self._thread.start()

    def close(self) -> None:
        asyncio.run_coroutine_threadsafe(self._hang_up(), self.loop).result(timeout=5)
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join(timeout=5)
        self.loop.close()

    async def _hang_up(self) -> None:
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)
        await self._client.close()

    async def complete(self, body: Mapping[str, Any], read: Read[T]) -> T | ClipError:
        """What is read of one chat completion; never raises but when cancelled.

        Args:
            body: the request's, as JSON.
            read: see Read.
        """
        async with self._slots:
            start_s = time.perf_counter()
            try:
                # `chat.completions.create` would go through all messages before it writes them, which takes
                # as long again. Written here, only requests that are under way are there in full.
                completion = await self._client.post(
                    "/chat/completions",
                    cast_to=ChatCompletion,
                    content=orjson.dumps(body),
                    options={"security": {"bearer_auth": True}},  # no other key of the environment
                )
                answer = read(completion, time.perf_counter() - start_s)
            except Exception as error:
                answer = await self._failure(error)
        return self._without_key(answer)

    async def _failure(self, error: Exception) -> ClipError:
        """The error of one conversation; what concerns the endpoint as a whole is ModelUnavailable."""
        url, tries = self._address.base_url, f"{self._endpoint.retries + 1} tries"
        if isinstance(error, _TookTooLong):
            return AnnotatorFailed(
                f"The endpoint took longer than {self._endpoint.timeout_s:g} s (endpoint.timeout_s)."
            )
        if isinstance(error, openai.APIResponseValidationError | json.JSONDecodeError | UnicodeDecodeError):
            return BadReply(f"The endpoint's answer is not a chat completion: {one_line(error)}")
        if isinstance(error, openai.APIStatusError):
            if error.status_code in (401, 403):
                return self._locked_out(error.status_code)
            if error.status_code == 404 or denies_model(error, self._address.model):
                return await self._not_found(error)
            if error.status_code == 429:
                return ModelUnavailable(
                    f"The endpoint {url} still has too many requests after {tries} (HTTP 429: "
                    f"{server_says(error)}). Lower endpoint.concurrency or raise endpoint.retries."
                )
            if refuses_logprobs(error):
                return ModelUnavailable(f"{WITHOUT} (HTTP {error.status_code}: {server_says(error)})")
            if self._endpoint.frames_as == "video" and refuses_video(error):
                return ModelUnavailable(
                    f"The endpoint {url} takes no frames as a video: set endpoint.frames_as to images, or "
                    f"serve the model with a vLLM that does (HTTP {error.status_code}: {server_says(error)})."
                )
            if error.status_code not in GATEWAY:
                return refusal_of(error)
            what = f"HTTP {error.status_code}: {server_says(error)}"
        elif isinstance(error, openai.APIConnectionError):
            what = one_line(f"{type(error.__cause__).__name__}: {error.__cause__}")
        else:
            return AnnotatorFailed(f"{type(error).__name__}: {one_line(error)}")
        if await self._is_up():
            return AnnotatorFailed(
                f"The endpoint fails on this request but answers others ({what}; {tries})."
            )
        return ModelUnavailable(f"The endpoint {url} cannot be reached ({what}; {tries}).")

    def _locked_out(self, status: int) -> ModelUnavailable:
        variable = self._endpoint.key_variable
        todo = (
            f"it does not accept the key in the environment variable {variable}."
            if self._key
            else f"set the environment variable {variable} to its key."
        )
        return ModelUnavailable(
            f"The endpoint {self._address.base_url} refuses access (HTTP {status}): {todo}"
        )

    async def _not_found(self, error: openai.APIStatusError) -> ModelUnavailable:
        url, model = self._address.base_url, self._address.model
        try:
            async with asyncio.timeout(PROBE_S):
                listed = await self._client.with_options(max_retries=0).models.list()
            names = [str(entry.id) for entry in listed.data]
        except Exception:
            names = []
        if names and model not in names:
            known = one_line(", ".join(names))
            return ModelUnavailable(f"The endpoint {url} has no model {model}; it has {known}.")
        return ModelUnavailable(
            f"The endpoint {url} cannot use the model {model} (HTTP {error.status_code}: "
            f"{server_says(error)}). Check the URL, which usually ends in /v1, and the model's name."
        )

    async def _is_up(self) -> bool:
        """Whether the endpoint answers at all, whatever it says."""
        try:
            async with asyncio.timeout(PROBE_S):
                await self._client.with_options(max_retries=0).models.list()
        except openai.APIStatusError as error:
            return error.status_code < 500
        except (openai.OpenAIError, TimeoutError):
            return False
        except Exception:
            return True  # it answered, in a way of its own
        return True

    def _without_key(self, answer: T | ClipError) -> T | ClipError:
        """The same, without the key, should the server have repeated it."""
        if self._key and isinstance(answer, ClipError) and self._key in str(answer):
            return type(answer)(str(answer).replace(self._key, "***"))
        return answer


class _TookTooLong(openai.APITimeoutError):
    """Not tried again: a server that is too slow is not helped by asking once more."""


class _Connections(openai.DefaultAsyncHttpxClient):
    """As many connections as requests, and a limit of wall-clock time for each request."""

    def __init__(self, timeout_s: float, concurrency: int) -> None:
        limits = type(openai.DEFAULT_CONNECTION_LIMITS)
        super().__init__(
            limits=limits(max_connections=concurrency + 8, max_keepalive_connections=concurrency)
        )
        self._timeout_s = timeout_s

    async def send(self, request: Any, **options: Any) -> Any:
        # The time-outs of the HTTP client count the pauses between bytes, not the whole.
        try:
            async with asyncio.timeout(self._timeout_s):
                return await super().send(request, **options)
        except TimeoutError:
            raise _TookTooLong(request) from None


def _answer(request: Future[T | ClipError]) -> T | ClipError:
    try:
        return request.result()
    except CancelledError:
        return AnnotatorFailed("The endpoint's connection was closed while it was being asked.")
