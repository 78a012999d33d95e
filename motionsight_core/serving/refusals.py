"""What a client is told where its request is not answered: a status, a code and one sentence.

A sentence about the client's own video is passed on. What went wrong behind the server (an endpoint, a store,
a defect) is told in general words: its own sentence may name addresses and folders, and is for the log.
"""

from __future__ import annotations

from motionsight_core.errors import (
    AnnotatorFailed,
    Archived,
    ClipError,
    Corrupt,
    Encrypted,
    ForbiddenProtocol,
    ModelUnavailable,
    NotAVideo,
    NoVideoStream,
    StoreUnavailable,
    TimedOut,
    TooLarge,
    Truncated,
    VersionGone,
)

#: Errors whose sentences speak of the video alone.
_ABOUT_THE_VIDEO = (
    Archived,
    Corrupt,
    Encrypted,
    ForbiddenProtocol,
    NotAVideo,
    NoVideoStream,
    TooLarge,
    Truncated,
)
#: Seconds after which a client may ask again.
_SOON_S = 5


class RequestError(Exception):
    """A request is not answered.

    Args:
        status: of HTTP.
        code: a stable name.
        message: one sentence for the client.
        param: the field of the request that it is about.
        retry_after_s: seconds after which the client may ask again.
    """

    def __init__(
        self,
        status: int,
        code: str,
        message: str,
        param: str | None = None,
        *,
        retry_after_s: int | None = None,
    ) -> None:
        super().__init__(message)
        self.status, self.code, self.message, self.param = status, code, message, param
        self.retry_after_s = retry_after_s


def invalid(message: str, param: str | None = None, *, code: str = "invalid_request") -> RequestError:
    """The request itself cannot be answered, now or later."""
    return RequestError(400, code, message, param)


def no_video(address: str) -> RequestError:
    """The same for what is not there and for what may not be opened: nobody learns what lies elsewhere."""
    return RequestError(
        404, "video_not_found", f"There is no video at {address!r} below a root of this server.", "messages"
    )


def said_to_client(error: Exception) -> RequestError:
    """What a client is told of an error of the method."""
    if isinstance(error, RequestError):
        return error
    if isinstance(error, _ABOUT_THE_VIDEO):
        return invalid(str(error), "messages", code=error.name)
    if isinstance(error, TimedOut):
        return RequestError(504, error.name, "Decoding the video took longer than this server allows.")
    if isinstance(error, VersionGone):
        return RequestError(409, error.name, "The video was changed while it was read; ask again.")
    if isinstance(error, StoreUnavailable):
        return RequestError(502, error.name, "The video cannot be read from where it is stored.")
    if isinstance(error, ModelUnavailable):
        return RequestError(
            503, error.name, "The model behind this server cannot be reached.", retry_after_s=_SOON_S
        )
    if isinstance(error, AnnotatorFailed):
        return RequestError(502, error.name, "The model behind this server failed on this request.")
    if isinstance(error, ClipError):
        return invalid("The video cannot be decoded.", "messages", code=error.name)
    return RequestError(500, "internal_error", "The server failed on this request; its log says why.")
