"""Where a shard's pipeline runs: on this machine, on Flink, on Dataflow."""

from __future__ import annotations

import apache_beam as beam
from apache_beam.options.pipeline_options import PipelineOptions
from apache_beam.runners.portability.fn_api_runner.fn_runner import FnApiRunner

from motionsight_core.settings import Settings

#: Who decode and prepare while one of them holds the GPU.
THREADS_BESIDE_A_MODEL = 3


def pipeline_for(settings: Settings) -> beam.Pipeline:
    """An empty pipeline on the runner that `runtime.runner` names."""
    return beam.Pipeline(runner=FnApiRunner(), options=local_options(settings))


def local_options(settings: Settings) -> PipelineOptions:
    """FnApiRunner with threads. Threads only wait for decoding processes or for an endpoint, so there
    are more of them than processes: one whose share of the elements is slow leaves no decoder idle.
    With an MLLM in this process a few are enough: one holds the GPU while the others decode and
    prepare, and fewer threads mean fuller batches."""
    in_process = settings.annotator.startswith("transformers:")
    threads = THREADS_BESIDE_A_MODEL if in_process else 4 * settings.runtime.decode_processes
    # No flags: Beam would read those of whatever program we run in.
    return PipelineOptions(
        [], runner="FnApiRunner", direct_running_mode="multi_threading", direct_num_workers=threads
    )
