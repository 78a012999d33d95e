"""What every section of the settings is, and what none may hold."""

from __future__ import annotations

import re

from pydantic import BaseModel, ConfigDict

from motionsight_core.errors import UsageError

#: Names of what must not be a setting: settings are written down with each run.
_SECRET = re.compile(
    r"(^|_)(secret|password|passwd|authorization|credentials?|api_?key|access_key"
    r"|(auth|access|session|bearer|api|hf)_token)(_|$)|^token$"
)


def refuse_secret(setting: str, name: str) -> None:
    """Make sure that a name is not that of a secret.

    Raises:
        UsageError: it is; not a ValueError, whose sentence would repeat the value.
    """
    if _SECRET.search(name.lower().replace("-", "_")):
        raise UsageError(
            f"{setting} must not hold {name}: settings are stored with each run. Give it by the environment "
            "or by a credentials file."
        )


class Section(BaseModel):
    """Settings that belong together: frozen, without others than those it names, its numbers finite."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)
