"""Reads the records of annotations files: a broken one is rejected with its reason, the rest is read."""

from __future__ import annotations

import csv
import hashlib
import json
import math
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from string import ascii_uppercase
from typing import Any

from motionsight_core.errors import UsageError, one_line
from motionsight_core.evaluation.question import Question

#: A longer line is no record of questions.
MOST_LINE_BYTES = 16 * 2**20
#: A JSON document is read whole; a larger one is no list of questions.
MOST_DOCUMENT_BYTES = 512 * 2**20
#: A longer text is no question, option or name.
MOST_CHARACTERS = 20_000
LEAST_OPTIONS, MOST_OPTIONS = 2, len(ascii_uppercase)

_BYTE_ORDER_MARK = b"\xef\xbb\xbf"


class Unusable(Exception):
    """Why a record cannot be used: one sentence, without its place in the file."""


def attempt(read: Callable[..., Question], *arguments: Any) -> Question | Unusable:
    """The question that a record holds, or why it holds none."""
    try:
        return read(*arguments)
    except Unusable as reason:
        return reason


def digest(files: Sequence[Path], *, with_names: bool) -> str:
    """SHA-256 in hex over the bytes of the files in their order, and over their names where these count.

    Raises:
        UsageError: one cannot be read.
    """
    found = hashlib.sha256()
    for path in files:
        try:
            with path.open("rb") as file:
                if with_names:
                    found.update(f"{path.name}\0{path.stat().st_size}\0".encode())
                while block := file.read(2**20):
                    found.update(block)
        except OSError as error:
            raise UsageError(f"The annotations {path} cannot be read: {error.strerror}.") from None
    return found.hexdigest()


def json_lines(path: Path) -> Iterator[tuple[int, dict[str, Any] | Unusable]]:
    """The JSON objects of a file that has one a line, with the lines' numbers from 1.

    Lines are read one at a time, in UTF-8, with or without a byte-order mark, ending in LF or CRLF; blank
    ones are left out.
    """
    with path.open("rb") as file:
        number = 0
        while line := file.readline(MOST_LINE_BYTES + 1):
            number += 1
            if len(line) > MOST_LINE_BYTES:
                while line and not line.endswith(b"\n"):
                    line = file.readline(MOST_LINE_BYTES)
                yield number, Unusable(f"It is longer than {MOST_LINE_BYTES} bytes.")
                continue
            line = line.removeprefix(_BYTE_ORDER_MARK) if number == 1 else line
            if line.strip():
                yield number, _object(line)


def _object(line: bytes) -> dict[str, Any] | Unusable:
    try:
        value = json.loads(line.decode("utf-8"))
    except UnicodeDecodeError:
        return Unusable("It is not UTF-8 text.")
    except (ValueError, RecursionError) as error:
        return Unusable(f"It is not JSON ({one_line(error, most=120)}).")
    return value if isinstance(value, dict) else Unusable(f"It holds {_kind(value)}, not a JSON object.")


def json_document(path: Path) -> Any:
    """The value of a JSON file, in UTF-8 with or without a byte-order mark.

    Raises:
        UsageError: it is too large, not UTF-8, or not JSON.
    """
    size = path.stat().st_size
    if size > MOST_DOCUMENT_BYTES:
        raise UsageError(
            f"The annotations {path} have {size} bytes; a JSON document of questions has at most "
            f"{MOST_DOCUMENT_BYTES}. Split it, or write one JSON object a line for the benchmark jsonl."
        )
    try:
        return json.loads(path.read_bytes().decode("utf-8-sig"))
    except UnicodeDecodeError:
        raise UsageError(f"The annotations {path} are not UTF-8 text.") from None
    except (ValueError, RecursionError) as error:
        raise UsageError(
            f"The annotations {path} are not JSON ({one_line(error, most=160)}): download them again."
        ) from None


def json_records(path: Path) -> Iterator[tuple[str, dict[str, Any] | Unusable]]:
    """The JSON objects of a file that holds a list of them, or one a line; each with its place.

    Raises:
        UsageError: it is a document that is no list, or cannot be read.
    """
    with path.open("rb") as file:
        start = file.read(2**16).removeprefix(_BYTE_ORDER_MARK).lstrip()
    if not start.startswith(b"["):
        yield from ((f"line {number}", record) for number, record in json_lines(path))
        return
    for number, value in enumerate(json_document(path), start=1):
        is_object = isinstance(value, dict)
        yield (
            f"record {number}",
            value if is_object else Unusable(f"It is {_kind(value)}, not a JSON object."),
        )


