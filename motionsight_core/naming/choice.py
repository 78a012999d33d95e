"""What names tracks: the setting `naming.model`, asked in one place."""

from __future__ import annotations

from motionsight_core.backends import DETECTORS
from motionsight_core.errors import UsageError

PACKAGED = "packaged"
NONE = "none"
_MEASURED = "measured"


def is_loaded(model: str) -> bool:
    """Whether a setting names a detector that is loaded where models are, on the sampled frames.

    Raises:
        UsageError: it names nothing that there is.
    """
    if model in (PACKAGED, NONE):
        return False
    found = DETECTORS.split(model)
    if found is None or found[0] == _MEASURED:
        *names, last = PACKAGED, NONE, *(one for one in DETECTORS.usages() if one != _MEASURED)
        raise UsageError(f"naming.model is {', '.join(names)} or {last}; got {model!r}.")
    return True
