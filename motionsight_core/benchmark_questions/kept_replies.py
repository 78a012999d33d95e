"""What a model said, kept beside the questions: a run that is killed, or made again, asks nothing twice.

A reply is a line of JSON, appended when it comes. A last line that was torn is no reply. Once all is asked
the file is written anew in the order of its keys: it is the same however often the run was killed.
"""

from __future__ import annotations

import hashlib
import json
import os
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from motionsight_core.annotator import Annotator
from motionsight_core.errors import RunError
from motionsight_core.mllm import Conversation
from motionsight_core.settings import Settings
from motionsight_core.warehouse.staged_files import append_whole

FILE = "replies.jsonl"


@dataclass(frozen=True, slots=True)
class Said:
    """What came of asking about one clip."""

    key: str
    """Of the model, how it is asked, and the words: see `key_of`."""
    clip_id: str
    reply: str | None
    """As it came; None where there is none."""
    error: str | None = None
    """Why there is none: the error's name and sentence, of one that the same question would bring again."""


def key_of(settings: Settings, conversation: Conversation) -> str:
    """First 32 hex digits of sha256 over model, `mllm` settings and words."""
    how = settings.mllm.model_dump_json()
    words = "".join(message.as_text() for message in conversation)
    parts = (Annotator.parse(settings.annotator).in_recipe, how, words)
    return hashlib.sha256("\0".join(parts).encode(errors="replace")).hexdigest()[:32]


class KeptReplies:
    """The replies of a folder of questions; one process at a time has it.

    Args:
        folder: of the questions; made when the first reply is kept.
    """

    def __init__(self, folder: Path) -> None:
        self._path = folder / FILE
        self._said = {one.key: one for one in _read(self._path)}
        self._file: int | None = None

    def get(self, key: str) -> Said | None:
        """What was said, if it was asked."""
        return self._said.get(key)

    def add(self, said: Said) -> None:
        """Keep what was said; when this returns it outlives the process.

        Raises:
            RunError: it cannot be written.
        """
        try:
            if self._file is None:
                self._path.parent.mkdir(parents=True, exist_ok=True)
                self._write()  # without a line that was torn
                self._file = os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CLOEXEC)
            append_whole(self._file, _line(said))
        except OSError as error:
            raise RunError(
                f"Replies cannot be kept in {self._path}: {error.strerror or error}; make room there, then "
                "run this again."
            ) from None
        self._said[said.key] = said

    def close(self) -> None:
        """Put what was added in order."""
        if self._file is not None:
            os.close(self._file)
            self._file = None
            self._write()

    def _write(self) -> None:
        unfinished = self._path.with_name(f"{self._path.name}.part")
        unfinished.write_bytes(b"".join(_line(self._said[key]) for key in sorted(self._said)))
        unfinished.replace(self._path)


def _line(said: Said) -> bytes:
    return json.dumps(asdict(said)).encode() + b"\n"


def _read(path: Path) -> list[Said]:
    try:
        *lines, _torn = path.read_bytes().split(b"\n")
    except FileNotFoundError:
        return []
    except OSError as error:
        raise RunError(f"The replies {path} cannot be read: {error.strerror}.") from None
    found: list[Said] = []
    for line in lines:
        with suppress(ValueError, TypeError):  # none of ours
            found.append(Said(**json.loads(line)))
    return found