def csv_records(path: Path) -> Iterator[tuple[str, dict[str, Any] | Unusable]]:
    """The rows of a CSV file whose first row names the columns, each with its last line's number.

    A cell that is empty is left out.

    Raises:
        UsageError: it is not UTF-8, or not CSV.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = csv.DictReader(file, restkey="")
            for row in rows:
                record = {name: cell for name, cell in row.items() if name and cell}
                yield f"line {rows.line_num}", record if "" not in row else Unusable("It has too many cells.")
    except UnicodeDecodeError:
        raise UsageError(f"The annotations {path} are not UTF-8 text.") from None
    except csv.Error as error:
        raise UsageError(f"The annotations {path} are not CSV ({one_line(error, most=120)}).") from None


def as_object(value: Any) -> dict[str, Any]:
    """A record that must be a JSON object."""
    if not isinstance(value, dict):
        raise Unusable(f"It is {_kind(value)}, not a JSON object.")
    return value


def text_of(record: dict[str, Any], field: str, default: str | None = None) -> str:
    """A field's text, without white space around it; numbers are taken as text.

    Raises:
        Unusable: it is missing without a default, of another type, too long, or cannot be written as UTF-8.
    """
    value = record.get(field)
    if value is None and default is not None:
        return default
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    if not isinstance(value, str):
        raise Unusable(f"Its field {field!r} is {_kind(value)}, not a text.")
    value = value.strip()
    if not value and default is None:
        raise Unusable(f"Its field {field!r} is empty.")
    return checked_text(value, field)


def checked_text(value: str, field: str) -> str:
    """A text that is no longer than MOST_CHARACTERS and can be written as UTF-8."""
    if len(value) > MOST_CHARACTERS:
        raise Unusable(
            f"Its field {field!r} has {len(value)} characters; at most {MOST_CHARACTERS} are read."
        )
    try:
        value.encode()
    except UnicodeEncodeError:
        raise Unusable(f"Its field {field!r} holds half of a surrogate pair, which is no text.") from None
    return value


def options_of(record: dict[str, Any], field: str) -> tuple[str, ...]:
    """A list of options: 2 to 26 texts.

    Raises:
        Unusable: it is not one.
    """
    value = record.get(field)
    if not isinstance(value, list):
        raise Unusable(f"Its field {field!r} is {_kind(value)}, not a list of options.")
    texts = [text_of({field: one}, field) for one in value]
    return counted_options(tuple(texts))


def counted_options(options: tuple[str, ...]) -> tuple[str, ...]:
    """Options, of which there must be 2 to 26."""
    if not LEAST_OPTIONS <= len(options) <= MOST_OPTIONS:
        raise Unusable(
            f"It has {len(options)} option{'s' if len(options) != 1 else ''}; a multiple choice has "
            f"{LEAST_OPTIONS} to {MOST_OPTIONS}."
        )
    return options


def position_of_letter(letter: str, options: Sequence[str]) -> int:
    """The position of the option that a letter names.

    Raises:
        Unusable: it names none.
    """
    position = ascii_uppercase.find(letter.upper()) if len(letter) == 1 else -1
    if not 0 <= position < len(options):
        raise Unusable(f"Its answer is {letter!r}; the options are A to {ascii_uppercase[len(options) - 1]}.")
    return position


def position_of_text(text: str, options: Sequence[str]) -> int:
    """The position of the option with this text; of several the first.

    Raises:
        Unusable: none has it.
    """
    plain = [" ".join(option.casefold().split()) for option in options]
    wanted = " ".join(text.casefold().split())
    if text in options:
        return options.index(text)
    if wanted not in plain:
        raise Unusable(f"Its answer {text!r} is none of the options.")
    return plain.index(wanted)


def seconds_of(record: dict[str, Any], field: str) -> float | None:
    """A moment in seconds, 0 or later, as a number or its text; None where the field is missing or null.

    Raises:
        Unusable: it is no moment.
    """
    value = record.get(field)
    if value is None:
        return None
    moment = number_of(value)
    if moment is None or moment < 0:
        raise Unusable(f"Its field {field!r} is {value!r:.40}, not a number of seconds from 0 on.")
    return moment


def number_of(value: Any) -> float | None:
    """A finite number, or its text, as a number; None of anything else."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return None
    return number if math.isfinite(number) else None


def span_of(record: dict[str, Any]) -> tuple[float | None, float | None]:
    """The fields `start` and `end`, seconds; a start at 0 is the video's own.

    Raises:
        Unusable: one is no moment, or they are no span.
    """
    start_s, end_s = seconds_of(record, "start"), seconds_of(record, "end")
    if end_s is not None and end_s <= (start_s or 0.0):
        raise Unusable(f"Its part of the video ends at {end_s} s, before it begins at {start_s or 0.0} s.")
    return start_s or None, end_s


def video_name(text: str) -> str:
    """A video's name below the folder of videos, with `/` between parts.

    Raises:
        Unusable: it is empty, leads out of the folder, or is an address of its own.
    """
    parts = [part for part in text.split("/") if part not in ("", ".")]
    if text.startswith("/") or "\\" in text or "://" in text or ".." in parts:
        raise Unusable(f"Its video {text!r:.120} is not the name of a file below the folder of videos.")
    if not parts or any(unicodedata.category(letter) == "Cc" for letter in text):
        raise Unusable(f"Its video {text!r:.120} is not a file's name.")
    return "/".join(parts)


def _kind(value: Any) -> str:
    kinds = {dict: "an object", list: "a list", str: "a text", bool: "true or false", type(None): "missing"}
    return kinds.get(type(value), "a number")
