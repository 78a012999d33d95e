"""Names as general as `flows` and `transforms`: who else bears them, and who would get in our way."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

from flows.cli.findings import Finding, State

#: Of the packages of this distribution.
NAMES = ("flows", "transforms", "motionsight_core")
#: The job variable with which a deployment's runs find our packages wherever they begin.
SAFE_COMMAND = "python -P -m flows.engine"


def names() -> Iterator[Finding]:
    """Our packages, and packages of the same names in the folder where this is asked."""
    homes = {name: _home(name) for name in NAMES}
    home = homes["motionsight_core"]
    strangers = [f"{name} comes from {found}" for name, found in homes.items() if found != home]
    if strangers:
        yield Finding(
            State.BAD,
            "Own modules",
            f"{'; '.join(strangers)}, not from {home}: another folder of that name hides ours. "
            "Run from elsewhere, or rename that folder.",
        )
        return
    yield Finding(State.GOOD, "Own modules", f"flows, transforms and motionsight_core from {home}")
    here = Path.cwd()
    taken = namesakes(here)
    if taken and here != home:
        yield Finding(
            State.ABSENT,
            "Namesakes",
            f"{here} has {' and '.join(taken)} of its own. The command motionsight is not affected. "
            "`python -m flows` and `prefect deploy` take yours here: deploy from another folder. Runs of our "
            "deployments must not begin here: `pull: []`, as in deploy/prefect.yaml, or the job variable "
            f"command: {SAFE_COMMAND}",
        )


def namesakes(folder: Path) -> list[str]:
    """Which of our names a folder has as packages or modules; a folder without __init__.py hides nobody."""
    return [
        name for name in NAMES if (folder / name / "__init__.py").exists() or (folder / f"{name}.py").exists()
    ]


def _home(name: str) -> Path:
    """The folder that a package would be imported from."""
    found = find_spec(name)
    return Path(found.origin if found and found.origin else ".").resolve().parent.parent
