"""Dataflow: a job's options from the settings, and how it is cancelled."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import apache_beam as beam
from apache_beam.options.pipeline_options import (
    DebugOptions,
    GoogleCloudOptions,
    PipelineOptions,
    SetupOptions,
    StandardOptions,
    WorkerOptions,
)

from motionsight_core.annotator import Annotator
from motionsight_core.errors import RunError, UsageError
from motionsight_core.settings import Settings
from transforms.job_names import job_prefix

#: What Dataflow cannot guess, and where it stands among Beam's options.
_REQUIRED: tuple[tuple[type[PipelineOptions], str], ...] = (
    (GoogleCloudOptions, "project"),
    (GoogleCloudOptions, "region"),
    (GoogleCloudOptions, "temp_location"),
    (WorkerOptions, "sdk_container_image"),
)
#: Memory of a worker beside one decode that takes all it may, MiB.
_WORKER_MB = 2048
#: Of a worker's disk: the image with its models' packages, and the cache of downloaded videos, GB.
_DISK_GB = 100
#: Batches at once in a process that holds a model: the frames of each take up to 350 MB.
_THREADS_WITH_A_MODEL = 8
_NAME = re.compile(r"[a-z]([-a-z0-9]{0,1022}[a-z0-9])?")


def dataflow_pipeline(settings: Settings, *, job: str, staging: str) -> beam.Pipeline:
    """An empty pipeline of a batch job, which is cancelled when whoever waits for it is interrupted.

    Args:
        settings: of the run.
        job: the job's name.
        staging: where its workers write.

    Raises:
        UsageError: an option is missing, or two contradict each other, or workers cannot write there.
    """
    require_reachable(staging)
    with refused():
        return CancelledWithUs(options=dataflow_options(settings, job=job))


@contextmanager
def refused() -> Iterator[None]:
    """What Beam says of options that are not valid, as one sentence.

    Raises:
        UsageError: Beam raised a ValueError.
    """
    try:
        yield
    except ValueError as error:
        raise UsageError(f"Beam refuses the options: {' '.join(str(error).split())}") from None


def require_reachable(staging: str) -> None:
    """Make sure that workers elsewhere can write to a staging area.

    Raises:
        UsageError: it is on this machine.
    """
    if "://" not in staging:
        raise UsageError(
            f"Dataflow's workers cannot write to {staging}, which is on this machine; give a warehouse with "
            "staging in a bucket, such as bigquery:PROJECT.DATASET?staging=gs://BUCKET/PREFIX."
        )


class CancelledWithUs(beam.Pipeline):
    """A pipeline whose job does not outlive the `with` block that waits for it."""

    def __exit__(self, *exception: Any) -> None:
        self.result: Any = None
        try:
            super().__exit__(*exception)
        except BaseException:
            # Interrupted while the job runs: it would go on, and nobody would commit what it stages.
            if self.result is not None and not self.result.is_in_terminal_state():
                self.result.cancel()
            raise


def dataflow_options(
    settings: Settings, *, job: str, more: Sequence[str] = (), streaming: bool = False
) -> PipelineOptions:
    """Options of one job: `runtime.beam`, and what MotionSight needs where that says nothing.

    Args:
        settings: of the run.
        job: the job's name, unless a flag gives it another.
        more: flags over those of the settings.
        streaming: whether it goes on until it is drained.

    Raises:
        UsageError: an option is missing, or two contradict each other.
    """
    options = PipelineOptions([*settings.runtime.beam, *more])
    unknown = options.get_all_options(retain_unknown_options=True).keys() - options.get_all_options().keys()
    if unknown:
        flags = _listed(sorted(f"--{name}" for name in unknown))
        raise UsageError(f"Beam has no option {flags}; `runtime.beam` holds its flags.")
    missing = [f"--{name}" for view, name in _REQUIRED if not getattr(options.view_as(view), name)]
    if missing:
        raise UsageError(
            f"The runner dataflow needs {_listed(missing)}; write them into the settings file as "
            f'[runtime] beam = ["{missing[0]}=...", ...].'
        )
    cloud, standard = options.view_as(GoogleCloudOptions), options.view_as(StandardOptions)
    standard.runner = "DataflowRunner"
    standard.streaming = streaming
    cloud.job_name = cloud.job_name or job
    if not _NAME.fullmatch(cloud.job_name):
        raise UsageError(
            f"{cloud.job_name!r} is not a valid name for a Dataflow job: it consists of lower-case letters, "
            "digits and hyphens, and begins with a letter."
        )
    cloud.labels = [*(cloud.labels or ()), f"motionsight_job={cloud.job_name[:63]}"]
    # The image holds the program; nothing is installed while workers start.
    options.view_as(SetupOptions).sdk_location = "container"
    _shape_workers(options, settings)
    if settings.runtime.accelerator:
        _part_pools(options, settings)
    return options


def _shape_workers(options: PipelineOptions, settings: Settings) -> None:
    workers, debug = options.view_as(WorkerOptions), options.view_as(DebugOptions)
    if workers.use_public_ips is None:
        workers.use_public_ips = False
    if workers.disk_size_gb is None:
        workers.disk_size_gb = _DISK_GB
    # One process per worker: its threads share the decoding processes, the cache and the model.
    if not debug.lookup_experiment("use_multiple_sdk_containers"):
        debug.add_experiment("no_use_multiple_sdk_containers")
    debug.add_experiment("use_runner_v2")
    if Annotator.parse(settings.annotator).in_process and not debug.number_of_worker_harness_threads:
        debug.number_of_worker_harness_threads = _THREADS_WITH_A_MODEL


def _part_pools(options: PipelineOptions, settings: Settings) -> None:
    """Two kinds of workers by resource hints, which is what Dataflow calls right fitting."""
    cloud, standard = options.view_as(GoogleCloudOptions), options.view_as(StandardOptions)
    services = cloud.dataflow_service_options or []
    if any(option.startswith("worker_accelerator") for option in services):
        raise UsageError(
            "runtime.accelerator and --dataflow_service_options=worker_accelerator=... exclude each other: "
            "the one gives a GPU to the workers that describe, the other to all; take one of them away."
        )
    if cloud.flexrs_goal:
        raise UsageError(
            "runtime.accelerator and --flexrs_goal exclude each other: Dataflow does not schedule flexibly "
            "for workers of two kinds; take one of them away."
        )
    hints: Any = standard.resource_hints
    if not any(str(hint).startswith(("min_ram", "minRam")) for hint in hints):
        standard.resource_hints = [*hints, f"min_ram={settings.limits.memory_mb + _WORKER_MB}MiB"]


def cancel_jobs(settings: Settings, run_id: str, *, client: Any = None) -> list[str]:
    """Cancel the jobs of a run that have not ended, from whatever machine; returns their ids.

    Args:
        settings: of the run: project and region stand in `runtime.beam`.
        run_id: whose jobs.
        client: a `google.cloud.dataflow_v1beta3.JobsV1Beta3Client`; one of this machine's credentials
            if unset.

    Raises:
        RunError: Dataflow does not let us, or cannot be reached.
    """
    from google.api_core.exceptions import GoogleAPIError
    from google.auth.exceptions import GoogleAuthError
    from google.cloud import dataflow_v1beta3 as dataflow

    cloud = PipelineOptions(list(settings.runtime.beam)).view_as(GoogleCloudOptions)
    place = {"project_id": cloud.project, "location": cloud.region}
    cancelled = []
    try:
        client = client or dataflow.JobsV1Beta3Client()
        active = dataflow.ListJobsRequest(filter=dataflow.ListJobsRequest.Filter.ACTIVE, **place)
        for job in client.list_jobs(active):
            if job.name.startswith(job_prefix(run_id)):
                wanted = dataflow.Job(requested_state=dataflow.JobState.JOB_STATE_CANCELLED)
                client.update_job(dataflow.UpdateJobRequest(job_id=job.id, job=wanted, **place))
                cancelled.append(job.id)
    except (GoogleAPIError, GoogleAuthError) as error:
        raise RunError(
            f"The Dataflow jobs of the run {run_id} could not be cancelled ({type(error).__name__}); look "
            f"for {job_prefix(run_id)}* with `gcloud dataflow jobs list --region {cloud.region}`."
        ) from None
    return cancelled


def _listed(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
