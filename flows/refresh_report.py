"""The Prefect flow `refresh_report`: the HTML report of a warehouse, written anew."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from prefect import flow
from prefect.artifacts import create_link_artifact, create_markdown_artifact
from prefect.logging import get_run_logger

from flows.operate.artifacts import code
from flows.operate.configuration import configured
from flows.operate.run_log import without_tracebacks
from flows.operate.run_names import run_name
from motionsight_core.settings import Settings

REPORT_KEY = "motionsight-report"


@flow(name="refresh-report", flow_run_name=run_name, log_prints=False)
def refresh_report(
    warehouse: str | None = None,
    out: str = "motionsight.html",
    where: str | None = None,
    frames: Literal["none", "few", "all"] = "few",
    link: str | None = None,
    catalog: str | None = None,
    settings: Settings | None = None,
) -> str:
    """Write the report of a warehouse into one HTML file; returns its path.

    Args:
        warehouse: whose rows; the catalog's, if unset.
        out: the file, on a disk that the worker sees.
        where: SQL over the columns of `motion` that selects clips, for example "camera_agreement < 0.5".
        frames: how many pictures it holds.
        link: address at which people reach the file, where a web server shows that folder.
        catalog: name of a MotionSight Catalog block.
        settings: knobs of the method; needed where the stores want some.

    Raises:
        UsageError: the warehouse does not exist, `where` is no condition, or the file cannot be written.
    """
    from motionsight_core.report import write_report

    without_tracebacks()
    with configured(warehouse=warehouse, settings=settings, catalog=catalog) as chosen:
        path = Path(out).expanduser().absolute()
        written = write_report(chosen.warehouse, path, where=where, frames=frames, settings=chosen.settings)
    said = f"{written.clips} clips, {written.failures} failures"
    get_run_logger().info("Wrote %s: %s", path, said)
    if link:
        create_link_artifact(link, link_text="Open the report", key=REPORT_KEY, description=f"{said}.")
    else:
        create_markdown_artifact(
            f"The report is the file {code(str(path))}: {said}.", key=REPORT_KEY, description=f"{said}."
        )
    return str(path)
