"""`python -P -m flows.engine`: Prefect's engine for runs that begin in a folder with a `flows` of its own.

As the job variable `command` of a deployment. Prefect imports a flow with the folder where its run begins put
first on Python's path. Packages that are imported by then are not looked for any more; with -P they are ours.
"""

from __future__ import annotations

import runpy

import motionsight_core  # noqa: F401 - ours, before another module of that name can be found
import transforms  # noqa: F401

if __name__ == "__main__":
    runpy.run_module("prefect.engine", run_name="__main__", alter_sys=True)
