"""What a Dataflow flex template starts: one job that annotates a source, or a bucket's new objects.

Dataflow calls it with the template's parameters and Beam's own options, takes the pipeline that it
builds, and runs that: nobody waits for the job here, so it finds its work and commits it by itself.
"""

from __future__ import annotations

import argparse
import shlex
import sys
import tempfile
import uuid
from collections.abc import Sequence
from pathlib import Path

import apache_beam as beam
from apache_beam.io import ReadFromPubSub
from apache_beam.io.filesystems import FileSystems
from google.api_core.exceptions import GoogleAPIError

from motionsight_core.errors import MotionSightError, UsageError
from motionsight_core.settings import Settings
from motionsight_core.warehouse import open_warehouse
from transforms import AnnotateNotifications, AnnotateSource, Job, begin_run
from transforms.dataflow import dataflow_options, refused, require_reachable
from transforms.job_names import job_prefix

#: Longest wait of a row, of a stream, for its part and of a part for its commit, seconds. BigQuery takes
#: 1,500 load jobs a day into a table.
COMMIT_EVERY_S = 90.0


def launch(arguments: Sequence[str]) -> None:
    """Build the pipeline, write down that the run begins, and hand it over.

    Raises:
        UsageError: an option is missing or not valid.
        RunError: the warehouse cannot be reached.
    """
    pipeline, job, source = build(arguments)
    begin_run(job, source)
    pipeline.run()


def build(arguments: Sequence[str]) -> tuple[beam.Pipeline, Job, str]:
    """The pipeline, the job that it is, and where its videos come from.

    Raises:
        UsageError: an option is missing or not valid.
    """
    given, flags = parser().parse_known_args(list(arguments))
    if bool(given.source) == bool(given.subscription):
        raise UsageError(
            "Give either --source, to annotate what is there, or --subscription, to annotate what arrives."
        )
    overrides = [*shlex.split(given.overrides), "runtime.runner=dataflow"]
    settings = Settings.load(_fetched(given.settings), overrides)
    warehouse = open_warehouse(given.warehouse)
    require_reachable(warehouse.staging)
    run_id, streaming = uuid.uuid4().hex, bool(given.subscription)
    job = Job(run_id, given.warehouse, settings, every_s=given.commit_every_s if streaming else None)
    options = dataflow_options(
        settings,
        job=f"{job_prefix(run_id)}{'stream' if streaming else 'source'}",
        more=[*flags, f"--sdk_container_image={given.sdk_container_image}"],
        streaming=streaming,
    )
    with refused():
        pipeline = beam.Pipeline(options=options)
        if streaming:
            messages = ReadFromPubSub(subscription=given.subscription, with_attributes=True)
            _ = pipeline | "ReadFromPubSub" >> messages | "AnnotateNew" >> AnnotateNotifications(job)
        else:
            _ = pipeline | "AnnotateSource" >> AnnotateSource(job, given.source)
    return pipeline, job, given.source or given.subscription


def parser() -> argparse.ArgumentParser:
    """The options; they are the parameters of deploy/dataflow/metadata.json."""
    options = argparse.ArgumentParser(prog="dataflow_template", allow_abbrev=False)
    options.add_argument("--source", help="videos to annotate: gs://bucket/prefix; or --subscription")
    options.add_argument("--subscription", help="of a bucket's notifications; or --source")
    options.add_argument("--warehouse", required=True, help="bigquery:PROJECT.DATASET?staging=gs://...")
    options.add_argument("--sdk_container_image", required=True, help="the workers' image")
    options.add_argument("--settings", help="a settings file in TOML, on gs:// or in the image")
    options.add_argument("--overrides", default="", help="settings as KEY=VALUE, with spaces between")
    options.add_argument("--commit_every_s", type=float, default=COMMIT_EVERY_S, help="of a stream")
    return options


def _fetched(settings: str | None) -> Path | None:
    """A settings file as a local one."""
    if not settings or "://" not in settings:
        return Path(settings) if settings else None
    local = Path(tempfile.mkdtemp(), "settings.toml")
    try:
        with FileSystems.open(settings) as file:
            local.write_bytes(file.read())
    except (OSError, GoogleAPIError) as error:
        raise UsageError(f"The settings file {settings} cannot be read ({type(error).__name__}).") from None
    return local


def main() -> None:
    """Entry point; 2 for a usage error, 1 where the run could not begin."""
    try:
        launch(sys.argv[1:])
    except MotionSightError as error:
        print(f"motionsight: {error}", file=sys.stderr)
        sys.exit(2 if isinstance(error, UsageError) else 1)


if __name__ == "__main__":
    main()
