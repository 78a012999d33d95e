"""What can go wrong, as types. The class name is the `error` of a Failure row."""

from __future__ import annotations


class MotionSightError(Exception):
    """Base of all errors raised on purpose; `str(error)` is one clear sentence."""


class UsageError(MotionSightError):
    """The caller asked for something that does not exist or is not valid (exit code 2)."""


class NoWarehouse(UsageError):
    """Nothing was ever written at the warehouse's address."""


class RunError(MotionSightError):
    """The run itself could not finish (exit code 1)."""


class Terminated(RunError):
    """The run was told to end, and did so between two shards (exit code 143)."""


class ModelMissing(RunError):
    """A model's weights, or the packages that run it, are not on this machine."""


class ClipError(MotionSightError):
    """One object or clip could not be annotated: becomes a Failure row, the rest goes on.

    `permanent` says that the same bytes under the same recipe would fail again, so that a rerun
    need not try.
    """

    permanent = True

    @property
    def name(self) -> str:
        return type(self).__name__


class NotAVideo(ClipError):
    """The content is not in a video format that MotionSight reads."""


class NoVideoStream(ClipError):
    """A media file without a video stream (audio only, or cover art)."""


class Truncated(ClipError):
    """The file ends so early that nothing of the video can be decoded."""


class Encrypted(ClipError):
    """The video is protected: it cannot be decoded without a key."""


class Corrupt(ClipError):
    """The container opens, but its pictures cannot be decoded."""


class TooLarge(ClipError):
    """More pixels, frames or memory than the limits allow."""


class ForbiddenProtocol(ClipError):
    """A playlist or manifest, or a file that refers to other files or to the network."""


class UnusableName(ClipError):
    """The object's name cannot be written as text."""


class UnreadableNotification(ClipError):
    """A message on the topic of a bucket's notifications that is not a notification."""


class TimedOut(ClipError):
    """Decoding took longer than the wall-clock limit."""

    permanent = False


class DecoderCrashed(ClipError):
    """The decoding process died, twice."""

    permanent = False


class Archived(ClipError):
    """The store keeps the object in an archive, from which it must be restored before it can be read."""


class VersionGone(ClipError):
    """The version that was listed is no longer what the store holds."""

    permanent = False


class StoreUnavailable(ClipError):
    """The store refused or failed to give the object."""

    permanent = False


class AnnotatorFailed(ClipError):
    """The annotator raised on this clip."""

    permanent = False


class ModelRefused(ClipError):
    """The multimodal LLM would not answer: a content filter, a prompt too long, a bad request."""


class BadReply(ClipError):
    """The multimodal LLM's reply cannot be used: it is empty, too long, or not to the point."""

    permanent = False


class ModelUnavailable(ClipError):
    """The multimodal LLM cannot be reached or refuses access, so that no clip can be described."""

    permanent = False


def error_names() -> tuple[str, ...]:
    """Names of all errors that a Failure row can have."""
    return tuple(kind.__name__ for kind in ClipError.__subclasses__())


def permanent_names() -> tuple[str, ...]:
    """Names of the errors that the same bytes would bring again."""
    return tuple(kind.__name__ for kind in ClipError.__subclasses__() if kind.permanent)
