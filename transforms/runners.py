"""Where a shard's pipeline runs: on this machine, on Flink, on Dataflow."""

from __future__ import annotations

import shutil

import apache_beam as beam
from apache_beam.runners.portability.fn_api_runner.fn_runner import FnApiRunner
from apache_beam.runners.worker import sdk_worker

from motionsight_core.annotator import Annotator
from motionsight_core.settings import Settings
from transforms._local_options import LocalOptions

# A worker thread prints the traceback of a bundle that fails, and then logs it. The log is enough: who
# runs us decides whether it is shown, and says one sentence.
setattr(sdk_worker, "print", lambda *_, **__: None)  # noqa: B010 - the module knows no such name

#: Who decode and prepare while one of them holds the GPU.
THREADS_BESIDE_A_MODEL = 3


def pipeline_for(
    settings: Settings, *, job: str = "motionsight", staging: str = "", clips: int | None = None
) -> beam.Pipeline:
    """An empty pipeline on the runner that `runtime.runner` names.

    Args:
        settings: of the run.
        job: a name for it, where runners show one.
        staging: the directory or prefix that its workers write to.
        clips: the most that it will have, where that is known.

    Raises:
        UsageError, RunError: that runner cannot be reached, or lacks what it needs here.
    """
    if settings.runtime.runner == "flink":
        from transforms._flink import flink_pipeline  # its clients take time to import

        return flink_pipeline(settings, job=job)
    if settings.runtime.runner == "dataflow":
        from transforms.dataflow import dataflow_pipeline

        return dataflow_pipeline(settings, job=job, staging=staging)
    pipeline = beam.Pipeline(runner=FnApiRunner(), options=local_options(settings, clips=clips))
    # An empty folder for a feature that this runner does not have; a run that is killed would leave it.
    shutil.rmtree(pipeline.local_tempdir, ignore_errors=True)
    return pipeline


def local_options(settings: Settings, *, clips: int | None = None) -> LocalOptions:
    """FnApiRunner with threads: one whose share of the elements is slow leaves no decoder idle.

    Threads only wait, for decoding processes or for an endpoint, but each costs a shard a fifth of a
    second. So there are two for a decoding process, and four where an endpoint is waited for as well.
    With an MLLM in this process a few are enough: one holds the GPU while the others decode and prepare,
    and fewer threads mean fuller batches. More threads than clips would have nothing to do.
    """
    processes = settings.runtime.decode_processes
    annotator = Annotator.parse(settings.annotator)
    if annotator.in_process:
        threads = THREADS_BESIDE_A_MODEL
    else:
        threads = (2 if annotator.is_measured else 4) * processes
    if clips is not None:
        threads = max(1, min(threads, clips))
    # No flags: Beam would read those of whatever program we run in.
    return LocalOptions(
        [], runner="FnApiRunner", direct_running_mode="multi_threading", direct_num_workers=threads
    )
