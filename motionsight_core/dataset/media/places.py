"""Where a file of a data set lies, on this machine or in a bucket: written whole, and only then seen."""

from __future__ import annotations

import os
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from motionsight_core.errors import RunError
from motionsight_core.settings import StoreSettings
from motionsight_core.stores.uploads import is_in_bucket, upload


@contextmanager
def unfinished_file(path: str) -> Iterator[Path]:
    """A path for a file on this machine that is to be put at `path`; removed at the end if it is there.

    Raises:
        RunError: there can be no such folder.
    """
    target = Path(path)
    in_bucket = is_in_bucket(path)
    folder = Path(tempfile.gettempdir()) if in_bucket else target.parent
    with disk_errors(path):
        folder.mkdir(parents=True, exist_ok=True)
    # Hidden, so that no listing of videos takes it.
    unfinished = folder / f".{target.name}.{uuid.uuid4().hex}.part"
    try:
        yield unfinished
    finally:
        with suppress(OSError):
            unfinished.unlink()


def put(unfinished: Path, path: str, *, content_type: str, note: str, stores: StoreSettings) -> None:
    """Put a finished file in its place, in one step.

    Args:
        note: what the file is; kept with an object in a bucket.

    Raises:
        RunError: it cannot be written there.
    """
    if is_in_bucket(path):
        upload(unfinished, path, content_type=content_type, note=note, stores=stores)
        return
    with disk_errors(path):
        # What is seen under the name is whole, also after a loss of power.
        with unfinished.open("rb") as file:
            os.fsync(file.fileno())
        unfinished.replace(path)


@contextmanager
def disk_errors(path: str) -> Iterator[None]:
    """Turn what the system says against writing a file into a sentence."""
    try:
        yield
    except OSError as error:
        raise RunError(
            f"{path} cannot be written: {error.strerror or type(error).__name__}; make room there or name "
            "another folder, then run this again."
        ) from None
