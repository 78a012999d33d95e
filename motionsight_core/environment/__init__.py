"""Environment variables whose names begin with MOTIONSIGHT_.

Settings have one each, `MOTIONSIGHT_SAMPLING__FRAMES` for `sampling.frames`. The others are all listed here,
so that a name that is neither is a mistake.
"""

from __future__ import annotations

import re

PREFIX = "MOTIONSIGHT_"

WAREHOUSE = "MOTIONSIGHT_WAREHOUSE"
"""Where the rows are kept, unless the command or the run names a warehouse."""
SETTINGS = "MOTIONSIGHT_SETTINGS"
"""The settings file, unless the command names one."""
STAGING = "MOTIONSIGHT_STAGING"
"""Where runs stage for BigQuery, unless the warehouse's address says it."""
CACHE = "MOTIONSIGHT_CACHE"
"""Folder of the downloaded objects, unless `stores.cache_dir` is set."""
CACHE_MB = "MOTIONSIGHT_CACHE_MB"
"""Most that they take, MiB, unless `stores.cache_mb` is set."""
FLINK_JOB_SERVER_JAR = "MOTIONSIGHT_FLINK_JOB_SERVER_JAR"
"""Beam's job server for Flink, unless a pipeline option names it."""
SOURCE = "MOTIONSIGHT_SOURCE"
"""The source, for the examples of Airflow and Dagster in deploy/."""
PYTHON = "MOTIONSIGHT_PYTHON"
"""The Python that runs MotionSight, for the example of Airflow in deploy/."""

#: Where rows go unless that variable, a command or a run names another warehouse.
DEFAULT_WAREHOUSE = "duckdb:motionsight.duckdb"

#: All that are not settings.
VARIABLES = frozenset([WAREHOUSE, SETTINGS, STAGING, CACHE, CACHE_MB, FLINK_JOB_SERVER_JAR, SOURCE, PYTHON])

#: What Kubernetes and Docker tell every container of a service whose name begins with `motionsight`.
_OF_A_SERVICE = re.compile(
    r"MOTIONSIGHT_(\w+_)?(SERVICE_HOST|SERVICE_PORT(_\w+)?|PORT(_\d+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?)?)"
)


def may_be_setting(name: str) -> bool:
    """Whether a variable of this name means a setting, if there is one of that name."""
    return name.startswith(PREFIX) and name not in VARIABLES and not _OF_A_SERVICE.fullmatch(name)


def name_of(variable: str) -> str:
    """The name of the setting that a variable means, such as `sampling.frames`."""
    return variable.removeprefix(PREFIX).lower().replace("__", ".")


def variable_of(name: str) -> str:
    """The variable of a setting, by its name such as `sampling.frames`."""
    return PREFIX + name.upper().replace(".", "__")
