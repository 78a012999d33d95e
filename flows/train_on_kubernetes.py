"""The Prefect flow `train_on_kubernetes`: a TrainJob on several nodes is made and followed."""

from __future__ import annotations

import re
import time
from pathlib import Path
from typing import Annotated, Any

from prefect import flow, task
from prefect.cache_policies import NO_CACHE
from prefect.logging import get_run_logger
from pydantic import Field

from flows.operate.cancelling import delete_train_job
from flows.operate.configuration import configured
from flows.operate.retries import retried
from flows.operate.run_log import without_tracebacks
from flows.operate.run_names import run_name
from flows.operate.training_artifacts import StepsShown, show_losses, show_samples
from flows.runs.train import OURS
from flows.runs.train_jobs import (
    TEMPLATE,
    TrainJobs,
    namespace_of,
    new_lines,
    read_template,
    train_job,
)
from flows.shards import may_help
from motionsight_core.errors import RunError
from motionsight_core.settings import Settings
from motionsight_core.training import Stage

#: From one look at the cluster to the next, seconds.
_EVERY_S = 10.0
_RETRY_S = 30
_LONGEST_LINE = 500
#: As `motionsight train` says it.
_STEP = re.compile(r"Step ([\d,]+) of ([\d,]+): ")


@task(
    name="train-job",
    cache_policy=NO_CACHE,
    persist_result=False,
    retry_jitter_factor=0.5,
    retry_condition_fn=may_help,
)
def train_job_task(job: dict[str, Any]) -> None:
    """Make a TrainJob, or find the one that a run before this one made, and follow it to its end."""
    log = get_run_logger()
    jobs, name = TrainJobs(namespace_of(job)), job["metadata"]["name"]
    log.info("%s the TrainJob %s", "Made" if jobs.start(job) else "Found", name)
    last: str | None = None
    said = said_before = ""
    with StepsShown() as steps:
        while True:
            look = jobs.look(name)
            for line in new_lines(jobs.log(name), last):
                last, (_, _, text) = line, line.partition(" ")
                log.info(text[:_LONGEST_LINE])
                if text.startswith(OURS):
                    said = text.removeprefix(OURS)
                if found := _STEP.match(text):
                    steps.at(*(int(number.replace(",", "")) for number in found.groups()))
            if look.state == "complete":
                return
            if look.state == "failed":
                raise RunError(said or f"The TrainJob {name} failed: {look.message or 'it does not say why'}")
            if look.state != said_before:
                log.info("The TrainJob is %s. %s", look.state, look.message)
                said_before = look.state
            time.sleep(_EVERY_S)


@flow(
    name="train-on-kubernetes",
    flow_run_name=run_name,
    log_prints=False,
    on_cancellation=[delete_train_job],
    on_crashed=[delete_train_job],
)
def train_on_kubernetes(
    stage: Stage,
    folder: str,
    model: str,
    out: str,
    settings: Settings | None = None,
    catalog: str | None = None,
    template: str = TEMPLATE,
    nodes: Annotated[int, Field(ge=1)] | None = None,
    processes: Annotated[int, Field(ge=1)] | None = None,
) -> str:
    """Train a video LLM on nodes of a Kubernetes cluster, by Kubeflow Trainer 2; returns its path there.

    Killed or failed, the next run with the same parameters finds the TrainJob again, or goes on from the last
    checkpoint. A run that is cancelled deletes it.

    Args:
        stage: sft, on questions and answers; dpo, on what people preferred.
        folder: the data set, as the pods see it.
        model: directory, as the pods see it, or hub id of a video LLM; for dpo what sft wrote.
        out: a new folder, or that of the same run, on a volume that all nodes write.
        settings: knobs; the section `training` says how it is trained, `training.fsdp` to shard weights.
        catalog: name of a MotionSight Catalog block, for its settings.
        template: the file of the TrainJob that this one is made of, deploy/training/trainjob.yaml.
        nodes: how many; as the template says, if unset.
        processes: of each node, a GPU for each; as the template says, if unset.

    Raises:
        UsageError: the template is none, the cluster is without Kubeflow Trainer or the rights to use it, or
            another TrainJob writes the same folder.
        RunError: training failed, or the cluster does not answer.
    """
    without_tracebacks()
    with configured(settings=settings, catalog=catalog) as chosen:
        job = train_job(
            read_template(template),
            stage=stage,
            folder=folder,
            model=model,
            out=out,
            settings=chosen.settings,
            nodes=nodes,
            processes=processes,
        )
        trying = retried(train_job_task, chosen.settings.runtime.shard_retries, pause_s=_RETRY_S)
        trying(job)
    # Where this run sees the volume; elsewhere there is no such file.
    show_losses(Path(out))
    show_samples(Path(out))
    return out
