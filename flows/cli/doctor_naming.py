"""What names tracks: the packaged detector, and one that the environment names in its place."""

from __future__ import annotations

from collections.abc import Iterator

from flows.cli.findings import Finding, State


def namers() -> Iterator[Finding]:
    """One line on the packaged detector, and one on another where there is one."""
    from motionsight_core.errors import ModelMissing, UsageError
    from motionsight_core.naming.choice import is_loaded
    from motionsight_core.naming.loaded import with_detector
    from motionsight_core.naming.model_file import IDENTITY, PATH, ModelUnusable, read_model_file
    from motionsight_core.referring import check_detector
    from motionsight_core.settings import Settings

    try:
        size = len(read_model_file(PATH))
        yield Finding(State.GOOD, "Names", f"the packaged detector {IDENTITY} is whole ({size / 1e6:.1f} MB)")
    except ModelUnusable as reason:
        yield Finding(State.BAD, "Names", str(reason))
    try:
        settings = Settings.load()
        if is_loaded(settings.naming.model):
            check_detector(with_detector(settings))
            yield Finding(State.GOOD, "Names", f"naming.model {settings.naming.model} is there")
    except (ModelMissing, UsageError) as error:
        yield Finding(State.BAD, "Names", str(error))
