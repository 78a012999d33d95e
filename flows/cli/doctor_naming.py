"""What names tracks: whether the packaged detector can be used."""

from __future__ import annotations

from collections.abc import Iterator

from flows.cli.findings import Finding, State


def packaged_detector() -> Iterator[Finding]:
    """One line on the packaged detector."""
    from motionsight_core.naming.model_file import IDENTITY, PATH, ModelUnusable, read_model_file

    try:
        size = len(read_model_file(PATH))
    except ModelUnusable as reason:
        yield Finding(State.BAD, "Names", str(reason))
        return
    yield Finding(State.GOOD, "Names", f"the packaged detector {IDENTITY} is whole ({size / 1e6:.1f} MB)")
