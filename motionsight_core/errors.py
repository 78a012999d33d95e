"""What can go wrong, as types. The class name is the `error` of a Failure row."""

from __future__ import annotations

from collections.abc import Iterator


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
    _name: str | None = None

    @property
    def name(self) -> str:
        return self._name or type(self).__name__

    @staticmethod
    def named(name: str, message: str, *, permanent: bool) -> ClipError:
        """The error of this name, such as another process reported it.

        Of its class, where that is loaded here and takes a message alone; else a ClipError that has the name.
        """
        for kind in _clip_errors():
            plain = kind.__init__ is ClipError.__init__ and kind.__str__ is ClipError.__str__
            if kind.__name__ == name and plain and kind.permanent == permanent:
                return kind(message)
        error = ClipError(message)
        error._name, error.permanent = name, permanent
        return error

    def with_message(self, message: str) -> ClipError:
        """The same failure, said differently."""
        return ClipError.named(self.name, message, permanent=self.permanent)


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


class VideoNotFound(ClipError):
    """No object of the name that a question gives its video is among those that were listed."""

    permanent = False


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


class Undecided(ClipError):
    """What was measured does not decide a question; the sentence says why."""


class ModelUnavailable(ClipError):
    """The multimodal LLM cannot be reached or refuses access, so that no clip can be described."""

    permanent = False


def one_line(text: object, *, most: int = 300, unprintable: str = "?") -> str:
    """What an error or another program says, as one line of printable text, cut where it is long."""
    words = " ".join(str(text)[: 10 * most].split())
    printable = "".join(letter if letter.isprintable() else unprintable for letter in words)
    return " ".join(printable.split())[:most]


def error_names() -> tuple[str, ...]:
    """Names of all errors that a Failure row can have; those of other packages as far as they are loaded."""
    return tuple(dict.fromkeys(kind.__name__ for kind in _clip_errors()))


def permanent_names() -> tuple[str, ...]:
    """Names of the errors that the same bytes would bring again."""
    return tuple(dict.fromkeys(kind.__name__ for kind in _clip_errors() if kind.permanent))


def _clip_errors(base: type[ClipError] = ClipError) -> Iterator[type[ClipError]]:
    """All subclasses of ClipError, direct or not, in any package."""
    for kind in base.__subclasses__():
        yield kind
        yield from _clip_errors(kind)
